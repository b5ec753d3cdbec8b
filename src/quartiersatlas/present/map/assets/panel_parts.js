// @ts-check
// The small pieces a panel is made of.

import { element } from "./controls.js";

/**
 * @param {string} text
 * @returns {HTMLElement}
 */
export function paragraph(text) {
  return element("p", "", text);
}

/**
 * @param {Iterable<string | [string, any[]]>} lines text, or text with a list of its own
 * @returns {HTMLElement}
 */
export function bulletList(lines) {
  const list = element("ul", "");
  for (const line of lines) {
    const [words, inner] = typeof line === "string" ? [line, []] : line;
    const item = element("li", "", words);
    if (inner.length) item.append(bulletList(inner));
    list.append(item);
  }
  return list;
}

/**
 * Lines behind a heading that opens.
 *
 * @param {string} title
 * @param {Iterable<string>} lines
 * @returns {HTMLElement}
 */
export function foldedList(title, lines) {
  const box = element("details", "");
  box.append(element("summary", "", title), bulletList(lines));
  return box;
}

/**
 * A part of a bar, between two places in percent; the words beside the bar say the same.
 *
 * @param {string} className
 * @param {number} from
 * @param {number} to
 * @returns {HTMLElement}
 */
export function barPart(className, from, to) {
  const part = element("span", className);
  part.style.left = `${Math.min(from, to)}%`;
  part.style.width = `${Math.abs(to - from)}%`;
  return part;
}

/**
 * @param {string} className
 * @param {HTMLElement[]} parts
 * @returns {HTMLElement}
 */
export function hiddenBar(className, parts) {
  const box = element("div", className);
  box.setAttribute("aria-hidden", "true");
  box.append(...parts);
  return box;
}

/**
 * @param {any} atlas
 * @param {string} id
 * @returns {any} undefined where the map has no such column
 */
export function columnOf(atlas, id) {
  return atlas.columns.find((/** @type {any} */ column) => column.id === id);
}
