/** Changes only what differs in the page, so that focus, scrolling and selection stay. */

/**
 * @param {string} tag
 * @param {Object<string, string>} attributes
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const BEFORE_UNIT = /(\d) (?=(?:ms|s|min|h|days?)\b)/g;

/** Set the text, without line breaks between numbers and units. */
export function say(element, text) {
  const words = text.replace(BEFORE_UNIT, "$1\u00a0");
  if (element.textContent !== words) element.textContent = words;
}

/** Set the attribute, or remove it where `value` is null. */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A copy of what is in `<template id=…>`. */
export function copyOf(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** Show another shape of the sprite. */
export function shape(svg, id) {
  mark(svg.querySelector("use"), "href", `#${id}`);
}

/**
 * Make the children of `parent` match `items`, in their order; children that stay are updated.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {function(T): (string|number)} key  different for each
 * @param {function(T): Element} create
 * @param {function(Element, T): void} update
 */
export function list(parent, items, key, create, update) {
  const keys = items.map((item) => String(key(item)));
  const wanted = new Set(keys);
  for (const child of [...parent.children]) if (!wanted.has(child.dataset.key)) child.remove();
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  items.forEach((item, index) => {
    const child = known.get(keys[index]) ?? create(item);
    child.dataset.key = keys[index];
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  });
}
