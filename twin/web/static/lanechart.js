/** The last day of the pair: a lane for each twin, and the handovers on them. */

import { list, make, mark, say } from "./dom.js";
import { show as showEvents } from "./events.js";
import { duty, handovers, spans, stateAt } from "./lanes.js";
import { layer, place } from "./marks.js";
import { clock, exact, span, utc } from "./moment.js";
import { count, role, upper } from "./words.js";

const LANE_PX = 46;
const BAND_PX = 24;

const figure = document.getElementById("lanes");
const reading = figure.querySelector(".reading");

export class LaneChart {
  #lanes = [];
  #handovers = [];
  #now = 0;
  #pointed = null;

  /** @param {import("./timeline.js").Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
  }

  /**
   * @param {object[]} twins  as `/status` tells of them
   * @param {import("./history.js").History} history
   * @param {number} now
   */
  show(twins, history, now) {
    const from = now - 24 * 3600;
    this.#now = now;
    this.#lanes = twins.map((twin) => ({ twin: twin.twin, spans: spans(twin, history, from, now) }));
    this.#handovers = handovers(history.changes).filter(({ at }) => at >= from);
    this.plot ??= this.#make();
    const height = twins.length * LANE_PX + 36;
    if (this.plot.height !== height) this.plot.setSize({ width: this.plot.width, height });
    this.timeline.feed(this.plot, [[from, now], [0, 0]]);
    this.#read();
    this.#tell();
  }

  #make() {
    const plot = this.timeline.chart(figure.querySelector(".plot"), {
      height: 2 * LANE_PX + 36,
      labels: true,
      data: [[0, 1], [0, 0]],
      series: [{ show: false }],
      y: { range: [0, 1] },
      axis: { splits: () => [], grid: { show: false }, ticks: { show: false } },
      draw: (u) => this.#draw(u),
      point: (at) => {
        this.#pointed = at;
        this.#read();
      },
    });
    this.bands = make("div", { class: "lanes", "aria-hidden": "true" });
    plot.over.append(this.bands);
    this.marks = layer(plot, "Handovers; the arrow keys go from one to the next");
    return plot;
  }

  #draw(plot) {
    if (!this.bands) return;
    const [min, max] = this.timeline.range;
    const lanes = this.#lanes.map(({ twin }) => twin);
    const px = (at) => plot.valToPos(Math.max(min, Math.min(at, max)), "x");
    list(this.bands, this.#lanes, ({ twin }) => twin, lane, (element, { twin, spans }) => {
      say(element.firstElementChild, twin);
      element.style.top = `${lanes.indexOf(twin) * LANE_PX}px`;
      const seen = spans.filter(({ from, to }) => to > min && from < max);
      list(element.lastElementChild, seen, ({ from }) => from, () => make("i"), (band, each) => {
        mark(band, "data-state", each.state);
        band.style.left = `${px(each.from)}px`;
        band.style.width = `${Math.max(1, px(each.to) - px(each.from))}px`;
      });
    });
    this.#mark(px, this.#handovers.filter(({ at }) => at >= min && at <= max));
  }

  #mark(px, seen) {
    const lanes = this.#lanes.map(({ twin }) => twin);
    place(this.marks, seen.map((each) => ({
      key: `${each.at} ${each.twin}`,
      left: px(each.at),
      top: Math.max(0, lanes.indexOf(each.twin)) * LANE_PX + LANE_PX - BAND_PX,
      kind: "handover",
      text: `${clock(each.at)} ${sentence(each)}`,
    })));
  }

  /** The states at the moment under the pointer. */
  #read() {
    const at = this.#pointed;
    if (at === null || at > this.#now) return say(reading, "");
    const states = this.#lanes.map(({ twin, spans }) => `${twin} ${role(stateAt(spans, at)?.state).words}`);
    say(reading, `${exact(at)} · ${states.join(" · ")}`);
    reading.title = utc(at);
  }

  #tell() {
    say(document.getElementById("day-in-words"), summary(this.#handovers, this.#lanes));
    const events = this.#handovers.map((each) => ({ at: each.at, text: sentence(each) }));
    showEvents(document.getElementById("handovers"), events, this.#now);
  }
}

const lane = () => make("div", { class: "lane" }, make("b"), make("div"));

/** `b took the duty from a: peer silent for 6.1 s`. */
function sentence({ twin, from, because }) {
  const taken = from === null || from === twin ? `${twin} took the duty` : `${twin} took the duty from ${from}`;
  return because ? `${taken}: ${because}` : taken;
}

function summary(handovers, lanes) {
  const { none_s, both_s } = duty(lanes.map(({ spans }) => spans));
  const given = handovers.filter(({ from, twin }) => from && from !== twin).length;
  const both = both_s ? span(both_s) : "never";
  return `${upper(count(given, "handover"))}. Nobody on duty: ${none_s ? `${span(none_s)} at most` : "never"}. ${lanes.length > 2 ? "Two" : "Both"} on duty: ${both}.`;
}
