/* The card that a marker in an answer shows under the pointer or the focus: title, source, date, sentence. */
import { make } from "./dom.js";
import { words } from "./turns.js";

const GAP = 8; // pixels between marker and card
const SHOWN = 320; // characters of the sentence

const card = make("div", { class: "peek", id: "peek", role: "tooltip", popover: "manual" });

/** @param {string} text */
const cut = (text) => {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > SHOWN ? `${flat.slice(0, SHOWN).replace(/\s+\S*$/, "")} …` : flat;
};

/** @param {Element} marker */
const place = (marker) => {
  const at = marker.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card;
  const above = at.top - height - GAP;
  card.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - width - GAP))}px`;
  card.style.top = `${above > GAP ? above : at.bottom + GAP}px`;
};

/** @param {Element} marker @param {Card} source */
const show = (marker, source) => {
  const quote = make("p", { class: "sentence" }, cut(words(source)));
  card.replaceChildren(make("strong", {}, source.title), make("p", { class: "about" }, source.about), quote);
  if (!card.isConnected) (document.querySelector("main") ?? document.body).append(card);
  card.showPopover();
  marker.setAttribute("aria-describedby", card.id);
  place(marker);
};

const hide = () => card.isConnected && card.hidePopover();

/** @param {(marker: HTMLElement) => Card | undefined} sourceOf */
export const start = (sourceOf) => {
  const can = matchMedia("(hover: hover)");
  /** @param {Event} event */
  const peek = (event) => {
    const marker = /** @type {HTMLElement | null} */ (event.target instanceof Element && event.target.closest("#chat a.marker"));
    const source = marker && can.matches ? sourceOf(marker) : undefined;
    if (marker && source) show(marker, source);
    else hide();
  };
  document.addEventListener("mouseover", peek);
  document.addEventListener("focusin", peek);
  document.addEventListener("click", hide, true);
  document.addEventListener("scroll", hide, true);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
};
