/**
 * Marks on a chart that show their reason under the pointer or in focus. One of them is in the tab
 * order; the arrow keys move to the others.
 */

import { list, make, mark, say } from "./dom.js";

const tip = document.getElementById("tip");

/**
 * @param {HTMLElement} layer  the marks are its children; nothing else is
 * @param {{key: string, left: number, top: number, kind: string, text: string}[]} items  from left
 *   to right, in pixels of the layer
 */
export function place(layer, items) {
  list(layer, items, (item) => item.key, create, (button, item) => {
    mark(button, "data-kind", item.kind);
    mark(button, "aria-label", item.text);
    button.style.left = `${item.left}px`;
    button.style.top = `${item.top}px`;
  });
  const buttons = [...layer.children];
  const current = buttons.find((button) => button.tabIndex === 0) ?? buttons.at(-1);
  for (const button of buttons) button.tabIndex = button === current ? 0 : -1;
}

/** The layer for the marks of a chart. */
export function layer(plot, label) {
  const element = make("div", { class: "marks", role: "group", "aria-label": label });
  plot.over.append(element);
  element.addEventListener("keydown", step);
  return element;
}

function create() {
  const button = make("button", { type: "button", class: "mark", tabindex: "-1" });
  for (const begin of ["pointerenter", "focus"]) button.addEventListener(begin, () => show(button));
  for (const end of ["pointerleave", "blur"]) button.addEventListener(end, hide);
  return button;
}

function step(event) {
  if (event.key === "Escape") hide();
  const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const to = direction && event.target[direction < 0 ? "previousElementSibling" : "nextElementSibling"];
  if (!to) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

function show(button) {
  say(tip, button.getAttribute("aria-label"));
  tip.hidden = false;
  const { left, right, top } = button.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const most = document.documentElement.clientWidth - width - 8;
  tip.style.left = `${Math.max(8, Math.min((left + right - width) / 2, most)) + scrollX}px`;
  tip.style.top = `${top - height - 6 + scrollY}px`;
}

function hide() {
  tip.hidden = true;
}
