// @ts-check
// The same content as a table: every area, every column, sorted by a click on a heading.

import { cellText, element } from "./controls.js";
import { formatNumber } from "./format.js";

/**
 * @typedef {object} TableColumn
 * @property {string} label
 * @property {(area: number) => string} text
 * @property {(area: number) => string | number | null} order null stands last
 * @property {boolean} isNumber
 */

/**
 * Rows in the order of a column; what has no value stands last whichever way, ties keep the order of the areas.
 *
 * @param {number} count
 * @param {(area: number) => string | number | null} order
 * @param {boolean} falling
 * @param {string} lang
 * @returns {number[]}
 */
export function sortedRows(count, order, falling, lang) {
  const compare = new Intl.Collator(lang, { numeric: true }).compare;
  const keys = Array.from({ length: count }, (_, area) => order(area));
  return keys
    .map((_, area) => area)
    .sort((a, b) => {
      const [x, y] = [keys[a], keys[b]];
      if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
      const difference = typeof x === "number" && typeof y === "number" ? x - y : compare(String(x), String(y));
      return (falling ? -difference : difference) || a - b;
    });
}

/**
 * @param {any} atlas
 * @returns {TableColumn[]}
 */
function tableColumns(atlas) {
  const { names, keys, parents, residents } = atlas.areas;
  const word = (/** @type {string} */ label, /** @type {string[]} */ values) => ({
    label,
    text: (/** @type {number} */ area) => String(values[area] ?? ""),
    order: (/** @type {number} */ area) => values[area],
    isNumber: false,
  });
  const people = (/** @type {number} */ area) => (residents[area] === null ? "" : formatNumber(residents[area], 0, atlas.lang));
  return [
    word(atlas.words.label_area, names),
    word(atlas.words.label_key, keys),
    ...parents.map((/** @type {string[]} */ values, /** @type {number} */ level) => word(atlas.areas.levels[level], values)),
    { label: atlas.words.label_residents, text: people, order: (area) => residents[area], isNumber: true },
    ...atlas.columns.filter((/** @type {any} */ c) => !c.matrix).map((/** @type {any} */ column) => ({
      label: column.unit ? `${column.label} (${column.unit})` : column.label,
      text: (/** @type {number} */ area) => cellText(atlas, column, area),
      order: (/** @type {number} */ area) => column.values[area],
      isNumber: !column.classes,
    })),
    {
      label: atlas.words.label_reasons,
      text: (area) => (atlas.reasons[area] ?? []).join("; "),
      order: (area) => (atlas.reasons[area] ? atlas.reasons[area].length : null),
      isNumber: false,
    },
  ];
}

/**
 * @param {any} atlas
 * @returns {string} how to use it, and the date where there are several
 */
function tableCaption(atlas) {
  const { words, times, shown } = atlas;
  return times.length > 1 ? `${words.label_as_of}: ${times[shown].year}. ${words.table_caption}` : words.table_caption;
}

/**
 * @param {any} atlas
 * @param {HTMLElement} box
 * @param {(area: number) => void} choose
 */
export function drawTable(atlas, box, choose) {
  const columns = tableColumns(atlas);
  const table = element("table", "");
  table.append(element("caption", "", tableCaption(atlas)));
  const [head, body] = [element("thead", ""), element("tbody", "")];
  const heads = columns.map((column) => {
    const cell = /** @type {HTMLTableCellElement} */ (element("th", column.isNumber ? "qa-number" : ""));
    cell.scope = "col";
    const button = /** @type {HTMLButtonElement} */ (element("button", "", column.label));
    button.type = "button";
    cell.append(button);
    return cell;
  });
  const headRow = element("tr", "");
  headRow.append(...heads);
  head.append(headRow);
  const rows = atlas.areas.names.map((/** @type {string} */ _, /** @type {number} */ area) => tableRow(columns, area, choose));
  const sort = (/** @type {number} */ chosen) => {
    const falling = heads[chosen].ariaSort === "ascending";
    heads.forEach((cell) => cell.removeAttribute("aria-sort"));
    heads[chosen].ariaSort = falling ? "descending" : "ascending";
    body.replaceChildren(...sortedRows(rows.length, columns[chosen].order, falling, atlas.lang).map((area) => rows[area]));
  };
  heads.forEach((cell, number) => cell.firstElementChild?.addEventListener("click", () => sort(number)));
  sort(0);
  table.append(head, body);
  box.replaceChildren(table);
}

/**
 * @param {TableColumn[]} columns
 * @param {number} area
 * @param {(area: number) => void} choose
 * @returns {HTMLElement}
 */
function tableRow(columns, area, choose) {
  const row = element("tr", "");
  columns.forEach((column, number) => {
    const cell = element(number ? "td" : "th", column.isNumber ? "qa-number" : "", number ? column.text(area) : undefined);
    if (!number) {
      /** @type {HTMLTableCellElement} */ (cell).scope = "row";
      const button = /** @type {HTMLButtonElement} */ (element("button", "", column.text(area)));
      button.type = "button";
      button.addEventListener("click", () => choose(area));
      cell.append(button);
    }
    row.append(cell);
  });
  return row;
}
