// @ts-check
// Far exclaves in small maps of their own, each in a frame in the corner of the map: the main part keeps its size.

import { areasPath, outlinesPath } from "./areas.js";
import { element } from "./controls.js";
import { patternCanvas } from "./canvas.js";
import { CHOSEN_CASING, CHOSEN_LINE, MARK_LINES, PARENT_LINE } from "./styles.js";
import { closed, markedAreas } from "./view.js";

/**
 * @typedef {object} Inset
 * @property {number[]} areas with a part in the exclave
 * @property {HTMLElement} box the frame with its caption
 * @property {(main: any) => void} show draw it, beside the main map
 * @property {() => void} remove
 * @property {() => void} redraw another column, date or class is shown
 * @property {(area: number | null) => void} ring mark the chosen area
 * @property {() => DrawnInset[]} drawn what a picture needs of it; empty before it is shown
 */
/** @typedef {{map: any, renderer: any, box: HTMLElement, words: string[]}} DrawnInset
 */

/**
 * @param {any} atlas
 * @param {any} exclave
 * @param {import("./ground.js").Ground} ground
 * @param {import("./view.js").View} view what the main map shows; the exclave follows it
 * @param {(renderer: any) => Record<string, any>} further makes the layers above the areas
 * @param {Record<string, any>} overlays those of the main map, which switch them
 * @param {(area: number) => void} choose
 * @returns {Inset}
 */
export function exclaveInset(atlas, exclave, ground, view, further, overlays, choose) {
  const renderer = patternCanvas();
  const line = (/** @type {any} */ places, /** @type {any} */ style) => L.polyline(places, { renderer, ...style });
  const outline = (/** @type {number} */ area) => ground.polygon(area).flat().map(closed);
  const areas = areasPath(ground, renderer, view.style, exclave.areas);
  areas.on("click", (/** @type {any} */ { layerPoint }) => choose(areas.at(layerPoint)));
  const marks = MARK_LINES.map((style) => outlinesPath(ground, renderer, style));
  const parents = atlas.areas.parents.length ? exclave.areas.flatMap(outline) : [];
  const above = further(renderer);
  const box = element("figure", "qa-inset");
  const sheet = element("div", "qa-inset-map");
  const caption = element("figcaption", "");
  const button = /** @type {HTMLButtonElement} */ (element("button", "qa-inset-show", exclave.name));
  button.type = "button";
  button.title = exclave.show;
  caption.append(button, element("span", "", exclave.note));
  sheet.setAttribute("role", "img");
  sheet.setAttribute("aria-label", `${exclave.name}, ${exclave.note}`);
  box.append(caption, sheet);
  /** @type {any} */
  let map = null;
  /** @type {any} */
  let ring = null;

  const show = (/** @type {any} */ main) => {
    button.addEventListener("click", () => main.fitBounds(exclave.bounds, { padding: [40, 40], animate: false }));
    const still = { dragging: false, scrollWheelZoom: false, doubleClickZoom: false, boxZoom: false, keyboard: false, touchZoom: false };
    map = L.map(sheet, { attributionControl: false, zoomControl: false, zoomSnap: 0, fadeAnimation: false, ...still });
    map.fitBounds(exclave.bounds, { padding: [5, 5], animate: false });
    L.layerGroup([areas, line(parents, PARENT_LINE), ...marks]).addTo(map);
    for (const [name, layer] of Object.entries(above)) {
      if (overlays[name]._map) layer.addTo(map);
      overlays[name].on("add", () => layer.addTo(map)).on("remove", () => layer.remove());
    }
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false });
      map.fitBounds(exclave.bounds, { padding: [5, 5], animate: false });
    }).observe(sheet);
    redraw();
  };
  const redraw = () => {
    if (!map) return;
    areas.redraw();
    markedAreas(view.atlas).forEach((chosen, i) => marks[i].show(chosen.filter((area) => exclave.areas.includes(area))));
    for (const layer of Object.values(above)) layer.redraw?.();
  };
  return {
    areas: exclave.areas,
    box,
    show,
    remove: () => map?.remove(),
    redraw,
    drawn: () => (map ? [{ map, renderer, box, words: [exclave.name, exclave.note] }] : []),
    ring(area) {
      ring?.remove();
      ring = null;
      if (area === null || !exclave.areas.includes(area) || !map) return;
      ring = L.layerGroup([line(outline(area), CHOSEN_CASING), line(outline(area), CHOSEN_LINE)]).addTo(map);
    },
  };
}

/**
 * All insets side by side in a corner of the map; nothing where there are none.
 *
 * @param {Inset[]} insets
 * @returns {any[]} Leaflet controls
 */
export function insetControl(insets) {
  if (!insets.length) return [];
  const control = /** @type {any} */ (L).control({ position: "topleft" });
  control.onAdd = (/** @type {any} */ main) => {
    const row = element("div", "qa-insets");
    row.append(...insets.map(({ box }) => box));
    L.DomEvent.disableClickPropagation(row).disableScrollPropagation(row);
    setTimeout(() => insets.forEach((inset) => inset.show(main))); // when it has its size
    return row;
  };
  control.onRemove = () => insets.forEach((inset) => inset.remove());
  return [control];
}

/**
 * What the map shows of an area besides its parts in exclaves.
 *
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @param {number} area
 * @returns {any} bounds; not valid where nothing is left
 */
export function mainBounds(atlas, ground, area) {
  if (!atlas.exclaves?.some((/** @type {any} */ { areas }) => areas.includes(area))) return ground.bounds(area);
  const main = L.latLngBounds(atlas.main);
  const rings = ground.polygon(area).flat().filter((/** @type {any[]} */ ring) => main.intersects(L.latLngBounds(ring)));
  return L.latLngBounds(rings.flat());
}
