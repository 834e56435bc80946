/** The arbiter of strict mode, in a row. */

import { mark, say, shape } from "./dom.js";
import { span } from "./moment.js";
import { upper } from "./words.js";

const row = document.getElementById("arbiter");
const [sign, state, why, held] = row.children;

/** @param {object} status  an answer of `/status` */
export function show({ arbiter }) {
  row.hidden = !arbiter;
  if (!arbiter) return;
  const { why_silent, lease_s, holder } = arbiter;
  mark(row, "data-silent", why_silent ? "" : null);
  shape(sign, why_silent ? "trouble" : "done");
  say(state, sentence(arbiter));
  say(why, why_silent ? `${upper(why_silent.replace(/^the arbiter /, "it "))}.` : "");
  why.hidden = !why_silent;
  say(held, holder ? `Twin ${holder} holds its lease of ${span(lease_s)}.` : "Nobody holds its lease.");
}

function sentence({ why_silent, heard_s }) {
  if (!why_silent) return heard_s === null ? "The arbiter is being asked." : "The arbiter answers.";
  return heard_s === null ? "The arbiter has never answered." : `The arbiter has been silent for ${span(heard_s)}.`;
}
