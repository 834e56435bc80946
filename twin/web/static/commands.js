/** The scripts and commands that run on duty: a row for each. */

import { copyOf, list, mark, say } from "./dom.js";
import { parsed, tell } from "./moment.js";
import { opener } from "./output.js";
import { count } from "./words.js";

const section = document.getElementById("commands");
const WORDS = { running: "runs", waiting: "waits to start again", ended: "is over", off: "does not run" };

/**
 * @param {object} told  an answer of `/status`
 * @param {function(string, Element): void} restart  somebody wants the command of this name started
 *   anew, and looks at the element
 */
export function show(told, restart) {
  const commands = told.commands ?? [];
  section.hidden = !commands.length;
  list(section.lastElementChild, commands, ({ name }) => name, (command) => create(command, restart), (row, command) =>
    fill(row, command, told.now),
  );
}

function create({ name }, restart) {
  const row = copyOf("command");
  const button = row.querySelector("button");
  mark(button, "aria-label", `Restart ${name}`);
  button.addEventListener("click", () => restart(name, button.parentElement));
  button.before(opener("command", name), " ");
  return row;
}

function fill(row, command, now) {
  mark(row, "data-state", command.state);
  say(row.querySelector("h3"), command.name);
  const elsewhere = command.state === "elsewhere" ? `runs on ${command.twin}` : WORDS[command.state];
  say(row.querySelector(".state"), elsewhere);
  row.querySelector(".since").hidden = !command.since;
  tell(row.querySelector("time"), parsed(command.since), now);
  say(row.querySelector(".why"), [restarts(command), command.why].filter(Boolean).join("; last: "));
  say(row.querySelector(".words"), command.words ?? "");
}

const restarts = ({ restarts: number }) => (number ? count(number, "restart") : "");
