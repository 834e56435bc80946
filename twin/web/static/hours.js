/** Hours that the twins were awake this month, and what the timetable saved. */

import { list, make, say } from "./dom.js";

const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const MONTH = new Intl.DateTimeFormat(undefined, { month: "long", timeZone: "UTC" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", timeZone: "UTC" });

/** @param {object} status  an answer of `/status` */
export function show({ hours, targets }) {
  const saved = (targets ?? []).filter((target) => target.saved);
  document.getElementById("hours-and-savings").hidden = !hours && !saved.length;
  if (hours) used(document.getElementById("hours"), hours);
  list(document.getElementById("savings"), saved, ({ name }) => name, () => make("li"), (item, { name, saved, max }) =>
    say(item, `The timetable saved ${NUMBER.format(saved.dyno_hours)} dyno-hours of ${name} in ${month(saved.month)}, compared with always ${max}.`),
  );
}

const month = (text) => MONTH.format(new Date(`${text}-01T00:00:00Z`));

/** The hours of each twin as a bar, and in words. */
function used(place, hours) {
  if (!place.children.length) place.append(make("div", { class: "bar", "aria-hidden": "true" }), make("p"));
  const [bar, words] = place.children;
  const each = Object.entries(hours.used);
  bar.hidden = !hours.budget;
  list(bar, each, ([twin]) => twin, () => make("i"), (part, [, spent]) => {
    part.style.width = `${Math.min(100, (100 * spent) / hours.budget)}%`;
  });
  say(words, sentence(hours, each));
}

function sentence({ host, budget, month: which, known_since, dry_on }, each) {
  const { format, shown } = rounded(each);
  const parts = shown.map(([twin, spent]) => `${twin}\u00a0${format(spent)} h`).join(", ");
  const of = budget ? ` of the ${NUMBER.format(budget)} h of ${host ?? "the host"}` : "";
  const known = new Date(known_since);
  const since = known.getUTCDate() > 1 ? ` since ${DAY.format(known)}` : "";
  const dry = dry_on ? ` At this rate, they are used up on ${DAY.format(new Date(dry_on))}.` : "";
  return `${format(sum(shown))} h${of} were used in ${month(which)}${since}${parts && ` (${parts})`}.${dry}`;
}

const sum = (each) => each.reduce((total, [, spent]) => total + spent, 0);

/** Rounded so that the shown numbers add up. */
function rounded(each) {
  const digits = sum(each) < 10 ? 2 : 1;
  const { format } = new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return { format, shown: each.map(([twin, spent]) => [twin, Number(spent.toFixed(digits))]) };
}
