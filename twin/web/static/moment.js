/** Times and spans as people read them. Moments are seconds since the epoch. */

import { mark, say } from "./dom.js";

const DAY_S = 86400;
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const EXACT = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** ISO text -> a moment; null for null. */
export const parsed = (iso) => (iso ? Date.parse(iso) / 1000 : null);

/** `14:05` in the viewer's zone. */
export const clock = (at) => CLOCK.format(at * 1000);

/** `14:05:09` in the viewer's zone. */
export const exact = (at) => EXACT.format(at * 1000);

/** `21 Nov`, or as the viewer writes it. */
export const date = (at) => DATE.format(at * 1000);

/** `14:05`, or in the form of `time`; with the date if it is not today. */
export function day(at, now, time = clock) {
  return date(at) === date(now) && Math.abs(now - at) < DAY_S ? time(at) : `${date(at)} ${time(at)}`;
}

/** `2026-11-21 13:05:09 UTC`. */
export function utc(at) {
  return `${new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `3 s`, `12 min`, `8 h 14 min`, `3 days 4 h`. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  const [big, small] = s < DAY_S ? [3600, 60] : [DAY_S, 3600];
  const [many, few] = [Math.floor(s / big), Math.floor((s % big) / small)];
  const units = big === 3600 ? ["h", "min"] : [many === 1 ? "day" : "days", "h"];
  return few ? `${many} ${units[0]} ${few} ${units[1]}` : `${many} ${units[0]}`;
}

/** `0.8 s`, `124 ms`, `2 min`. */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${Number((ms / 1000).toFixed(1))} s` : span(ms / 1000);
}

/** Show a moment in a `<time>`, with UTC in its title; a dash for null. */
export function tell(element, at, now, time = clock) {
  mark(element, "datetime", at === null ? null : new Date(at * 1000).toISOString());
  mark(element, "title", at === null ? null : utc(at));
  say(element, at === null ? "–" : day(at, now, time));
}
