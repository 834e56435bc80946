/** Joins the page: what `/status` answers goes to each part of it. */

import { Actions } from "./actions.js";
import { link, show as showCards } from "./cards.js";
import { mark, say } from "./dom.js";
import { Feed } from "./feed.js";
import { History } from "./history.js";
import { show as showHours } from "./hours.js";
import { show as showJobs } from "./jobs.js";
import { LaneChart } from "./lanechart.js";
import { exact } from "./moment.js";
import { Targets } from "./targets.js";
import { Timeline } from "./timeline.js";
import { count, upper } from "./words.js";

const $ = (id) => document.getElementById(id);

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const history = new History();
const timeline = new Timeline((hours) => {
  for (const button of $("zoom").children) mark(button, "aria-pressed", Number(button.dataset.hours) === hours);
});
const lanes = new LaneChart(timeline);
const targets = new Targets(timeline);
const feed = new Feed({ told: show, silent, rest });
const actions = new Actions(() => feed.hasten());
let last = null;

function show(told) {
  mark(document.body, "data-live", "yes");
  history.merge(told.history);
  history.forget(told.now);
  timeline.move(told.now, history.lives[0]?.since ?? told.now);
  showCards(told);
  lanes.show(told.twins.filter(({ twin }) => twin), history, told.now);
  targets.show(told.targets ?? [], history, told.now);
  showJobs(told, (job, place) => actions.run(job, place));
  showHours(told);
  actions.show(told);
  say($("foot"), `Twin ${told.version}. Times are ${ZONE.endsWith("UTC") ? "in UTC" : `those of ${ZONE}; point at one to see it in UTC`}.`);
  say($("refused"), refused(told));
  say($("live"), `Live · ${exact(told.now)}`);
  $("silence").hidden = true;
  last = told;
}

/** Nothing to act on: who tries passwords is slowed down. */
function refused({ refused_logins: number, twins: [{ twin }] }) {
  return number ? `Twin ${twin} refused ${count(number, "request")} with a wrong user name or password since it started.` : "";
}

function silent(why) {
  mark(document.body, "data-live", "no");
  const name = last ? `Twin ${last.twins[0].twin}` : "This twin";
  const since = last ? ` What is below was so at ${exact(last.now)}.` : "";
  say($("headline"), `${name} gives no answer`);
  say($("subline"), "");
  document.title = `${name} gives no answer · Twin`;
  const [what, other] = $("silence").querySelectorAll("p");
  $("silence").hidden = false;
  say(what, `${upper(why)}.${since}`);
  other.hidden = !last?.twins[1].url;
  link(other.firstElementChild, last?.twins[1].url);
  say($("live"), "No answer");
  actions.rest();
}

function rest(resting) {
  $("rest").hidden = !resting;
  say($("live"), resting ? "Stopped" : "Asking …");
}

$("zoom").addEventListener("click", ({ target }) => {
  if (target.dataset.hours) timeline.last(Number(target.dataset.hours));
});
$("silence").querySelector("button").addEventListener("click", () => feed.ask());
feed.start();
