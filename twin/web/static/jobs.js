/** The table of the jobs. */

import { list, make, mark, say, shape } from "./dom.js";
import { clock, duration, exact, parsed, tell } from "./moment.js";
import { ENDED } from "./words.js";

/** More are not read by anybody, and would take long to draw; those in trouble come first then. */
const SHOWN = 200;
const TROUBLE = ["failed", "unknown"];
const SHAPES = { done: "done", failed: "failed", skipped: "skipped", running: "running", cancelled: "done" };
const SVG = "http://www.w3.org/2000/svg";

const body = document.querySelector("#jobs tbody");
const note = document.getElementById("jobs-note");

/**
 * @param {object} told  an answer of `/status`
 * @param {function(string, Element): void} run  somebody wants the job of this name run, and looks
 *   at the element
 */
export function show(told, run) {
  const jobs = told.jobs.length > SHOWN ? troubledFirst(told.jobs) : told.jobs;
  remark(told.jobs.length);
  document.getElementById("jobs").hidden = !jobs.length;
  list(body, jobs, ({ name }) => name, (job) => create(job, run), (row, job) => fill(row, job, told));
}

function troubledFirst(jobs) {
  const isTroubled = ({ state }) => TROUBLE.includes(state);
  return [...jobs.filter(isTroubled), ...jobs.filter((job) => !isTroubled(job))].slice(0, SHOWN);
}

function remark(count) {
  note.hidden = count > 0 && count <= SHOWN;
  say(note, count ? `${SHOWN} of ${count}, those in trouble first.` : "There are no jobs.");
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
  row.cells[2].append(make("span", { class: "ended" }, icon, make("span")), make("span", { class: "soft" }));
  row.cells[5].append(make("time"));
  row.cells[6].append(button);
  row.cells[6].className = "act";
  return row;
}

function fill(row, job, { now }) {
  const [name, slot, ended, late, took, next] = row.cells;
  say(name.firstElementChild, job.name);
  say(name.lastElementChild, job.schedule);
  const slots = [parsed(job.slot), parsed(job.next)];
  const time = slots.some((at) => at % 60) ? exact : clock;
  tell(slot.firstElementChild, slots[0], now, time);
  say(slot.lastElementChild, job.slot && job.twin ? `on ${job.twin}` : "");
  mark(row, "data-state", job.state);
  shape(ended.querySelector("svg"), SHAPES[job.state] ?? "unknown");
  say(ended.querySelector(".ended span"), job.state ? ENDED[job.state] ?? job.state : "not run yet");
  say(ended.lastElementChild, job.why ?? "");
  say(late, ms(job.late_ms));
  say(took, ms(job.seconds === null ? null : job.seconds * 1000));
  tell(next.firstElementChild, slots[1], now, time);
}

const ms = (value) => (value === null || value === undefined ? "–" : duration(value));
