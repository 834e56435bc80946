/**
 * Requests `/status` while somebody looks, and passes the answers on.
 *
 * Each request keeps the host awake, so it stops when the tab is hidden, and after 15 minutes without
 * a sign of the user. It backs off from a twin that does not answer.
 */

import { DAY_S } from "./history.js";

const EVERY_MS = 5_000;
/** The result of an action shows within a second; a handover takes one or two. */
const HASTY_MS = 1_000;
const HASTE_MS = 5_000;
const SELDOM_MS = 5 * 60_000;
const GIVE_UP_MS = 10_000;
const REST_MS = 15 * 60_000;
/** Late news, and news from the other twin, arrive within this time. */
const LATE_S = 120;
/** A twin that was cut off has older news: now and then the page requests all of it. */
const ALL_EVERY_S = 300;
const SIGNS = ["pointermove", "wheel", "touchstart", "scroll", "pointerdown", "keydown"];
/** An accidental push of the mouse does not resume it. */
const WILL = ["pointerdown", "keydown"];

/** How long to wait after so many failures in a row. */
export function pause(failures) {
  return Math.min(EVERY_MS * 2 ** failures, SELDOM_MS);
}

/** After an error of this page, it must not look up to date. */
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
   * @param {function(object): void} outlets.status  an answer of `/status`
   * @param {function(string): void} outlets.silent  why there is none, in words
   * @param {function(boolean): void} outlets.rest  it stops because nobody is here, or resumes
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

  /** After an action: ask now, and often for a while. */
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

  /** Why there is no answer; empty if there is one. */
  async #question() {
    const all = !this.#now || Math.abs(this.#now - this.#allAt) > ALL_EVERY_S;
    let status;
    try {
      const signal = AbortSignal.timeout(GIVE_UP_MS);
      const answer = await fetch(this.#url(all), { headers: { "Twin-Page": "1" }, signal });
      if (!answer.ok) return `it answers with ${answer.status}`;
      status = await answer.json();
    } catch (error) {
      return error.name === "TimeoutError" ? "it does not answer in time" : "it cannot be reached";
    }
    const other = !this.#now && Math.abs(status.now - Date.now() / 1000) > LATE_S;
    this.#now = status.now;
    if (other) return this.#question(); // of the last day by the twin's clock, not by the viewer's
    if (all) this.#allAt = status.now;
    this.outlets.status(status);
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
