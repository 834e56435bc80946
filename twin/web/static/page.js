/** Shows each answer of `/status` in all parts of the page. */

import { Actions } from "./actions.js";
import { link, show as showCards } from "./cards.js";
import { show as showCommands } from "./commands.js";
import { list, make, mark, say } from "./dom.js";
import { Feed } from "./feed.js";
import { History } from "./history.js";
import { show as showHours } from "./hours.js";
import { show as showJobs } from "./jobs.js";
import { LaneChart } from "./lanechart.js";
import { exact } from "./moment.js";
import { refresh as refreshOutput } from "./output.js";
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
const feed = new Feed({ status: show, silent, rest });
const actions = new Actions(() => feed.hasten());
let last = null;

function show(status) {
  mark(document.body, "data-live", "yes");
  history.merge(status.history);
  history.forget(status.now);
  timeline.move(status.now, history.lives[0]?.since ?? status.now);
  showCards(status);
  lanes.show(steady(status.twins.filter(({ twin }) => twin)), history, status.now);
  targets.show(status.targets ?? [], history, status.now);
  showJobs(status, (job, place) => actions.run(job, place));
  showCommands(status, (command, place) => actions.restart(command, place));
  refreshOutput(status);
  showHours(status);
  actions.show(status);
  say($("foot"), `Twin ${status.version}. Times are ${ZONE.endsWith("UTC") ? "in UTC" : `in ${ZONE}; point at one to see it in UTC`}.`);
  say($("refused"), refused(status));
  say($("live"), `Live · ${exact(status.now)}`);
  $("silence").hidden = true;
  last = status;
}

/** Of more than two twins, the second is the one on duty, and often another one: lanes stay. */
function steady(twins) {
  return twins.length > 2 ? [...twins].sort((one, other) => (one.twin < other.twin ? -1 : 1)) : twins;
}

/** For information only: guesses of passwords are slowed down. */
function refused({ refused_logins: number, twins: [{ twin }] }) {
  return number ? `Twin ${twin} refused ${count(number, "request")} with a wrong user name or password since it started.` : "";
}

function silent(why) {
  mark(document.body, "data-live", "no");
  const name = last ? `Twin ${last.twins[0].twin}` : "This twin";
  const since = last ? ` The page shows the state at ${exact(last.now)}.` : "";
  say($("headline"), `${name} does not answer`);
  say($("subline"), "");
  document.title = `${name} does not answer · Twin`;
  const [what, other] = $("silence").querySelectorAll("p");
  $("silence").hidden = false;
  say(what, `${upper(why)}.${since}`);
  const others = last?.twins.slice(1).filter(({ url }) => url) ?? [];
  other.hidden = !others.length;
  const [text, places] = other.children;
  say(text, others.length > 1 ? "See the other twins' pages:" : "See the other twin's page:");
  list(places, others, ({ url }) => url, () => make("span"), (place, { url }) => link(place, url));
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
