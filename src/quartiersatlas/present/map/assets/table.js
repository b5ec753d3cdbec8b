// @ts-check
// The same content as a table: every area, every column, sorted by a click on a heading; long ones come in portions.

import { cellText, countsText, element, residentsGap } from "./controls.js";
import { fillIn, formatNumber } from "./format.js";

const PORTION = 1000; // rows: with many more at once a browser stands still
const PAGE = 273; // mm across between the margins; a wider table is printed as a long one, a row per area and column

/**
 * @typedef {object} TableColumn
 * @property {string} label
 * @property {(area: number) => string} text
 * @property {(area: number) => string | number | null} order null stands last
 * @property {boolean} isNumber
 * @property {Array<{label: string, decimals: number, value: (area: number) => number | null | undefined}>} [number] the numbers behind the
 *   text, the one that is shown first
 * @property {(area: number) => string} [counts] the counts behind a rate: never the rate alone
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
export function tableColumns(atlas) {
  const { names, keys, parents, residents } = atlas.areas;
  const word = (/** @type {string} */ label, /** @type {string[]} */ values) => ({
    label,
    text: (/** @type {number} */ area) => String(values[area] ?? ""),
    order: (/** @type {number} */ area) => values[area],
    isNumber: false,
  });
  const people = (/** @type {number} */ area) => (residents[area] === null ? atlas.words[`gap_${residentsGap(atlas, area)}`] : formatNumber(residents[area], 0, atlas.lang));
  return [
    word(atlas.words.label_area, names),
    word(atlas.words.label_key, keys),
    ...parents.map((/** @type {string[]} */ values, /** @type {number} */ level) => word(atlas.areas.levels[level], values)),
    { label: atlas.words.label_residents, text: people, order: (area) => residents[area], isNumber: true, number: [{ label: atlas.words.label_residents, decimals: 0, value: (area) => residents[area] }] },
    ...atlas.columns.filter((/** @type {any} */ c) => !c.matrix).map((/** @type {any} */ column) => ({
      label: column.unit ? `${column.label} (${column.unit})` : column.label,
      text: (/** @type {number} */ area) => cellText(atlas, column, area),
      order: (/** @type {number} */ area) => column.values[area],
      isNumber: !column.classes,
      counts: (/** @type {number} */ area) => countsText(atlas, column, area),
      ...(column.classes ? {} : { number: numbersOf(atlas, column) }),
    })),
    ...markColumns(atlas),
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
 * @param {any} column
 * @returns {TableColumn["number"]} the value, and both counts behind a rate
 */
function numbersOf(atlas, column) {
  const label = column.unit ? `${column.label} (${column.unit})` : column.label;
  const counts = column.numerator ? [[atlas.words.csv_numerator, column.numerator], [atlas.words.csv_denominator, column.denominator]] : [];
  return [
    { label, decimals: column.decimals, value: (area) => column.values[area] },
    ...counts.map(([name, numbers]) => ({ label: fillIn(name, { label: column.label }), decimals: 0, value: (/** @type {number} */ area) => (column.values[area] === null ? undefined : numbers[area]) })),
  ];
}

/**
 * What the map says with outlines and hatches: on the list, how stable that is, in which candidate area.
 *
 * @param {any} atlas
 * @returns {TableColumn[]}
 */
function markColumns(atlas) {
  const { words, candidates } = atlas;
  const column = (/** @type {string} */ label, /** @type {(area: number) => string} */ text, order = (/** @type {number} */ area) => text(area) || null) => [
    { label, text, order, isNumber: false },
  ];
  const stability = atlas.standing?.stability;
  const rank = atlas.standing?.axes?.find((/** @type {any} */ axis) => axis.rank)?.rank; // inside the house only
  const place = (/** @type {number} */ area) => rank.place[area] ?? null;
  const between = (/** @type {number} */ area) => (rank.lower?.[area] == null ? "" : ` (${rank.lower[area]}–${rank.upper[area]})`);
  const members = (/** @type {number} */ area) =>
    candidates.filter((/** @type {any} */ c) => c.members.includes(area)).map((/** @type {any} */ c) => c.key).join(", ");
  return [
    ...(atlas.selected.length ? column(words.label_on_list, (area) => (atlas.selected.includes(area) ? words.answer_yes : "")) : []),
    ...(stability ? column(words.label_stability, (area) => stability.names[stability.label[area]] ?? "", (area) => stability.label[area]) : []),
    ...(candidates.length ? column(words.label_candidate, members) : []),
    ...(rank ? column(words.label_rank, (area) => (place(area) == null ? "" : `${place(area)}${between(area)}`), place) : []),
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
 * @returns {{fill: () => void, order: () => number[]}} what writes the rows anew, in the order they have, and that order
 */
export function drawTable(atlas, box, choose) {
  const columns = tableColumns(atlas);
  const isLong = isTooWide(columns);
  const table = element("table", isLong ? "qa-long" : "");
  const caption = element("caption", "");
  caption.append(element("span", "", tableCaption(atlas))); // as wide as the window, not as the table
  table.append(caption);
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
  const rows = portions(atlas, body, (area) => tableRow(columns, area, isLong, choose));
  let [by, falling] = [0, false];
  const order = () => sortedRows(atlas.areas.names.length, columns[by].order, falling, atlas.lang);
  const fill = () => rows.fill(order());
  const sort = (/** @type {number} */ chosen) => {
    falling = heads[chosen].ariaSort === "ascending";
    by = chosen;
    heads.forEach((cell) => cell.removeAttribute("aria-sort"));
    heads[chosen].ariaSort = falling ? "descending" : "ascending";
    fill();
  };
  heads.forEach((cell, number) => cell.firstElementChild?.addEventListener("click", () => sort(number)));
  sort(0);
  table.append(head, body);
  box.replaceChildren(table, rows.foot, ...reasonsList(atlas));
  return { fill, order };
}

/**
 * Why cells show no value: one line for each reason that occurs.
 *
 * @param {any} atlas
 * @returns {HTMLElement[]}
 */
function reasonsList(atlas) {
  const kinds = new Set(atlas.columns.flatMap((/** @type {any} */ column) => column.values.flatMap((/** @type {any} */ value, /** @type {number} */ area) => (value === null ? [column.gaps[area] ?? "missing"] : []))));
  atlas.areas.residents.forEach((/** @type {number | null} */ n, /** @type {number} */ area) => n === null && kinds.add(residentsGap(atlas, area)));
  const list = element("ul", "qa-table-why");
  list.append(...[...kinds].sort().map((kind) => element("li", "", `${atlas.words[`gap_${kind}`]} – ${atlas.words[`why_${kind}`]}`)));
  return kinds.size ? [list] : [];
}

/**
 * @param {TableColumn[]} columns
 * @returns {boolean} whether they have no room side by side on a page, in the least widths of the style sheet (mm, with padding)
 */
function isTooWide(columns) {
  const [area, reasons] = [12, 32]; // more than others have
  return columns.reduce((sum, column) => sum + (column.isNumber ? 11.2 : 14.2), area + reasons) > PAGE;
}

/**
 * Rows in portions, with a line below that says how many there are and a button for more.
 *
 * @param {any} atlas
 * @param {HTMLElement} body
 * @param {(area: number) => HTMLElement} row
 * @returns {{foot: HTMLElement, fill: (order: number[]) => void}} `fill` shows as many rows as before in another order
 */
function portions(atlas, body, row) {
  const write = (/** @type {number} */ n) => formatNumber(n, 0, atlas.lang);
  const [foot, told] = [element("p", "qa-table-more"), element("span", "")];
  const button = /** @type {HTMLButtonElement} */ (element("button", ""));
  button.type = "button";
  told.setAttribute("role", "status");
  foot.append(told, " ", button);
  /** @type {number[]} */
  let areas = [];
  let most = PORTION;
  const draw = () => {
    body.append(...areas.slice(body.children.length, most).map(row));
    const left = areas.length - body.children.length;
    foot.hidden = areas.length <= PORTION;
    told.textContent = fillIn(atlas.words.table_shown, { shown: write(areas.length - left), all: write(areas.length) });
    button.hidden = !left;
    button.textContent = fillIn(atlas.words.table_more, { count: write(Math.min(left, PORTION)) });
  };
  button.addEventListener("click", () => {
    const first = body.children.length;
    most += PORTION;
    draw();
    body.children[first].querySelector("button")?.focus(); // reading goes on in the new rows
  });
  return {
    foot,
    fill(order) {
      areas = order;
      body.replaceChildren();
      draw();
    },
  };
}

/**
 * @param {TableColumn[]} columns
 * @param {number} area
 * @param {boolean} isLong
 * @param {(area: number) => void} choose
 * @returns {HTMLElement}
 */
function tableRow(columns, area, isLong, choose) {
  const row = element("tr", "");
  columns.forEach((column, number) => {
    const cell = element(number ? "td" : "th", column.isNumber ? "qa-number" : "", number ? column.text(area) : undefined);
    if (!number) {
      /** @type {HTMLTableCellElement} */ (cell).scope = "row";
      const button = /** @type {HTMLButtonElement} */ (element("button", "", column.text(area)));
      button.type = "button";
      button.addEventListener("click", () => choose(area));
      cell.append(button);
    } else if (isLong) cell.dataset.label = column.label; // only paper shows it
    const counts = column.counts?.(area);
    if (counts) cell.append(element("small", "qa-muted", counts));
    row.append(cell);
  });
  return row;
}
