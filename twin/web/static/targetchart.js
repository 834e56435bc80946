/** The last day of one target: its answers and its quantity. */

import { mark, say } from "./dom.js";
import { layer, place } from "./marks.js";
import { clock, duration, utc } from "./moment.js";
import { before, columns, troubles } from "./samples.js";
import { colour } from "./timeline.js";
import { decided } from "./words.js";

/** An older value is not shown under the pointer. */
const FAR_S = 600;
const STRIP_PX = { slow: 5, failing: 10, unreachable: 10 };

export class TargetChart {
  #looks = [];
  #decisions = [];
  #columns = columns([]);
  #charts = [];
  #pointed = null;

  /**
   * @param {HTMLDetailsElement} details  the charts are made when it is opened
   * @param {import("./timeline.js").Timeline} timeline
   */
  constructor(details, timeline) {
    this.details = details;
    this.timeline = timeline;
    details.addEventListener("toggle", () => this.#draw());
  }

  /**
   * @param {import("./history.js").Look[]} looks
   * @param {import("./history.js").Decision[]} decisions
   */
  show(looks, decisions) {
    this.#looks = looks;
    this.#decisions = decisions;
    this.#draw();
  }

  #draw() {
    if (!this.details.open || !this.details.isConnected) return;
    this.#columns = columns(this.#looks);
    if (!this.#charts.length) this.#charts = [this.#latency(), this.#quantity()];
    const { at, latency, quantity, baseline } = this.#columns;
    this.timeline.feed(this.#charts[0], [at, latency]);
    this.timeline.feed(this.#charts[1], [at, baseline, quantity]);
    this.#read();
  }

  #latency() {
    return this.timeline.chart(this.#plot("latency"), {
      height: 120,
      labels: false,
      data: [[], []],
      series: [line("latency", { width: 1.5, fill: () => `${colour("latency")}22` })],
      // From milliseconds to seconds: on a plain scale one slow answer would flatten all others.
      y: { distr: 3, range: (_, least, most) => [decade(Math.floor, least ?? 100), decade(Math.ceil, (most ?? 100) + 1)] },
      axis: { splits: (_, __, least, most) => decades(least, most), values: (_, ticks) => ticks.map(label) },
      draw: (u) => this.#strip(u),
      point: (at) => this.#point(at),
    });
  }

  #quantity() {
    const stepped = globalThis.uPlot.paths.stepped({ align: 1 });
    const chart = this.timeline.chart(this.#plot("quantity"), {
      height: 130,
      labels: true,
      data: [[], [], []],
      series: [
        line("baseline", { width: 1.5, dash: [5, 4], paths: stepped }),
        line("quantity", { width: 2, paths: stepped }),
      ],
      y: { range: (_, __, most) => [0, Math.max(2, (most ?? 0) + 1)] },
      axis: { incrs: [1, 2, 5, 10, 20, 50, 100], space: 22 },
      draw: (u) => this.#mark(u),
      point: (at) => this.#point(at),
    });
    this.marks = layer(chart, "Changes; the arrow keys go from one to the next");
    return chart;
  }

  #plot(name) {
    return this.details.querySelector(`.${name} .plot`);
  }

  /** Marks trouble along the bottom: the worse, the higher; hollow where it was unreachable. */
  #strip(plot) {
    const { ctx, bbox } = plot;
    const ratio = globalThis.devicePixelRatio || 1;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { from, to, verdict } of troubles(this.#columns)) {
      const [left, right] = [from, to].map((at) => plot.valToPos(at, "x", true));
      const height = STRIP_PX[verdict] * ratio;
      ctx.fillStyle = `${colour(verdict)}1c`;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.fillStyle = ctx.strokeStyle = colour(verdict);
      ctx.lineWidth = 1.5 * ratio;
      const box = [left, bbox.top + bbox.height - height, Math.max(ratio, right - left), height];
      if (verdict === "unreachable") ctx.strokeRect(...box);
      else ctx.fillRect(...box);
    }
    ctx.restore();
  }

  #mark(plot) {
    if (!this.marks) return;
    const [min, max] = this.timeline.range;
    const seen = this.#decisions.filter(([at]) => at >= min && at <= max);
    place(this.marks, seen.map((decision) => {
      const [at, was, to] = decision;
      return {
        key: `${at} ${to}`,
        left: plot.valToPos(at, "x"),
        top: plot.valToPos(to, "y"),
        kind: to > was ? "out" : "in",
        text: `${clock(at)} ${decided(decision)}`,
      };
    }));
  }

  #point(at) {
    this.#pointed = at;
    this.#read();
  }

  /** The values of the minute under the pointer. */
  #read() {
    const { at, latency, verdict, quantity, baseline } = this.#columns;
    const index = this.#pointed === null ? -1 : before(at, this.#pointed);
    if (index < 0 || this.#pointed - at[index] > FAR_S) return this.#write("", "", "");
    const time = latency[index] === null ? "" : `${duration(latency[index])} · `;
    const timetable = baseline[index] === null ? "" : ` · timetable ${baseline[index]}`;
    this.#write(utc(at[index]), `${clock(at[index])} · ${time}${verdict[index]}`,
      `${clock(at[index])} · ${quantity[index] ?? "?"} running${timetable}`);
  }

  #write(title, latency, quantity) {
    for (const [name, text] of Object.entries({ latency, quantity })) {
      const place = this.details.querySelector(`.${name} .reading`);
      say(place, text);
      mark(place, "title", title);
    }
  }
}

/** `100 ms`, `10 s`; empty where there is no room. */
const label = (ms) => (ms === null ? "" : ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);

/** The power of ten below or above. */
const decade = (round, ms) => 10 ** round(Math.log10(ms));

function decades(least, most) {
  const result = [];
  for (let ms = least; ms <= most; ms *= 10) result.push(ms);
  return result;
}

/** A line that shows single points, too. */
function line(name, more) {
  const ink = () => colour(name);
  return { stroke: ink, points: { show: true, size: 4, fill: ink, filter: lonely }, ...more };
}

/** The single points, which no line reaches. */
function lonely(plot, series) {
  const values = plot.data[series];
  return values.flatMap((value, at) =>
    value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null ? [at] : [],
  );
}
