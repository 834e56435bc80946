/** The last day, collected from many answers. */

/**
 * @typedef {[minute: number, latency_ms: number, verdict: string, at: number, quantity: number,
 *   baseline: number]} Look  -1 is unknown
 * @typedef {[at: number, was: number, to: number, because: string]} Decision
 * @typedef {[at_ms: number, twin: string, boot: string, role: string, because: string]} Change
 * @typedef {[twin: string, since: number, until: number, release: string]} Life
 */

export const DAY_S = 86400;

export class History {
  #looks = new Map();
  #decisions = new Map();
  #changes = new Map();
  #lives = new Map();

  /** @param {{looks, decisions, changes, lives}} newer  replaces what is here */
  merge(newer) {
    for (const [target, looks] of Object.entries(newer.looks)) {
      for (const look of looks) within(this.#looks, target).set(look[0], look);
    }
    for (const [target, decisions] of Object.entries(newer.decisions)) {
      for (const each of decisions) within(this.#decisions, target).set(each.join(" "), each);
    }
    for (const change of newer.changes) this.#changes.set(change.join(" "), change);
    for (const [boot, life] of Object.entries(newer.lives)) this.#lives.set(boot, life);
  }

  /** Drop what is over a day old at `now`. */
  forget(now) {
    const from = now - DAY_S;
    for (const looks of this.#looks.values()) drop(looks, (look) => look[0] * 60 < from - 60);
    for (const decisions of this.#decisions.values()) drop(decisions, (each) => each[0] < from);
    drop(this.#changes, (change) => change[0] / 1000 < from && this.#isOver(change[2], from));
    drop(this.#lives, (life) => life[2] < from);
  }

  /** @returns {Look[]} */
  looks(target) {
    return sorted(this.#looks.get(target));
  }

  /** @returns {Decision[]} */
  decisions(target) {
    return sorted(this.#decisions.get(target));
  }

  /** @returns {Change[]} */
  get changes() {
    return sorted(this.#changes);
  }

  /** @returns {{boot: string, twin: string, since: number, until: number}[]} by their beginning */
  get lives() {
    return [...this.#lives]
      .map(([boot, [twin, since, until]]) => ({ boot, twin, since, until }))
      .sort((one, other) => one.since - other.since);
  }

  /** The role of a boot that lives on may have changed long ago. */
  #isOver(boot, from) {
    return !this.#lives.has(boot) || this.#lives.get(boot)[2] < from;
  }
}

function within(maps, name) {
  if (!maps.has(name)) maps.set(name, new Map());
  return maps.get(name);
}

function drop(map, isOld) {
  for (const [key, value] of map) if (isOld(value)) map.delete(key);
}

function sorted(map = new Map()) {
  return [...map.values()].sort((one, other) => one[0] - other[0]);
}
