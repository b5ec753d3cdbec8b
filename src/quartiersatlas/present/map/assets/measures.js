// @ts-check
// Measures on the map: a symbol in every area that has some or lacks them, and what the panel says. Built apart from the
// page, and part of it only where a release has measures.

import { element } from "./controls.js";
import { innerPlace } from "./marks.js";
import { bulletList, paragraph } from "./panel_parts.js";

/** Shapes that survive a grey print, the same as those of the matrix of coverage. @type {Record<string, string>} */
const SHAPES = {
  covered: "M7 2a5 5 0 1 0 .01 0Z",
  city_wide_only: "M7 2a5 5 0 1 0 .01 0Z",
  need_without_measure: "M7 0 14 7 7 14 0 7Z",
  measure_without_need: "M0 2H14L7 13Z",
  measure: "M2 2H12V12H2Z",
};
const HIGH_MAP = 700; // pixels: on a lower one the key would cover a part of the city
/** @type {[number, number]} */
const BELOW = [8.5, -7]; // pixels: the name of the area stands above
const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * @param {string} kind
 * @returns {SVGElement}
 */
function symbol(kind) {
  const box = document.createElementNS(NAMESPACE, "svg");
  const shape = document.createElementNS(NAMESPACE, "path");
  box.setAttribute("viewBox", "-1.5 -1.5 17 17");
  box.setAttribute("class", `qa-measure qa-measure-${kind}`);
  box.setAttribute("aria-hidden", "true");
  shape.setAttribute("d", SHAPES[kind]);
  box.append(shape);
  return box;
}

/**
 * The layer of symbols, by the name that switches it, with its key below the layers while it is shown.
 *
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @returns {Record<string, any>}
 */
export function symbols(atlas, ground) {
  const { kinds, signs, label, note } = atlas.measures;
  const group = /** @type {any} */ (L.layerGroup());
  const place = () => {
    if (group.getLayers().length) return;
    kinds.forEach((/** @type {number} */ kind, /** @type {number} */ area) => {
      if (kind < 0) return;
      const icon = L.divIcon({ className: "qa-measure-place", html: /** @type {any} */ (symbol(signs[kind].kind)), iconSize: [17, 17], iconAnchor: BELOW });
      group.addLayer(L.marker(innerPlace(ground.polygon(area)), { icon, interactive: false, keyboard: false }));
    });
  };
  const key = /** @type {HTMLDetailsElement} */ (element("details", "qa-measure-key"));
  const list = element("ul", "qa-legend-list");
  for (const sign of signs) {
    const item = element("li", "qa-legend-row");
    item.append(symbol(sign.kind), element("span", "qa-legend-label", sign.label), element("span", "qa-count", `(${sign.count})`));
    list.append(item);
  }
  key.append(element("summary", "", label), list, element("p", "qa-legend-note", note));
  group.on("add", () => {
    place();
    // the box of layers comes with the other controls, after the layers
    queueMicrotask(() => {
      const map = group._map?.getContainer();
      key.open = map?.clientHeight > HIGH_MAP;
      map?.querySelector(".qa-layers")?.append(key);
    });
  });
  group.on("remove", () => key.remove());
  return { [label]: group };
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} live measures of an area, and the fields in which it needs some
 */
export function measureParts(atlas, area) {
  const { lines, open, none, openLabel } = atlas.measures;
  const parts = lines[area] ? [bulletList(lines[area])] : [paragraph(none)];
  return open[area] ? [...parts, element("h4", "", openLabel), bulletList(open[area])] : parts;
}
