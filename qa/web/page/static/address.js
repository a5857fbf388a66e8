// Runs when the page loads, before the server restores the conversation: takes the question of a deep
// link, and which articles it is put to, out of the address, so that a reload does not ask it again.
(_, filters, saved) => {
  const address = new URL(location.href);
  const given = address.searchParams;
  const question = given.get("q") ?? "";
  if (question) {
    filters = { sources: given.getAll("source"), tags: given.getAll("tag"), since: given.get("since"), until: given.get("until") };
    sessionStorage.setItem("briefing-filter", JSON.stringify(filters)); // for the filter, should it arrive later
    document.dispatchEvent(new CustomEvent("briefing:filter", { detail: filters }));
  }
  for (const name of ["q", "source", "tag", "since", "until"]) given.delete(name);
  history.replaceState(history.state, "", address);
  return [question, filters, saved];
}
