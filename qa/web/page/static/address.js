/* The question of a deep link, and which articles it is put to. */
import { send } from "./dom.js";

/**
 * Take question and filter out of the page's address, so that a reload does not ask again; runs before the server
 * restores the conversation.
 * @param {unknown} _ the box
 * @param {unknown} filters
 * @param {unknown} saved
 */
export const take = (_, filters, saved) => {
  const address = new URL(location.href);
  const given = address.searchParams;
  const question = given.get("q") ?? "";
  if (question) {
    filters = { sources: given.getAll("source"), tags: given.getAll("tag"), since: given.get("since"), until: given.get("until") };
    sessionStorage.setItem("briefing-filter", JSON.stringify(filters)); // for the filter, should it arrive later
    send("filter", filters);
  }
  for (const name of ["q", "source", "tag", "since", "until"]) given.delete(name);
  history.replaceState(history.state, "", address);
  return [question, filters, saved];
};
