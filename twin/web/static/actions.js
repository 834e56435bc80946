/** The actions of the page: each asks for confirmation, then shows its result. */

import { mark, say } from "./dom.js";
import { stop } from "./words.js";

/** Long enough to read a sentence or two. */
const RESULT_MS = 10_000;

const $ = (id) => document.getElementById(id);
const result = $("result");
const home = result.parentElement;
const dialog = $("confirm");
const [question, consequence] = dialog.children;
const [yes, no] = dialog.querySelectorAll("button");

export class Actions {
  #asked = null;
  #status = null;
  #timer = 0;

  /** @param {function(): void} done  called after each action */
  constructor(done) {
    this.done = done;
    $("hand-over").addEventListener("click", () => this.#ask(handOver(this.#status)));
    $("pause").addEventListener("click", () => this.#ask(this.#status.paused ? RESUME : pause(this.#status)));
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => this.#confirmed());
  }

  /** @param {object} status  an answer of `/status` */
  show(status) {
    this.#status = status;
    say($("pause"), status.paused ? "Resume the duty" : "Pause the duty");
    say($("hand-over"), handOver(status).yes);
    this.#enable(true);
  }

  /** The twin is gone. */
  rest() {
    this.#enable(false);
    if (dialog.open) dialog.close();
  }

  /** Run this job, and show the result at `place`. */
  run(job, place) {
    this.#ask({
      what: { do: "run", job },
      question: `Run ${job} now?`,
      consequence: this.#status.paused ? "It runs once, now. The duty stays paused." : "It runs once, now, in addition to its slots.",
      yes: "Run it",
    }, place);
  }

  /** Somebody wants this command started anew, and looks at `place`. */
  restart(command, place) {
    this.#ask({
      what: { do: "restart", command },
      question: `Restart ${command}?`,
      consequence: "It gets SIGTERM, and is started again when it has ended.",
      yes: "Restart it",
    }, place);
  }

  #enable(can) {
    for (const button of document.querySelectorAll("#actions button, #jobs button, #commands button")) button.disabled = !can;
  }

  /** Shows the result at `place`. */
  #ask(asked, place = home) {
    this.#asked = asked;
    this.#tell("");
    place.append(result);
    say(question, asked.question);
    say(consequence, asked.consequence);
    say(yes, asked.yes);
    dialog.showModal();
  }

  async #confirmed() {
    dialog.close();
    this.#tell("…");
    const { text, failed } = await sent(this.#asked.what);
    this.#tell(text, failed);
    this.#timer = setTimeout(() => this.#tell(""), RESULT_MS);
    this.done();
  }

  #tell(text, failed = false) {
    clearTimeout(this.#timer);
    mark(result, "role", failed ? "alert" : "status");
    mark(result, "data-failed", failed ? "" : null);
    say(result, text);
  }
}

function pause({ twins }) {
  const nobody = twins.length > 2 ? "no twin" : "neither twin";
  return {
    what: { do: "pause" },
    question: "Pause the duty?",
    consequence: `Until the duty is resumed, ${nobody} starts a job or scales anything: slots are skipped. A handover does not end the pause.`,
    yes: "Pause it",
  };
}

const RESUME = {
  what: { do: "resume" },
  question: "Resume the duty?",
  consequence: "Jobs start again at their next slots. Skipped slots are not run.",
  yes: "Resume it",
};

/** From the twin on duty to the other one, whichever of them shows this page. */
function handOver({ twins }) {
  const [here, peer = {}] = twins;
  const holds = here.role === "on_duty";
  const holder = twins.find((twin) => twin.role === "on_duty") ?? peer;
  const [from, to] = holds ? [here, peer] : [holder, here];
  const name = to.twin || "the other twin";
  return {
    what: { do: "hand_over" },
    question: `Hand the duty over to ${name}?`,
    consequence: `${name} takes the duty, and ${from.twin || "the other twin"} starts no more jobs. No slot is lost or run twice.`,
    yes: `Hand over to ${name}`,
  };
}

/** @returns {Promise<{text: string, failed: boolean}>} */
async function sent(what) {
  try {
    const answer = await fetch(new URL("/actions", location.origin), {
      method: "POST",
      headers: { "Content-Type": "application/json", "Twin-Page": "1" },
      body: JSON.stringify(what),
      signal: AbortSignal.timeout(30_000),
    });
    const { done, error } = await answer.json();
    const failed = answer.status < 500 ? "Not done" : "Perhaps not done";
    return { text: done ?? `${failed}: ${stop(error ?? `it answered ${answer.status}`)}`, failed: !answer.ok };
  } catch {
    return { text: "The twin did not answer: perhaps it is not done.", failed: true };
  }
}
