// @ts-check
// The page around the map: the panel of an area, the walk from neighbour to neighbour, the table.

import { element } from "./controls.js";
import { drawPanel } from "./panel.js";
import { isSmall, liftSheet, setSheet } from "./sheet.js";
import { drawTable } from "./table.js";
import { DIRECTIONS, nextArea } from "./walk.js";

/**
 * @typedef {object} AreaChoice
 * @property {(area: number | null) => void} choose mark an area on the map and show its panel
 * @property {(area: number | null) => void} show the same, but nobody has chosen it just now
 * @property {(area: number) => void} find choose it, and come closer where it is small
 * @property {() => void} refresh the panel, when something else is shown
 * @property {() => number | null} chosen
 */

/**
 * Arrow keys on the map walk through neighbours, Escape ends it.
 *
 * @param {any} map
 * @param {Record<string, string>} words
 * @param {AreaChoice} choice
 * @param {() => Array<[number, number]>} centresOf
 * @param {() => number[][]} around
 */
export function walkByKeys(map, words, choice, centresOf, around) {
  /** @type {Array<[number, number]> | null} */
  let centres = null;
  const container = map.getContainer();
  container.setAttribute("role", "main");
  container.setAttribute("aria-label", words.map_keys);
  container.addEventListener(
    "keydown",
    (/** @type {KeyboardEvent} */ event) => {
      if (event.target !== container) return;
      if (event.key === "Escape") choice.choose(null);
      if (!DIRECTIONS[event.key]) return;
      event.preventDefault();
      event.stopPropagation(); // Leaflet would move the map
      centres ??= centresOf();
      const from = choice.chosen();
      const next = from === null ? nearest(map, centres) : nextArea(centres, around()[from], from, DIRECTIONS[event.key]);
      if (next !== null) choice.choose(next);
    },
    true,
  );
}

/**
 * @param {any} map
 * @param {Array<[number, number]>} centres
 * @returns {number} the area in the middle of the map
 */
function nearest(map, centres) {
  const { lat, lng } = map.getCenter();
  const far = centres.map(([north, east]) => Math.hypot(north - lat, east - lng * Math.cos((lat * Math.PI) / 180)));
  return far.indexOf(far.reduce((a, b) => Math.min(a, b)));
}

/**
 * @param {any} atlas
 * @param {number | null} area
 * @param {() => void} close
 * @param {boolean} [again] the same area once more, where it was read
 */
export function showPanel(atlas, area, close, again = false) {
  const box = document.getElementById("qa-area");
  if (!box) return;
  const inside = box.contains(document.activeElement);
  drawPanel(atlas, area, box, close);
  if (again) return;
  liftSheet(atlas.words, area !== null);
  // the panel scrolls, on a phone the sheet around it
  if (area !== null) for (let part = box.parentElement; part; part = part.parentElement) part.scrollTop = 0;
  else if (inside) /** @type {HTMLElement | null} */ (document.querySelector(".folium-map"))?.focus();
}

/**
 * The button that shows the table in place of the map; it is made when first asked for.
 *
 * @param {any} atlas
 * @param {(area: number) => void} choose
 * @returns {{dateChanged: () => void, membersChanged: () => void, order: () => number[]} | undefined} what the table follows
 */
export function tableButton(atlas, choose) {
  const [button, box] = ["qa-table-button", "qa-table"].map((id) => document.getElementById(id));
  if (!button || !box) return undefined;
  const show = (/** @type {boolean} */ open) => {
    box.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? atlas.words.button_map : atlas.words.button_table;
  };
  let drawn = -1; // the date the table was drawn for
  /** @type {ReturnType<typeof drawTable> | null} */
  let table = null;
  const draw = () => {
    if (drawn === atlas.shown) return;
    drawn = atlas.shown;
    table = drawTable(atlas, box, (area) => {
      show(false);
      choose(area);
    });
    const back = /** @type {HTMLButtonElement} */ (element("button", "qa-table-close", atlas.words.button_map));
    back.type = "button";
    back.addEventListener("click", () => show(false));
    box.prepend(back);
  };
  const toggle = () => {
    draw();
    show(box.hidden);
  };
  button.addEventListener("click", () => {
    toggle();
    setSheet(atlas.words, "peek"); // on a phone it would cover the table
    if (isSmall()) box.focus();
  });
  document.querySelector(".qa-skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    if (box.hidden) toggle();
    box.focus();
  });
  return {
    dateChanged() {
      if (!box.hidden) draw();
    },
    membersChanged: () => table?.fill(),
    order: () => table?.order() ?? atlas.areas.names.map((/** @type {string} */ _, /** @type {number} */ area) => area),
  };
}

/**
 * The foot of the page: the definition of what is shown, the way to the method, printing.
 *
 * @param {any} atlas
 * @param {any} column
 */
export function footer(atlas, column) {
  showDefinition(atlas, column);
  const method = /** @type {HTMLDetailsElement | null} */ (document.getElementById("qa-method"));
  document.getElementById("qa-method-button")?.addEventListener("click", () => {
    if (!method) return;
    setSheet(atlas.words, "full");
    method.open = true;
    method.querySelector("summary")?.focus();
    method.scrollIntoView();
  });
  document.getElementById("qa-print-button")?.addEventListener("click", () => window.print());
}

/**
 * @param {any} atlas
 * @param {any} column a map of two columns is defined by both
 */
export function showDefinition(atlas, column) {
  const line = document.querySelector("#qa-definition summary");
  const columns = column.matrix?.map((/** @type {number} */ index) => atlas.columns[index]) ?? [column];
  if (line) line.textContent = columns.map((/** @type {any} */ c) => c.definition).join(" · ");
}
