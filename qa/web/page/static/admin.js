// What an admin gets in the library: add and remove articles, rebuild the index, go back to an earlier one.
const WAIT = 400; // milliseconds between looks at a rebuild
const PIECE = 3_000_000; // bytes of a file sent at once

const failed = { error: "The server did not answer. Is it still running?" };
const ask = async (name, wanted = null) => {
  try {
    return await server[name](wanted);
  } catch {
    return failed;
  }
};

// Files

const input = make("input", { type: "file", multiple: true, id: "admin-files", onchange: () => receive([...input.files]) });
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
let limits = { bytes: 0, suffixes: [] };

const encoded = (file) =>
  new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(file);
  });

const sendFile = async (file, line, replace = false) => {
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
  if (reply.added) return tell("added", replace ? "replaced" : "added");
  const again = button("Replace it", { class: "plain" }, () => sendFile(file, line, true).then(changed));
  tell("refused", reply.error, ...(reply.exists ? [again] : []));
};

const receive = async (files) => {
  const lines = files.map((file) => make("li", { class: "waiting" }, make("span", { class: "title" }, file.name)));
  uploads.replaceChildren(...lines);
  for (const [i, file] of files.entries()) await sendFile(file, lines[i]);
  input.value = "";
  changed();
};

// A file that is dropped anywhere on the library is meant for it, and never opened by the browser.
const over = (event, yes) => {
  event.preventDefault();
  drop.classList.toggle("over", yes);
};
dialog.addEventListener("dragover", (event) => over(event, true));
dialog.addEventListener("dragleave", (event) => over(event, false));
dialog.addEventListener("drop", (event) => {
  over(event, false);
  receive([...event.dataTransfer.files]);
});

const changed = () => {
  load();
  send("folder");
};

// A button that asks once more before it acts.
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

toolsFor = ({ id, title, file, state }) =>
  file && state !== "gone"
    ? sure("Remove", "Remove the file", { class: "plain", "aria-label": `Remove ${title}` }, async () => {
        const reply = await ask("remove", { id });
        say(reply.error ?? "Removed from the folder. It stays in the index until that is rebuilt.");
        changed();
        search.focus();
      })
    : null;

// The index

const rebuild = button("Rebuild the index", { class: "primary" }, () => start(false));
const meter = make("progress", { "aria-label": "Rebuilding the index" });
const stage = make("span", { class: "count" });
const going = make("div", { class: "going", hidden: true }, meter, stage);
const report = make("div", { class: "report", role: "status" });

const named = (what, { count, first }, text = (each) => each) =>
  count
    ? make(
        "li",
        {},
        make(
          "details",
          {},
          make("summary", {}, `${count} ${what}`),
          make("ul", {}, ...first.map((each) => make("li", {}, text(each))), count > first.length ? make("li", {}, "…") : null),
        ),
      )
    : null;

const receiptOf = (receipt) => [
  make(
    "p",
    {},
    `Done in ${receipt.seconds.toFixed(1)} s: ${counted(receipt.scanned, "file")} looked at, ${receipt.unchanged} unchanged, ` +
      `${counted(receipt.encoded, "passage")} read anew, ${counted(receipt.passages, "passage")} in all.`,
  ),
  make(
    "ul",
    {},
    named("added", receipt.added),
    named("changed", receipt.modified),
    named("renamed", receipt.renamed, (each) => `${each.old} → ${each.new}`),
    named("removed", receipt.deleted),
    named("refused", receipt.rejected, (each) => `${each.id}: ${each.cause}`),
    named("pinned questions broken", receipt.broken, (each) => `${each.id}: ${each.cause}`),
    named("with remarks", receipt.warnings, (each) => `${each.id}: ${each.cause}`),
  ),
];

const show = (job) => {
  rebuild.disabled = job.running;
  going.hidden = !job.running;
  if (job.total) {
    meter.max = job.total;
    meter.value = job.done;
  } else meter.removeAttribute("value");
  stage.textContent = job.total ? `${job.stage}: ${job.done.toLocaleString()} of ${job.total.toLocaleString()}` : `${job.stage ?? ""}…`;
  if (job.running) return;
  if (job.receipt) report.replaceChildren(...receiptOf(job.receipt));
  else if (job.error) report.replaceChildren(make("p", { class: "refused" }, job.error));
  if (job.confirm) report.append(button("Rebuild without them", { class: "danger" }, () => start(true)));
};

// Look at a rebuild; one look that fails is no end of it.
const look = async (tries = 5) => {
  await new Promise((done) => setTimeout(done, WAIT));
  const job = await ask("progress");
  return job === failed && tries ? look(tries - 1) : job;
};

const follow = async (job) => {
  show(job);
  while (job.running) {
    job = await look();
    show(job);
  }
  if (job.receipt) send("indexed");
  kept();
};

const start = async (confirm) => {
  report.replaceChildren();
  follow(await ask("rebuild", { confirm }));
};

// Earlier states

const generations = make("ul", { class: "generations" });
const moment = (created) =>
  created ? new Date(created).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }) : "unknown time";

const generation = ({ name, created, articles, passages, current, damage }) =>
  make(
    "li",
    {},
    make("span", {}, `${moment(created)} · ${damage ? "damaged" : `${counted(articles, "article")}, ${counted(passages, "passage")}`}`),
    current || damage
      ? make("span", { class: "count" }, current ? "served now" : "")
      : sure("Go back to it", "Serve this one", { class: "plain", "aria-label": `Go back to the index of ${moment(created)}` }, async () => {
          const reply = await ask("roll_back", { generation: name });
          say(reply.error ?? "This index is served now.");
          send("indexed");
          kept();
        }),
  );

const kept = async () => {
  const reply = await ask("generations");
  generations.replaceChildren(...(reply.generations ?? []).map(generation));
  if (reply.error) generations.append(make("li", {}, reply.error));
};

manage.replaceChildren(
  drop,
  uploads,
  make("div", { class: "row" }, rebuild, going),
  report,
  make("details", { class: "earlier", ontoggle: (event) => event.target.open && kept() }, make("summary", {}, "Earlier states of the index"), generations),
);
on("library", async () => {
  const job = await ask("progress");
  if (job.running) follow(job);
});
ask("limits").then((given) => {
  if (given.error) return;
  limits = given;
  input.accept = given.suffixes.join(",");
  hint.textContent = `${given.suffixes.join(" ")}, up to ${Math.round(given.bytes / 1e6)} MB each`;
});
