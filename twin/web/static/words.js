/** The words of the page. */

/** By role: its words, and its shape beside the colour. */
export const ROLES = {
  waking: { words: "waking up", shape: "moving" },
  claiming: { words: "taking the duty", shape: "moving" },
  on_duty: { words: "on duty", shape: "on_duty" },
  standby: { words: "standing by", shape: "standby" },
  leaving: { words: "leaving", shape: "moving" },
  asleep: { words: "asleep", shape: "asleep" },
  awake: { words: "awake", shape: "unknown" },
  gone: { words: "gone", shape: "trouble" },
  unreachable: { words: "unreachable", shape: "trouble" },
  refused: { words: "refused", shape: "trouble" },
  unknown: { words: "unknown", shape: "unknown" },
};

/** @returns {{words: string, shape: string}} */
export const role = (name) => ROLES[name] ?? ROLES.unknown;

/** How slots end. */
export const ENDED = {
  done: "done",
  failed: "failed",
  skipped: "skipped",
  running: "running",
  unknown: "unknown",
  unrecorded: "no record",
  cancelled: "done, for good",
};

/** Verdicts on a target, from good to bad. */
export const VERDICTS = ["unknown", "healthy", "slow", "failing", "unreachable"];

export const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** With a full stop, if it does not end a sentence yet. */
export const stop = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** `2 to 3: slow for 15 s`. */
export function decided([, was, to, because]) {
  return `${was < 0 ? "?" : was} to ${to}${because ? `: ${because}` : ""}`;
}

/** `b, c and d`, by the alphabet. */
export function listed(names) {
  const sorted = [...names].sort();
  return [sorted.slice(0, -1).join(", "), sorted.at(-1)].filter(Boolean).join(" and ");
}

/** `3 handovers`, `1 handover`, `no handover`. */
export function count(number, noun) {
  return number === 0 ? `no ${noun}` : `${number} ${noun}${number === 1 ? "" : "s"}`;
}
