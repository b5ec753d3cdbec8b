// @ts-check
// What is known of one area: values beside those of the city, why it was selected.

import { cellText, element } from "./controls.js";
import { fillIn, formatNumber, formatValue } from "./format.js";

const Z95 = 1.959963984540054;

/**
 * The 95 % interval of a share (Wilson 1927).
 *
 * @param {number} x
 * @param {number} n
 * @returns {[number, number]} as parts of 1
 */
export function wilson(x, n) {
  const share = x / n;
  const centre = share + (Z95 * Z95) / (2 * n);
  const half = Z95 * Math.sqrt((share * (1 - share)) / n + (Z95 * Z95) / (4 * n * n));
  const scale = 1 + (Z95 * Z95) / n;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}

/**
 * @param {any} atlas
 * @param {number | null} area
 * @param {HTMLElement} box
 * @param {() => void} close
 */
export function drawPanel(atlas, area, box, close) {
  box.replaceChildren();
  if (area === null) return;
  const title = element("h2", "qa-area-name", atlas.areas.names[area]);
  const button = /** @type {HTMLButtonElement} */ (element("button", "qa-close", "×"));
  button.type = "button";
  button.setAttribute("aria-label", atlas.words.button_close);
  button.addEventListener("click", close);
  box.append(button, title);
  box.append(element("p", "qa-muted", [atlas.areas.keys[area], ...atlas.areas.parents.map((/** @type {string[]} */ p) => p[area])].join(" · ")));
  const people = atlas.areas.residents[area];
  if (people !== null) box.append(element("p", "", fillIn(atlas.words.residents_count, { count: formatNumber(people, 0, atlas.lang) })));
  if (atlas.reasons[area]) {
    box.append(element("h3", "", atlas.words.tooltip_selected), bulletList(atlas.reasons[area]));
  }
  for (const domain of new Set(atlas.columns.filter((/** @type {any} */ c) => !c.matrix).map((/** @type {any} */ c) => c.domain))) {
    box.append(element("h3", "", String(domain)));
    for (const column of atlas.columns) if (column.domain === domain && !column.matrix) box.append(profileRow(atlas, column, area));
  }
  box.append(element("p", "qa-legend-note", atlas.words.profile_note));
}

/**
 * @param {string[]} lines
 * @returns {HTMLElement}
 */
function bulletList(lines) {
  const list = element("ul", "");
  list.append(...lines.map((line) => element("li", "", line)));
  return list;
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number} area
 * @returns {HTMLElement}
 */
function profileRow(atlas, column, area) {
  const row = element("div", "qa-profile");
  const words = element("div", "qa-profile-words", `${column.label}: `);
  words.append(element("strong", "", cellText(atlas, column, area)));
  if (column.city !== null) {
    words.append(element("span", "qa-muted", ` (${fillIn(atlas.words.legend_city, { value: formatValue(column.city, column, atlas.lang) })})`));
  }
  row.append(words);
  if (!column.classes && column.values[area] !== null) row.append(bar(column, area));
  if (column.numerator && column.values[area] !== null) {
    const [numerator, denominator] = [column.numerator[area], column.denominator[area]].map((n) => formatNumber(n, 0, atlas.lang));
    row.append(element("div", "qa-muted", fillIn(atlas.words.tooltip_counts, { numerator, denominator })));
  }
  return row;
}

/**
 * A bar from 0 to the value, with the city value and the interval as marks; the words beside it say the same.
 *
 * @param {any} column
 * @param {number} area
 * @returns {HTMLElement}
 */
function bar(column, area) {
  const box = element("div", "qa-bar");
  box.setAttribute("aria-hidden", "true");
  const known = column.values.filter((/** @type {number | null} */ v) => v !== null);
  const extremes = known.reduce((/** @type {number[]} */ [low, high], /** @type {number} */ v) => [Math.min(low, v), Math.max(high, v)], [0, 0]);
  const [lowest, highest] = [extremes[0], Math.max(extremes[1], column.city ?? 0)];
  const at = (/** @type {number} */ value) => (100 * (Math.min(value, highest) - lowest)) / (highest - lowest || 1);
  const span = (/** @type {string} */ name, /** @type {number} */ from, /** @type {number} */ to) => {
    const part = element("span", name);
    part.style.left = `${Math.min(at(from), at(to))}%`;
    part.style.width = `${Math.abs(at(to) - at(from))}%`;
    return part;
  };
  box.append(span("qa-bar-value", 0, column.values[area]));
  const [x, n, per] = [column.numerator?.[area], column.denominator?.[area], column.per];
  if (per && n && x <= n) {
    const [low, high] = wilson(x, n);
    box.append(span("qa-bar-interval", low * per, high * per));
  }
  if (column.city !== null) box.append(span("qa-bar-city", column.city, column.city));
  return box;
}
