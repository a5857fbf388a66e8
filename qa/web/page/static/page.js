// The page as a whole: light or dark, the / key, and names for Gradio's nameless controls.
() => {
  const KEY = "briefing-theme";
  const apply = (theme) => document.body.classList.toggle("dark", theme === "dark");
  const kept = localStorage.getItem(KEY);
  if (kept) apply(kept);
  document.addEventListener("briefing:theme", () => {
    const theme = document.body.classList.contains("dark") ? "light" : "dark";
    localStorage.setItem(KEY, theme);
    apply(theme);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    document.querySelector("#box textarea").focus();
  });

  const name = () => {
    for (const said of document.querySelectorAll("#chat [data-testid='bot']")) said.setAttribute("aria-label", "Answer");
    for (const said of document.querySelectorAll("#chat [data-testid='user']")) said.setAttribute("aria-label", "Question");
    for (const list of document.querySelectorAll("#chat .examples")) {
      list.setAttribute("role", "group"); // a list may hold no buttons
      list.setAttribute("aria-label", "Example questions");
    }
  };
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
}
