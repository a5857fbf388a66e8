/* What an admin gets in the library: add and remove articles, rebuild the index, go back to an earlier one. */
import { button, call, counted, make, on, say, send } from "./dom.js";
import { dialog, extend, load, search, start as startLibrary } from "./library.js";

const WAIT = 400; // milliseconds between looks at a rebuild
const PIECE = 3_000_000; // bytes of a file sent at once

/** @type {Component} */
let component;
const failed = { error: "The server did not answer. Is it still running?" };

/** @param {string} name @param {unknown} [wanted] */
const ask = async (name, wanted = null) => {
  try {
    return await call(component, name, wanted);
  } catch {
    return failed;
  }
};

const changed = () => {
  load();
  send("folder");
};

// Files

const input = make("input", { type: "file", multiple: true, id: "admin-files", onchange: () => receive([...(input.files ?? [])]) });
const hint = make("span", { class: "count" });
const drop = make(
  "label",
  { class: "drop", for: "admin-files" },
  make("strong", {}, "Add articles"),
  make("span", {}, "Drop files here, or press to choose them."),
  hint,
  input,
);
const uploads = make("ul", { class: "uploads", "aria-label": "Files added", "aria-live": "polite" });
let limits = { bytes: 0, suffixes: /** @type {string[]} */ ([]) };

/** @param {Blob} file @returns {Promise<string>} base64 */
const encoded = (file) =>
  new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).slice(String(reader.result).indexOf(",") + 1));
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(file);
  });

/** @param {File} file @param {HTMLElement} line */
const sendFile = async (file, line, replace = false) => {
  /** @param {string} state @param {string} text @param {...HTMLElement} more */
  const tell = (state, text, ...more) => {
    line.className = state;
    line.replaceChildren(make("span", { class: "title" }, file.name), make("span", { class: "about" }, text), ...more);
  };
  if (limits.bytes && file.size > limits.bytes) return tell("refused", `larger than ${counted(limits.bytes, "byte")}`);
  const upload = crypto.getRandomValues(new Uint32Array(2)).join("-");
  let reply = failed;
  for (let at = 0; at === 0 || at < file.size; at += PIECE) {
    tell("sending", `${Math.round((100 * at) / Math.max(1, file.size))} % sent…`);
    let content;
    try {
      content = file.size ? await encoded(file.slice(at, at + PIECE)) : "";
    } catch {
      return tell("refused", "it cannot be read; a folder cannot be added");
    }
    reply = await ask("add", { upload, name: file.name, at, content, more: at + PIECE < file.size, replace });
    if (reply.error) break;
  }
  settle(reply, replace, tell, () => sendFile(file, line, true).then(changed));
};

/**
 * Tell what came of an upload.
 * @param {{ error?: string, added?: string, exists?: boolean }} reply
 * @param {boolean} replace
 * @param {(state: string, text: string, ...more: HTMLElement[]) => void} tell
 * @param {() => void} again
 */
const settle = (reply, replace, tell, again) => {
  if (reply.added) return tell("added", replace ? "replaced" : "added");
  tell("refused", reply.error ?? "", ...(reply.exists ? [button("Replace it", { class: "plain" }, again)] : []));
};

/** @param {File[]} files */
const receive = async (files) => {
  const lines = files.map((file) => make("li", { class: "waiting" }, make("span", { class: "title" }, file.name)));
  uploads.replaceChildren(...lines);
  for (const [i, file] of files.entries()) await sendFile(file, lines[i]);
  input.value = "";
  changed();
};

/** @param {DragEvent} event @param {boolean} yes a file dropped anywhere on the library is meant for it */
const over = (event, yes) => {
  event.preventDefault();
  drop.classList.toggle("over", yes);
};
dialog.addEventListener("dragover", (event) => over(event, true));
dialog.addEventListener("dragleave", (event) => over(event, false));
dialog.addEventListener("drop", (event) => {
  over(event, false);
  receive([...(event.dataTransfer?.files ?? [])]);
});

/**
 * Make a button that asks once more before it acts.
 * @param {string} label
 * @param {string} question
 * @param {Record<string, unknown>} attributes
 * @param {() => unknown} act
 */
const sure = (label, question, attributes, act) => {
  const first = button(label, attributes, () => {
    const yes = button(question, { class: "danger" }, act);
    const no = button("Keep", { class: "plain" }, () => (box.replaceChildren(first), first.focus()));
    box.replaceChildren(yes, no);
    no.focus();
  });
  const box = make("span", { class: "sure" }, first);
  return box;
};

/** @param {Listed} article */
const toolsFor = ({ id, title, file, state }) =>
  file && state !== "gone"
    ? sure("Remove", "Remove the file", { class: "plain", "aria-label": `Remove ${title}` }, async () => {
        const reply = await ask("remove", { id });
        say(reply.error ?? "Removed from the folder. It stays in the index until that is rebuilt.");
        changed();
        search.focus();
      })
    : null;

// The index

const rebuild = button("Rebuild the index", { class: "primary" }, () => begin(false));
const meter = make("progress", { "aria-label": "Rebuilding the index" });
const stage = make("span", { class: "count" });
const going = make("div", { class: "going", hidden: true }, meter, stage);
const report = make("div", { class: "report", role: "status" });

/**
 * @template T
 * @param {string} what
 * @param {Some<T>} some
 * @param {(each: T) => string} text
 */
const named = (what, { count, first }, text) => {
  if (!count) return null;
  const items = first.map((each) => make("li", {}, text(each)));
  const list = make("ul", {}, ...items, count > first.length ? make("li", {}, "…") : null);
  return make("li", {}, make("details", {}, make("summary", {}, `${count} ${what}`), list));
};

/** @param {string} each */
const itself = (each) => each;

/** @param {Problem} each */
const problem = (each) => `${each.id}: ${each.cause}`;

/** @param {Receipt} receipt */
const receiptOf = (receipt) => [
  make(
    "p",
    {},
    `Done in ${receipt.seconds.toFixed(1)} s: ${counted(receipt.scanned, "file")} looked at, ${receipt.unchanged} unchanged, ` +
      `${counted(receipt.encoded, "passage")} encoded, ${counted(receipt.passages, "passage")} in all.`,
  ),
  make(
    "ul",
    {},
    named("added", receipt.added, itself),
    named("changed", receipt.modified, itself),
    named("renamed", receipt.renamed, (each) => `${each.old} → ${each.new}`),
    named("removed", receipt.deleted, itself),
    named("refused", receipt.rejected, problem),
    named("pinned questions broken", receipt.broken, problem),
    named("with remarks", receipt.warnings, problem),
  ),
];

/** @param {Job} job */
const show = (job) => {
  rebuild.disabled = Boolean(job.running);
  going.hidden = !job.running;
  if (job.total) {
    meter.max = job.total;
    meter.value = job.done ?? 0;
  } else meter.removeAttribute("value");
  stage.textContent = job.total
    ? `${job.stage}: ${(job.done ?? 0).toLocaleString()} of ${job.total.toLocaleString()}`
    : `${job.stage ?? ""}…`;
  if (job.running) return;
  if (job.receipt) report.replaceChildren(...receiptOf(job.receipt));
  else if (job.error) report.replaceChildren(make("p", { class: "refused" }, job.error));
  if (job.confirm) report.append(button("Rebuild without them", { class: "danger" }, () => begin(true)));
};

/** @returns {Promise<Job>} how a rebuild stands; one look that fails is no end of it */
const look = async (tries = 5) => {
  await new Promise((done) => setTimeout(done, WAIT));
  const job = await ask("progress");
  return job === failed && tries ? look(tries - 1) : job;
};

/** @param {Job} job */
const follow = async (job) => {
  show(job);
  while (job.running) {
    job = await look();
    show(job);
  }
  if (job.receipt) send("indexed");
  showGenerations();
};

/** @param {boolean} confirm */
const begin = async (confirm) => {
  report.replaceChildren();
  follow(await ask("rebuild", { confirm }));
};

// Earlier states

const generations = make("ul", { class: "generations" });

/** @param {string | null} created */
const moment = (created) =>
  created ? new Date(created).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }) : "unknown time";

/** @param {Generation} generation */
const generationLine = ({ name, created, articles, passages, current, damage }) => {
  const size = damage ? "damaged" : `${counted(articles, "article")}, ${counted(passages, "passage")}`;
  const label = { class: "plain", "aria-label": `Go back to the index of ${moment(created)}` };
  const goBack = () =>
    sure("Go back to it", "Serve this one", label, async () => {
      const reply = await ask("roll_back", { generation: name });
      say(reply.error ?? "This index is served now.");
      send("indexed");
      showGenerations();
    });
  const state = current || damage ? make("span", { class: "count" }, current ? "served now" : "") : goBack();
  return make("li", {}, make("span", {}, `${moment(created)} · ${size}`), state);
};

const showGenerations = async () => {
  const reply = await ask("generations");
  generations.replaceChildren(...(reply.generations ?? []).map(generationLine));
  if (reply.error) generations.append(make("li", {}, reply.error));
};

const earlier = make(
  "details",
  { class: "earlier", ontoggle: () => earlier.open && showGenerations() },
  make("summary", {}, "Earlier states of the index"),
  generations,
);

/** @param {{ error?: string, bytes: number, suffixes: string[] }} given */
const limit = (given) => {
  if (given.error) return;
  limits = given;
  input.accept = given.suffixes.join(",");
  hint.textContent = `${given.suffixes.join(" ")}, up to ${Math.round(given.bytes / 1e6)} MB each`;
};

/** @param {Component} given */
export const start = (given) => {
  component = given;
  extend([drop, uploads, make("div", { class: "row" }, rebuild, going), report, earlier], toolsFor);
  startLibrary(component);
  on("library", async () => {
    const job = await ask("progress");
    if (job.running) follow(job);
  });
  ask("limits").then(limit);
};
