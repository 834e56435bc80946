/** The targets: their state, and their last day. */

import { copyOf, list, make, mark, say } from "./dom.js";
import { show as showEvents } from "./events.js";
import { day, duration, parsed, span, tell } from "./moment.js";
import { hours } from "./samples.js";
import { TargetChart } from "./targetchart.js";
import { decided, stop, upper } from "./words.js";

/** How many have their charts open at first: a hundred would take a while to draw. */
const OPEN = 3;

export class Targets {
  #charts = new WeakMap();
  #place = document.getElementById("targets");

  /** @param {import("./timeline.js").Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
  }

  /**
   * @param {object[]} targets  those of `/status`
   * @param {import("./history.js").History} history
   * @param {number} now
   */
  show(targets, history, now) {
    let place = 0;
    list(this.#place, targets, ({ name }) => name, () => this.#create(place++ < OPEN), (card, target) => {
      say(card.querySelector("h3"), target.name);
      mark(card, "data-verdict", target.verdict ?? "unknown");
      say(card.querySelector(".now"), standing(target));
      say(card.querySelector(".why"), reasons(target, now));
      this.#charts.get(card).show(history.looks(target.name), history.decisions(target.name));
      numbers(card.querySelector(".numbers"), target, history, now);
    });
  }

  #create(open) {
    const card = copyOf("target");
    const charts = card.querySelector(".charts");
    charts.open = open;
    this.#charts.set(card, new TargetChart(charts, this.timeline));
    return card;
  }
}

/** `3 running, the timetable says 2, at most 5. It answers in 124 ms.` */
function standing({ quantity, timetable: level, max, verdict, latency_ms: ms }) {
  const running = known(quantity) ? `${quantity} running` : "The quantity is unknown";
  const timetable = known(level) ? `, the timetable says ${level}` : "";
  const most = known(max) ? `, at most ${max}` : "";
  return `${running}${timetable}${most}. ${answers(verdict, ms)}`;
}

const known = (number) => number !== null && number !== undefined && number >= 0;

function answers(verdict, ms) {
  const time = ms ? ` in ${duration(ms)}` : "";
  const words = {
    healthy: `It answers well${time}.`,
    slow: `It is slow${ms ? `: it answers${time}` : ""}.`,
    failing: `It is failing${ms ? `: it answers with an error${time}` : ""}.`,
    unreachable: "It cannot be reached.",
  };
  return words[verdict] ?? "Its answers are unknown.";
}

function reasons(target, now) {
  const outage = parsed(target.outage_since ?? null);
  const respected = parsed(target.respected_until ?? null);
  const looked = parsed(target.looked_at ?? null);
  const next = target.next_change && `Next: ${target.next_change.quantity} at ${day(parsed(target.next_change.at), now)}.`;
  return [
    outage && `Out of order since ${day(outage, now)} (${span(now - outage)}).`,
    target.trouble && !target.reason?.includes(target.trouble) && stop(upper(target.trouble)),
    target.reason && stop(upper(target.reason)),
    respected && `Set to ${target.baseline} by hand, which is respected until ${day(respected, now)}.`,
    target.dry_run && "Dry run: nothing is changed.",
    next,
    looked && now - looked > 120 && `Last looked at ${span(now - looked)} ago.`,
  ].filter(Boolean).join(" ");
}

/** The hours as a table and the decisions as a list, drawn when opened. */
function numbers(details, target, history, now) {
  details.ontoggle = () => numbers(details, target, history, now);
  if (!details.open) return;
  say(details.querySelector("caption"), `${target.name}, by the hour`);
  list(details.querySelector("tbody"), hours(history.looks(target.name)), ({ at }) => at, row, (cells, hour) => {
    const [time, ...others] = cells.children;
    tell(time.firstElementChild, hour.at, now);
    const texts = [hour.latency === null ? "–" : duration(hour.latency), hour.verdict, hour.quantity, hour.baseline];
    others.forEach((cell, index) => say(cell, texts[index]));
  });
  const events = history.decisions(target.name).map((each) => ({ at: each[0], text: decided(each) }));
  showEvents(details.querySelector("ol"), events, now);
}

const cell = () => make("td", { role: "cell" });
const row = () =>
  make("tr", { role: "row" }, make("th", { scope: "row", role: "rowheader" }, make("time")), cell(), cell(), cell(), cell());
