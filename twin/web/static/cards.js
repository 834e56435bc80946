/** The twins, the arbiter between them, and what is wrong with them. */

import { show as showArbiter } from "./arbiter.js";
import { copyOf, list, make, mark, say, shape } from "./dom.js";
import { exact, parsed, span, tell } from "./moment.js";
import { count, listed, role, upper } from "./words.js";

const $ = (id) => document.getElementById(id);

/** @param {object} status  an answer of `/status` */
export function show(status) {
  headline(status);
  notice($("wrong"), status.wrong && [status.wrong.what, status.wrong.remedy]);
  notice($("paused"), status.paused && paused(status.paused));
  list($("cards"), status.twins, (twin) => status.twins.indexOf(twin), () => copyOf("card"), (card, twin) =>
    fill(card, twin, status),
  );
  showArbiter(status);
}

/** Who is on duty, in one sentence. */
function sentence({ twins, wrong, paused }) {
  const [first, other] = twins.filter((twin) => twin.role === "on_duty");
  if (other) return `${twins.length > 2 ? "Two" : "Both"} twins are on duty`;
  if (wrong?.both_on_duty) return "Both twins may be on duty";
  return first ? `Twin ${first.twin} is on duty${paused ? ", paused" : ""}` : "Nobody is on duty";
}

function headline(status) {
  const news = sentence(status);
  mark($("glance"), "data-both", /^(Both|Two)/.test(news) ? "" : null);
  say($("headline"), news);
  say($("subline"), [...others(status), ...troubles(status)].join(" "));
  say($("role-news"), `${news}.`);
  document.title = `${news} · Twin`;
}

function others({ twins }) {
  const resting = twins.filter((twin) => twin.role !== "on_duty");
  if (twins.length <= 2) return resting.map((twin) => `${name(twin)} is ${role(twin.role).words}.`);
  const states = [...new Set(resting.map((twin) => role(twin.role).words))];
  return states.map((words) => {
    const names = resting.filter((twin) => role(twin.role).words === words).map(({ twin }) => twin);
    return names.length > 1 ? `Twins ${listed(names)} are ${words}.` : `Twin ${names[0]} is ${words}.`;
  });
}

/** Targets and jobs in trouble. */
function troubles({ targets = [], jobs }) {
  const out = targets.filter((target) => target.outage_since).map((target) => `${target.name} is out of order.`);
  const failed = jobs.filter((job) => job.state === "failed").length;
  return failed ? [...out, `${upper(count(failed, "job"))} failed last time.`] : out;
}

const name = (twin) => (twin.twin ? upper(`twin ${twin.twin}`) : "The peer");

function paused({ by, at, because }) {
  return [
    "The duty is paused: no job starts, and nothing is scaled.",
    `${upper(because || `${by} paused it`)} at ${exact(parsed(at))}. Resume it below.`,
  ];
}

function notice(element, sentences) {
  element.hidden = !sentences;
  if (!sentences) return;
  say(element.querySelector(".what"), sentences[0]);
  say(element.querySelector(".remedy"), sentences[1]);
}

function fill(card, twin, status) {
  const isThis = twin === status.twins[0];
  mark(card, "data-role", twin.role);
  say(card.querySelector(".name"), name(twin));
  say(card.querySelector(".tag"), isThis ? "shows this page" : "");
  say(card.querySelector(".role span"), upper(role(twin.role).words));
  shape(card.querySelector(".role svg"), role(twin.role).shape);
  list(card.querySelector("dl"), facts(twin, status, isThis), ([label]) => label, row, (line, [, value]) => {
    const place = line.querySelector("dd");
    if (value instanceof Function) value(place);
    else say(place, value);
  });
}

const row = ([label]) => make("div", {}, make("dt", {}, label), make("dd"));

/** Facts about a twin: a text, or a function that fills its place. */
function facts(twin, status, isThis) {
  const { now } = status;
  const asleep = twin.role === "asleep" ? "asleep" : "not awake";
  const since = parsed(twin.since);
  const heard = isThis ? now : parsed(twin.heard_at);
  return [
    ["Since", (place) => moment(place, since, now, (s) => ` (${span(s)})`)],
    ["Host", { true: "awake", false: asleep }[twin.awake] ?? "not known"],
    ["Last heard", (place) => moment(place, heard, now, (s) => (s < 1 ? " (now)" : ` (${span(s)} ago)`))],
    ["Release", twin.release || "not known"],
    ["Term", twin.role === "on_duty" ? String(status.term) : "–"],
    ["Page", (place) => (isThis ? say(place, "this one") : link(place, twin.url))],
  ];
}

/** The moment, and how long ago it was. */
function moment(place, at, now, ago) {
  if (!place.firstElementChild) place.append(make("time"), make("span", { class: "soft" }));
  tell(place.firstElementChild, at, now);
  say(place.lastElementChild, at === null ? "" : ago(now - at));
}

/** A link to another twin's page, if it is a web page. */
export function link(place, url) {
  if (!/^https?:/.test(url ?? "")) return say(place, "not known");
  if (!place.firstElementChild) place.replaceChildren(make("a"));
  mark(place.firstElementChild, "href", `${url}/`);
  say(place.firstElementChild, new URL(url).host);
}
