/** Samples of a target as columns for charts, and by the hour. */

import { VERDICTS } from "./words.js";

/** The longest time between two samples, unless `PROBE_EVERY` is longer. */
const MINUTE_S = 60;

/**
 * @param {import("./history.js").Look[]} looks
 * @returns {{at: number[], latency: (number|null)[], quantity: (number|null)[],
 *   baseline: (number|null)[], verdict: string[]}}  equally long; `at` is in seconds, and where
 *   nobody looked, a row of nulls parts what came before from what came after
 */
export function columns(looks) {
  const longest_s = 2.5 * usual(looks);
  const result = { at: [], latency: [], quantity: [], baseline: [], verdict: [] };
  looks.forEach(([minute, latency_ms, verdict, , quantity, baseline], index) => {
    const at = minute * MINUTE_S;
    const before = index ? looks[index - 1][0] * MINUTE_S : at;
    if (at - before > longest_s) add(result, before + MINUTE_S, 0, "unknown", -1, -1);
    add(result, at, latency_ms, verdict, quantity, baseline);
  });
  return result;
}

function add(columns, at, latency_ms, verdict, quantity, baseline) {
  columns.at.push(at);
  columns.latency.push(latency_ms || null);
  columns.verdict.push(verdict);
  columns.quantity.push(quantity < 0 ? null : quantity);
  columns.baseline.push(baseline < 0 ? null : baseline);
}

/** The median of the seconds between two samples; a minute if there are too few. */
function usual(looks) {
  const between = looks.slice(1).map((look, index) => (look[0] - looks[index][0]) * MINUTE_S);
  between.sort((one, other) => one - other);
  return Math.max(MINUTE_S, between[between.length >> 1] ?? MINUTE_S);
}

/** Stretches of one verdict that is not good. @returns {{from, to, verdict}[]} */
export function troubles({ at, verdict }) {
  const result = [];
  at.forEach((from, index) => {
    const last = result.at(-1);
    const to = at[index + 1] ?? from + MINUTE_S;
    if (verdict[index] === "healthy" || verdict[index] === "unknown") return;
    if (last?.to === from && last.verdict === verdict[index]) last.to = to;
    else result.push({ from, to, verdict: verdict[index] });
  });
  return result;
}

/**
 * The newest hour first.
 * @returns {{at: number, latency: number|null, verdict: string, quantity: string, baseline: string}[]}
 */
export function hours(looks) {
  const groups = new Map();
  for (const look of looks) {
    const hour = Math.floor(look[0] / 60) * 3600;
    groups.set(hour, [...(groups.get(hour) ?? []), look]);
  }
  return [...groups].reverse().map(([at, group]) => ({
    at,
    latency: Math.max(...group.map((look) => look[1])) || null,
    verdict: VERDICTS[Math.max(...group.map((look) => VERDICTS.indexOf(look[2])))] ?? "unknown",
    quantity: range(group.map((look) => look[4])),
    baseline: range(group.map((look) => look[5])),
  }));
}

/** `2`, `1 to 3`, or `–` if none is known. */
function range(numbers) {
  const known = numbers.filter((number) => number >= 0);
  if (!known.length) return "–";
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return least === most ? `${least}` : `${least} to ${most}`;
}

/** The index of the last one at or before the moment; -1 if there is none. */
export function before(moments, moment) {
  let [low, high] = [0, moments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (moments[middle] <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
