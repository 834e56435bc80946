/**
 * Asks `/status` as long as somebody looks, and hands on what it answers.
 *
 * Each question keeps the host awake, so it stops when the tab is hidden, and when nobody has moved
 * for 15 minutes; and of a twin that does not answer it asks ever more seldom.
 */

import { DAY_S } from "./history.js";

const EVERY_MS = 5_000;
/** What comes of an action is seen within a second; a handover takes one or two. */
const HASTY_MS = 1_000;
const HASTE_MS = 5_000;
const SELDOM_MS = 5 * 60_000;
const GIVE_UP_MS = 10_000;
const REST_MS = 15 * 60_000;
/** What is known a little late, and what the two tell each other, arrives within it. */
const LATE_S = 120;
/** A twin that was cut off brings older news than that: now and then all is asked for again. */
const ALL_EVERY_S = 300;
const SIGNS = ["pointermove", "wheel", "touchstart", "scroll", "pointerdown", "keydown"];
/** A mouse that is pushed by chance does not make it go on. */
const WILL = ["pointerdown", "keydown"];

/** How long to wait after so many questions without an answer. */
export function pause(failures) {
  return Math.min(EVERY_MS * 2 ** failures, SELDOM_MS);
}

/** A fault of this page's own must not pass for a page that is up to date. */
function unshown(error) {
  console.error(error);
  return "it answers with what this page cannot show";
}

export class Feed {
  #timer = 0;
  #asking = false;
  #failures = 0;
  #hastyUntil = 0;
  #seenAt = Date.now();
  #resting = false;
  #now = 0;
  #allAt = 0;

  /**
   * @param {object} outlets
   * @param {function(object): void} outlets.told  an answer of `/status`
   * @param {function(string): void} outlets.silent  why there was none, in words
   * @param {function(boolean): void} outlets.rest  it stops because nobody is here, or goes on
   */
  constructor(outlets) {
    this.outlets = outlets;
  }

  start() {
    for (const sign of SIGNS) addEventListener(sign, (event) => this.#seen(event), { passive: true });
    document.addEventListener("visibilitychange", () => this.ask());
    this.ask();
  }

  /** Ask now, if somebody looks. */
  async ask() {
    clearTimeout(this.#timer);
    if (this.#asking || document.hidden || this.#rests()) return;
    this.#asking = true;
    const why = await this.#question().catch(unshown);
    this.#asking = false;
    this.#failures = why ? this.#failures + 1 : 0;
    if (why) this.outlets.silent(why);
    const isHasty = !why && Date.now() < this.#hastyUntil;
    this.#timer = setTimeout(() => this.ask(), isHasty ? HASTY_MS : pause(this.#failures));
  }

  /** Something was done: ask now, and often for a while. */
  hasten() {
    this.#hastyUntil = Date.now() + HASTE_MS;
    this.ask();
  }

  #seen({ type }) {
    if (this.#resting && !WILL.includes(type)) return;
    this.#seenAt = Date.now();
    if (!this.#resting) return;
    this.#resting = false;
    this.outlets.rest(false);
    this.ask();
  }

  #rests() {
    const resting = Date.now() - this.#seenAt >= REST_MS;
    if (resting && !this.#resting) this.outlets.rest(true);
    this.#resting = resting;
    return resting;
  }

  /** Why there is no answer; nothing if there is one. */
  async #question() {
    const all = !this.#now || Math.abs(this.#now - this.#allAt) > ALL_EVERY_S;
    let told;
    try {
      const signal = AbortSignal.timeout(GIVE_UP_MS);
      const answer = await fetch(this.#url(all), { headers: { "Twin-Page": "1" }, signal });
      if (!answer.ok) return `it answers with ${answer.status}`;
      told = await answer.json();
    } catch (error) {
      return error.name === "TimeoutError" ? "it does not answer in time" : "it cannot be reached";
    }
    const other = !this.#now && Math.abs(told.now - Date.now() / 1000) > LATE_S;
    this.#now = told.now;
    if (other) return this.#question(); // of the last day by the twin's clock, not by the viewer's
    if (all) this.#allAt = told.now;
    this.outlets.told(told);
    return "";
  }

  #url(all) {
    // The address may hold credentials, which `fetch` refuses; the origin does not.
    const url = new URL("/status", location.origin);
    const now = this.#now || Date.now() / 1000;
    url.searchParams.set("since", Math.max(0, Math.floor(now - (all ? DAY_S : LATE_S))));
    return url;
  }
}
