/**
 * The states of each twin over time, from the lives of its boots and the changes of their roles.
 * Moments are seconds since the epoch.
 *
 * @typedef {{from: number, to: number, state: string, because: string}} Span
 *   `state` is a role, or `asleep` (it left), `gone` (it did not announce it), or `awake`
 *   (its role is unknown)
 */

const AWAKE = ["waking", "claiming", "on_duty", "standby", "leaving"];
/** Lives are exact to 5 s, and the clocks of two hosts differ. */
const BLUR_S = 6;

/**
 * @param {{twin: string, boot: string|null, role: string, since: string|null}} twin  as it is now
 * @param {import("./history.js").History} history
 * @param {number} from
 * @param {number} now
 * @returns {Span[]}  in order, without overlaps; unknown times are left out
 */
export function spans(twin, history, from, now) {
  const lives = history.lives.filter((life) => life.twin === twin.twin);
  const all = lives.flatMap((life, index) => {
    const next = lives[index + 1]?.since ?? now;
    const lasts = index === lives.length - 1 && AWAKE.includes(twin.role);
    const end = lasts ? now : Math.min(life.until, next);
    const first = life.since < from ? "awake" : "waking";
    const roles = during(life, end, history.changes, twin, first);
    const last = roles.at(-1)?.state;
    return [...roles, { from: end, to: next, state: last === "leaving" ? "asleep" : "gone", because: "" }];
  });
  return joined(all.map((span) => ({ ...span, from: Math.max(span.from, from) })));
}

/** The roles of one boot; `first` is used where the history begins too late. @returns {Span[]} */
function during(life, end, changes, { boot, role, since }, first) {
  const all = changes.filter(([, , each]) => each === life.boot);
  // The changes no longer hold a role that it has had for days.
  if (!all.length && boot === life.boot && since) all.push([Date.parse(since), life.twin, boot, role, ""]);
  const marks = all.map(([at_ms, , , state, because]) => {
    return { from: Math.max(at_ms / 1000, life.since), state, because };
  });
  marks.unshift({ from: life.since, state: first, because: "" });
  return marks.map((span, index) => ({ ...span, to: Math.min(marks[index + 1]?.from ?? end, end) }));
}

/** Drops empty spans, and joins neighbours of the same state. */
function joined(all) {
  const result = [];
  for (const span of all.filter(({ from, to }) => to > from)) {
    const last = result.at(-1);
    if (last?.state === span.state && last.to === span.from) last.to = span.to;
    else result.push({ ...span });
  }
  return result;
}

/**
 * Each handover.
 * @param {import("./history.js").Change[]} changes
 * @returns {{at: number, twin: string, from: string|null, because: string}[]}
 *   `from` is null if nobody is known to have had it; `because` is why it was claimed
 */
export function handovers(changes) {
  const claims = new Map();
  const result = [];
  for (const [at_ms, twin, boot, role, because] of changes) {
    if (role === "on_duty") {
      const from = result.at(-1)?.twin ?? null;
      result.push({ at: at_ms / 1000, twin, from, because: claims.get(boot) || because });
    }
    claims.set(boot, role === "claiming" ? because : "");
  }
  return result;
}

/**
 * How long nobody was on duty, and how long both were, in the known time.
 * @param {Span[][]} lanes
 * @returns {{none_s: number, both_s: number}}  at most; less than can be known counts as nothing
 */
export function duty(lanes) {
  const edges = lanes.flat().flatMap(({ from, to }) => [from, to]);
  const moments = [...new Set(edges)].sort((one, other) => one - other);
  const sums = { none_s: 0, both_s: 0 };
  let holders = null;
  let begin = 0;
  const close = (at) => {
    const length = at - begin;
    if (length > (holders === 2 ? BLUR_S : 0)) {
      if (holders === 0) sums.none_s += length;
      if (holders === 2) sums.both_s += length;
    }
    begin = at;
  };
  for (const at of moments) {
    const states = lanes.map((lane) => stateAt(lane, at)?.state);
    const known = states.filter((state) => state === "on_duty").length;
    const most = Math.min(known, 2);
    const isKnown = known || states.every((state) => state && state !== "awake");
    if ((isKnown ? most : null) !== holders) {
      close(at);
      holders = isKnown ? most : null;
    }
  }
  close(moments.at(-1) ?? 0);
  return sums;
}

/** @returns {Span|undefined} */
export function stateAt(lane, at) {
  return lane.find(({ from, to }) => from <= at && at < to);
}
