// What was searched for instead of a question: the chip under its answer, and the form that takes its place while
// the words are changed. The links are in the chat, which is not ours to draw.
let leave = null; // closes the form that is open

const beingAnswered = () => document.querySelector("#chat .bot.message p:only-child > em:only-child");

// Ask a turn's question again, and search for exactly these words.
const askAgain = (turn, wording) => {
  if (beingAnswered()) return say("Wait for the answer to your last question");
  leave?.();
  trigger("submit", { number: turn.number, searched_for: wording });
};

const reword = (turn, link) => {
  leave?.();
  const chip = link.closest("p");
  const most = document.querySelector("#box textarea").maxLength;
  const input = make("input", { type: "text", value: turn.searched_for, required: true, maxlength: most > 0 ? most : null, autocomplete: "off" });
  const form = make(
    "form",
    { class: "rewording", "aria-label": "Change the wording" },
    make("label", {}, "Search for", input),
    make("button", { type: "submit", class: "primary" }, "Search"),
    button("Cancel", {}, () => leave()),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) askAgain(turn, input.value.trim());
  });
  form.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  leave = () => {
    leave = null;
    form.remove();
    chip.hidden = false;
    link.focus({ preventScroll: true });
  };
  chip.hidden = true;
  chip.after(form);
  input.focus();
  input.select();
};
