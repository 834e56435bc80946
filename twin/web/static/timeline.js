/**
 * The time axis that all charts share: the last hours, or a part of them to which the user zoomed.
 * uPlot draws them; it is loaded before the modules, as a global.
 */

import { clock, date } from "./moment.js";

const HOUR_S = 3600;
/** The longest time to show. */
const HOURS = [1, 6, 24];
const FONT = "11px system-ui, sans-serif";
/** The longest label on the left of a chart. */
const LONGEST = "100 ms";
/** From a label to what is next to it. */
const GAP_PX = 10;
const PEN = document.createElement("canvas").getContext("2d");
/** Fits on A4 and Letter, with margins. */
const PAPER_PX = 620;

/** A custom property of the page's style; charts are drawn again when it changes. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export class Timeline {
  #charts = new Set();
  #chosen = null;
  #dragged = null;
  #since = 0;
  #now = 0;

  /** @param {function(number|null): void} changed  hears the hours shown; null when dragged */
  constructor(changed) {
    this.changed = changed;
    for (const query of ["(prefers-color-scheme: dark)", "print"]) {
      matchMedia(query).addEventListener("change", () => this.#charts.forEach((chart) => chart.redraw()));
    }
    addEventListener("beforeprint", () => this.#charts.forEach((chart) => resize(chart, PAPER_PX)));
    addEventListener("afterprint", () => this.#charts.forEach((chart) => resize(chart)));
  }

  /** @returns {[number, number]} */
  get range() {
    return this.#dragged ?? [this.#now - this.#hours * HOUR_S, this.#now];
  }

  /** Move the axis to `now`, unless the user has zoomed in; the history begins at `since`. */
  move(now, since) {
    this.#now = now;
    this.#since = since;
    if (!this.#dragged) this.#follow();
  }

  /** Show the last hours; with null, as many as the history has. */
  last(hours) {
    this.#chosen = hours;
    this.#dragged = null;
    this.#follow();
  }

  /**
   * @param {HTMLElement} place  what it fills
   * @param {{height: number, labels: boolean, data: Array, series: object[], y: object, axis: object,
   *   draw?: function, point?: function(number|null)}} chart  `labels` of the time below it; `point`
   *   hears the moment under the pointer
   * @returns {uPlot}
   */
  chart(place, { height, labels, data, series, y, axis, draw = () => {}, point = () => {} }) {
    const [min, max] = this.range;
    const plot = new globalThis.uPlot(
      {
        width: place.clientWidth || 600,
        height,
        padding: [6, Math.ceil(momentPx() / 2), labels ? 0 : 4, 0],
        legend: { show: false },
        cursor: this.#cursor(),
        scales: { x: { auto: false, min, max }, y },
        axes: [this.#axis(labels), { size: textPx(LONGEST) + GAP_PX, ...inks(), ...axis }],
        series: [{}, ...series],
        hooks: {
          draw: [draw],
          setCursor: [(u) => point(u.cursor.left < 0 ? null : u.posToVal(u.cursor.left, "x"))],
          setSelect: [(u) => this.#drag(u)],
        },
      },
      data,
      place,
    );
    plot.ctx.canvas.setAttribute("aria-hidden", "true"); // the text beside it says the same
    this.#charts.add(plot);
    new ResizeObserver(() => resize(plot)).observe(place);
    return plot;
  }

  /** Set the data of a chart, and keep the zoom. */
  feed(plot, data) {
    plot.batch(() => {
      plot.setData(data, false);
      this.#show(plot);
    });
  }

  #cursor() {
    const pointer = (type) => type === "mousemove" || type === "mouseleave";
    return {
      y: false,
      drag: { x: true, setScale: false, dist: 8 },
      points: { size: 7 },
      sync: { key: "time", filters: { pub: pointer } },
      bind: { dblclick: () => () => this.last(null) },
    };
  }

  #axis(labels) {
    return {
      ...inks(),
      show: labels,
      size: 30,
      space: momentPx() + GAP_PX,
      values: (_, moments) => moments.map(label),
    };
  }

  #drag(plot) {
    const { left, width } = plot.select;
    if (width < 1) return;
    const range = [left, left + width].map((px) => plot.posToVal(px, "x"));
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (range[1] - range[0] < 60) return;
    this.#dragged = range;
    this.changed(null);
    this.#apply();
  }

  get #hours() {
    return this.#chosen ?? HOURS.find((hours) => this.#now - this.#since < hours * HOUR_S) ?? HOURS.at(-1);
  }

  #follow() {
    this.changed(this.#hours);
    this.#apply();
  }

  #apply() {
    this.#charts.forEach((chart) => this.#show(chart));
  }

  #show(plot) {
    const [min, max] = this.range;
    plot.setScale("x", { min, max });
  }
}

/** Fit it to its place, if that is visible. */
function resize(plot, width = plot.root.parentElement.clientWidth) {
  if (width) plot.setSize({ width, height: plot.height });
}

/** The date at midnight, otherwise the time. */
const label = (at) => (new Date(at * 1000).toTimeString().startsWith("00:00") ? date(at) : clock(at));

/** The width of the widest label of a moment: months differ. */
function momentPx() {
  const months = Array.from({ length: 12 }, (_, month) => Date.UTC(2000, month, 28, 12) / 1000);
  return Math.max(...[...months.map(date), clock(0)].map(textPx));
}

/** The width of a label in the font of the page. */
function textPx(text) {
  PEN.font = FONT;
  return Math.ceil(PEN.measureText(text).width);
}

/** Colours and font of an axis, read at each drawing. */
function inks() {
  const line = () => colour("line");
  return {
    stroke: () => colour("soft"),
    font: FONT,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
  };
}
