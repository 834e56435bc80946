/** A list of events, the newest first. */

import { list, make, say } from "./dom.js";
import { tell } from "./moment.js";

/**
 * @param {Element} place
 * @param {{at: number, text: string}[]} events  the oldest first
 * @param {number} now
 */
export function show(place, events, now) {
  list(place, [...events].reverse(), ({ at, text }) => `${at} ${text}`, create, (item, { at, text }) => {
    tell(item.firstElementChild, at, now);
    say(item.lastElementChild, text);
  });
}

const create = () => make("li", {}, make("time"), make("span"));
