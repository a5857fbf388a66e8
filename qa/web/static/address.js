// Runs when the page loads, before the server restores the conversation: takes the question of a deep
// link out of the address, so that a reload does not ask it again.
(_, saved) => {
  const address = new URL(location.href);
  const question = address.searchParams.get("q") ?? "";
  address.searchParams.delete("q");
  history.replaceState(history.state, "", address);
  return [question, saved];
}
