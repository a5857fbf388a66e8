/* What the page is opened with: the question of a deep link, and the conversation that this browser kept. */
import { restore } from "./conversations.js";
import { send } from "./dom.js";
import { retried } from "./asking.js";

const FILTER = ["source", "tag", "since", "until"];

/** @param {URLSearchParams} given */
const filterOf = (given) => {
  const filters = { sources: given.getAll("source"), tags: given.getAll("tag"), since: given.get("since"), until: given.get("until") };
  sessionStorage.setItem("briefing-filter", JSON.stringify(filters)); // for the filter, should it arrive later
  send("filter", filters);
  return filters;
};

/**
 * Return the question to ask now, the filter, the turns that were kept, and whether a conversation begins with the
 * question. Takes them out of the page's address, so that a reload does not ask again.
 * @param {unknown} _ the box
 * @param {unknown} filters
 * @param {unknown} __ the turns
 * @param {string} key of this briefing's conversations
 */
export const take = (_, filters, __, key) => {
  const address = new URL(location.href);
  const given = address.searchParams;
  const linked = given.get("q");
  const used = linked ? filterOf(given) : filters;
  for (const name of ["q", ...FILTER]) given.delete(name);
  history.replaceState(history.state, "", address);
  const again = retried(); // asked when the server was away
  return [linked || again, used, restore(key), Boolean(linked)];
};
