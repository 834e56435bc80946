/** Joins the page: what `/status` answers goes to each part of it. */

import { Actions } from "./actions.js";
import { link, show as showCards } from "./cards.js";
import { make, mark, say } from "./dom.js";
import { Feed } from "./feed.js";
import { History } from "./history.js";
import { show as showHours } from "./hours.js";
import { show as showJobs } from "./jobs.js";
import { LaneChart } from "./lanechart.js";
import { exact } from "./moment.js";
import { Targets } from "./targets.js";
import { Timeline } from "./timeline.js";

const $ = (id) => document.getElementById(id);

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const history = new History();
const timeline = new Timeline((hours) => {
  for (const button of $("zoom").children) mark(button, "aria-pressed", Number(button.dataset.hours) === hours);
});
const lanes = new LaneChart(timeline);
const targets = new Targets(timeline);
const feed = new Feed({ told: show, silent, rest });
const actions = new Actions(() => feed.ask());
let last = null;

function show(told) {
  last = told;
  history.merge(told.history);
  history.forget(told.now);
  timeline.move(told.now);
  showCards(told);
  lanes.show(told.twins.filter(({ twin }) => twin), history, told.now);
  targets.show(told.targets ?? [], history, told.now);
  showJobs(told, (job) => actions.run(job));
  showHours(told);
  actions.show(told);
  say($("foot"), `Twin ${told.version}. Times are those of ${ZONE}; point at one to see it in UTC.`);
  say($("live"), `Live · ${exact(told.now)}`);
  mark(document.body, "data-live", "yes");
  $("silence").hidden = true;
}

function silent(why) {
  mark(document.body, "data-live", "no");
  const place = $("silence");
  const name = last ? `Twin ${last.twins[0].twin}` : "This twin";
  const then = last ? ` What is below was so at ${exact(last.now)}.` : "";
  const peer = last?.twins[1];
  say($("headline"), `${name} gives no answer`);
  say($("subline"), "");
  document.title = `${name} gives no answer · Twin`;
  place.replaceChildren(make("p", {}, `${last ? `Since ${exact(last.now)} ` : ""}${why}.${then}`));
  if (peer?.url) {
    const page = make("span");
    link(page, peer.url);
    place.append(make("p", {}, `See the page of ${peer.twin || "its peer"}: `, page));
  }
  place.hidden = false;
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
feed.start();
