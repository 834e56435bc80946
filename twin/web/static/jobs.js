/** The table of the jobs. */

import { list, make, mark, say, shape } from "./dom.js";
import { clock, duration, exact, parsed, tell } from "./moment.js";
import { opener } from "./output.js";
import { ENDED } from "./words.js";

/** Nobody reads more, and they take long to draw. Jobs in trouble come first then. */
const SHOWN = 200;
const TROUBLE = ["failed", "unknown"];
const SHAPES = { done: "done", failed: "failed", skipped: "skipped", running: "running", cancelled: "done" };
const SVG = "http://www.w3.org/2000/svg";

const body = document.querySelector("#jobs tbody");
const note = document.getElementById("jobs-note");

/**
 * @param {object} status  an answer of `/status`
 * @param {function(string, Element): void} run  run the job of this name; the user looks at the element
 */
export function show(status, run) {
  const jobs = status.jobs.length > SHOWN ? troubledFirst(status.jobs) : status.jobs;
  remark(status.jobs.length);
  document.getElementById("jobs").hidden = !jobs.length;
  list(body, jobs, ({ name }) => name, (job) => create(job, run), (row, job) => fill(row, job, status));
}

function troubledFirst(jobs) {
  const isTroubled = (job) => TROUBLE.includes(stateOf(job));
  return [...jobs.filter(isTroubled), ...jobs.filter((job) => !isTroubled(job))].slice(0, SHOWN);
}

/** A slot that no twin has a record of, as at a first start, is no trouble. */
function stateOf({ state, twin }) {
  return state === "unknown" && !twin ? "unrecorded" : state;
}

function remark(count) {
  note.hidden = count > 0 && count <= SHOWN;
  say(note, count ? `${SHOWN} of ${count} jobs, those in trouble first.` : "There are no jobs.");
}

function create({ name }, run) {
  const cell = (label) => make("td", { role: "cell", "data-label": label });
  const button = make("button", { type: "button", "aria-label": `Run ${name} now` }, "Run");
  button.addEventListener("click", () => run(name, button.parentElement));
  const icon = document.createElementNS(SVG, "svg");
  icon.append(document.createElementNS(SVG, "use"));
  mark(icon, "aria-hidden", "true");
  const row = make("tr", { role: "row" },
    make("th", { scope: "row", role: "rowheader" }, make("span", { class: "name" }), make("span", { class: "soft" })),
    cell("Last slot"), cell("Ended"), cell("Late"), cell("Took"), cell("Next slot"), cell("Run it"));
  row.cells[1].append(make("time"), make("span", { class: "soft" }));
  row.cells[2].append(make("span", { class: "ended" }, icon, make("span")), make("span", { class: "soft" }), opener("job", name));
  row.cells[5].append(make("time"));
  row.cells[6].append(button);
  row.cells[6].className = "act";
  return row;
}

function fill(row, job, { now }) {
  const [name, slot, ended, late, took, next] = row.cells;
  say(name.firstElementChild, job.name);
  say(name.lastElementChild, job.name.endsWith(` ${job.schedule}`) ? "" : job.schedule);
  const slots = [parsed(job.slot), parsed(job.next)];
  const time = slots.some((at) => at % 60) ? exact : clock;
  tell(slot.firstElementChild, slots[0], now, time);
  say(slot.lastElementChild, job.slot && job.twin ? `on ${job.twin}` : "");
  const state = stateOf(job);
  mark(row, "data-state", state);
  shape(ended.querySelector("svg"), SHAPES[state] ?? "unknown");
  say(ended.querySelector(".ended span"), state ? ENDED[state] ?? state : "not run yet");
  say(ended.querySelector(".soft"), job.why ?? "");
  ended.lastElementChild.hidden = job.own || !job.twin;
  say(late, ms(job.late_ms));
  say(took, ms(job.seconds === null ? null : job.seconds * 1000));
  tell(next.firstElementChild, slots[1], now, time);
}

const ms = (value) => (value === null || value === undefined ? "–" : duration(value));
