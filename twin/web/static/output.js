/** What the last runs of a job wrote, or the last starts of a command, in a dialog. */

import { link } from "./cards.js";
import { list, make, mark, say } from "./dom.js";
import { duration, exact, parsed, tell } from "./moment.js";
import { ENDED, stop, upper } from "./words.js";

const dialog = document.getElementById("runs");
const [head, note, missing, runs] = dialog.children;
const [title, close] = head.children;
const NONE = "Nothing is kept: a twin keeps the last five runs since it started.";
/** Colours and cursor movements of terminals. */
const ESCAPES = /\x1b\[[\d;?]*[A-Za-z]/g;

/** Whose output is shown, as the query asks for it; null if none is. */
let asked = null;
let last = null;

close.addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => (asked = null));

/** A button that opens the output of this job or command. */
export function opener(kind, name) {
  const button = make("button", { type: "button", class: "opens", "aria-haspopup": "dialog", "aria-label": `Output of ${name}` }, "Output");
  button.addEventListener("click", () => {
    asked = { [kind]: name };
    say(title, name);
    say(note, "…");
    missing.hidden = true;
    runs.replaceChildren();
    dialog.showModal();
    read(asked);
  });
  return button;
}

/** @param {object} status  an answer of `/status`, after which the output may be another */
export function refresh(status) {
  last = status;
  if (asked) read(asked);
}

async function read(wanted) {
  const url = new URL("/output", location.origin);
  url.search = new URLSearchParams(wanted);
  const told = await fetch(url, { headers: { "Twin-Page": "1" }, signal: AbortSignal.timeout(30_000) })
    .then((answer) => (answer.ok ? answer.json() : null))
    .catch(() => null);
  if (wanted !== asked) return;
  say(note, told ? (told.runs.length || told.missing ? "" : NONE) : "The twin does not answer.");
  if (!told) return;
  missing.hidden = !told.missing;
  say(missing.firstElementChild, `Of the other twin nothing is shown: ${stop(told.missing ?? "")} Its page:`);
  link(missing.lastElementChild, last.twins[1]?.url);
  const isFirst = !runs.children.length;
  list(runs, told.runs, ({ twin, at }) => `${twin} ${at}`, create, fill);
  if (isFirst && told.runs.length) runs.firstElementChild.open = true;
}

function create() {
  const run = make("details", {},
    make("summary", {}, make("time"), make("span")),
    make("p", { class: "why" }),
    make("pre", { tabindex: "0", "aria-label": "Output" }));
  run.addEventListener("toggle", () => toEnd(run.lastElementChild));
  return run;
}

function fill(run, { twin, at, state, seconds, why, output }) {
  const [summary, reason, text] = run.children;
  tell(summary.firstElementChild, parsed(at), last.now, exact);
  const took = seconds === null ? "" : ` · ${duration(seconds * 1000)}`;
  mark(run, "data-state", state);
  say(summary.lastElementChild, ` · on ${twin} · ${ENDED[state] ?? state}${took}`);
  say(reason, output.includes(why) ? "" : upper(why ?? ""));
  const isAtEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 4;
  const words = output.replace(ESCAPES, "") || "It has written nothing.";
  if (text.textContent !== words) text.textContent = words;
  if (isAtEnd) toEnd(text);
}

function toEnd(text) {
  text.scrollTop = text.scrollHeight;
}
