/** What can be done from the page: each thing is confirmed first, and says how it went. */

import { mark, say } from "./dom.js";
import { stop } from "./words.js";

/** Long enough to read a sentence or two; then it is not news any more. */
const TOLD_MS = 10_000;

const $ = (id) => document.getElementById(id);
const result = $("result");
const home = result.parentElement;
const dialog = $("confirm");
const [question, consequence] = dialog.children;
const [yes, no] = dialog.querySelectorAll("button");

export class Actions {
  #asked = null;
  #told = null;
  #timer = 0;

  /** @param {function(): void} done  something was done, and may be seen */
  constructor(done) {
    this.done = done;
    $("hand-over").addEventListener("click", () => this.#ask(handOver(this.#told)));
    $("pause").addEventListener("click", () => this.#ask(this.#told.paused ? RESUME : PAUSE));
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => this.#confirmed());
  }

  /** @param {object} told  an answer of `/status` */
  show(told) {
    this.#told = told;
    say($("pause"), told.paused ? "Resume the duty" : "Pause the duty");
    say($("hand-over"), handOver(told).yes);
    this.#enable(true);
  }

  /** The twin is gone: nothing can be done. */
  rest() {
    this.#enable(false);
    if (dialog.open) dialog.close();
  }

  /** Somebody wants this job run, and looks at `place`. */
  run(job, place) {
    this.#ask({
      what: { do: "run", job },
      question: `Run ${job} now?`,
      consequence: "It runs once, at once, beside its slots; the next one comes when it is due.",
      yes: "Run it",
    }, place);
  }

  #enable(can) {
    for (const button of document.querySelectorAll("#actions button, #jobs button")) button.disabled = !can;
  }

  /** What comes of it will be told at `place`. */
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
    this.#timer = setTimeout(() => this.#tell(""), TOLD_MS);
    this.done();
  }

  #tell(text, failed = false) {
    clearTimeout(this.#timer);
    mark(result, "role", failed ? "alert" : "status");
    mark(result, "data-failed", failed ? "" : null);
    say(result, text);
  }
}

const PAUSE = {
  what: { do: "pause" },
  question: "Pause the duty?",
  consequence:
    "Until somebody resumes it, neither twin starts a job or scales anything: the slots are skipped. Both know of it, and it outlasts a handover.",
  yes: "Pause it",
};
const RESUME = {
  what: { do: "resume" },
  question: "Resume the duty?",
  consequence: "Jobs are started again from their next slots on; those that were skipped are not run.",
  yes: "Resume it",
};

/** From the twin on duty to the other one, whichever of them shows this page. */
function handOver({ twins: [here, peer] }) {
  const holds = here.role === "on_duty";
  const [from, to] = holds ? [here, peer] : [peer, here];
  const name = to.twin || "the other twin";
  return {
    what: { do: "hand_over" },
    question: `Hand the duty over to ${name}?`,
    consequence: `${name} takes the duty, and ${from.twin || "the other twin"} starts no more jobs. No slot is lost, and none is run twice.`,
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
    const failed = answer.status < 500 ? "Not done" : "Whether it was done is not known";
    return { text: done ?? `${failed}: ${stop(error ?? `it answered ${answer.status}`)}`, failed: !answer.ok };
  } catch {
    return { text: "The twin did not answer: whether it was done is not known.", failed: true };
  }
}
