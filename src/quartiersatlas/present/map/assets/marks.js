// @ts-check
// Marks that depend on the size of areas on the screen: rings, dots or a tint for selected areas too small for a hatch,
// and the values themselves where there are few areas.

import { formatNumber } from "./format.js";
import { DOT, DOT_OPEN, MARK_LINES, RING, RING_OPEN, SMALL_AREA, TINY } from "./styles.js";
import { element } from "./controls.js";

const RING_INK = 160; // square pixels that a ring takes
const RINGS_UP_TO = 0.1; // of the pixels of the city: more rings hide the classes
const DOTS_UP_TO = 0.4; // beyond, dots would be a second map above the first
const FEW = 8; // areas with a value: as many numbers are read at once

/** @typedef {"ring" | "dot" | "tint"} SmallMark */

/**
 * How selected areas are marked that are too small on the screen to show a hatch.
 *
 * @param {number} count of such areas
 * @param {number} cityPixels square pixels that the city takes
 * @returns {SmallMark}
 */
export function smallMark(count, cityPixels) {
  const ink = (count * RING_INK) / cityPixels;
  if (ink < RINGS_UP_TO) return "ring";
  return ink < DOTS_UP_TO ? "dot" : "tint";
}

/**
 * @typedef {object} SmallMarks
 * @property {any} layer a layer group
 * @property {() => void} fit draw what is needed now
 * @property {(area: number) => boolean} isPlain whether an area is too small for its hatch, and others like it too many
 * @property {() => SmallMark} mark
 */

/**
 * Rings, dots or a tint; where most selected areas are small, outlines are thinner, and where they are tiny and many, gone.
 *
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @param {any} renderer
 * @param {any[]} outlines the lines of `MARK_LINES`
 * @param {() => void} changed called when areas have to be drawn anew
 * @returns {SmallMarks}
 */
export function smallMarks(atlas, ground, renderer, outlines, changed) {
  /** @type {any} */
  const group = L.layerGroup();
  /** @type {SmallMark} */
  let mark = "ring";
  /** @type {Set<number>} */
  let plain = new Set();
  const fit = () => {
    group.clearLayers();
    const map = group._map;
    if (!map) return;
    const sizes = new Map();
    for (const area of atlas.selected) {
      const bounds = ground.bounds(area);
      if (bounds.isValid()) sizes.set(area, pixels(map, bounds));
    }
    const tiny = [...sizes.keys()].filter((area) => sizes.get(area) < TINY);
    mark = tiny.length ? smallMark(tiny.length, ground.surface() * 4 ** map.getZoom()) : "ring";
    const [closedMark, openMark] = mark === "ring" ? [RING, RING_OPEN] : [DOT, DOT_OPEN];
    if (mark !== "tint") {
      for (const area of tiny) group.addLayer(L.circleMarker(ground.bounds(area).getCenter(), { renderer, ...(atlas.isBorderline.has(area) ? openMark : closedMark) }));
    }
    const small = [...sizes.values()].filter((size) => size < SMALL_AREA).length > sizes.size / 2;
    const gone = mark !== "ring" && tiny.length > sizes.size / 2;
    MARK_LINES.forEach(({ weight, opacity }, i) => outlines[i].setStyle({ weight: small ? weight * 0.55 : weight, opacity: gone ? 0 : opacity ?? 1 }));
    const next = new Set(mark === "ring" ? [] : tiny);
    const isSame = next.size === plain.size && [...next].every((area) => plain.has(area));
    plain = next;
    if (!isSame) changed();
  };
  group.on("add", () => group._map.on("zoomend", fit).whenReady(fit));
  group.on("remove", () => group._map.off("zoomend", fit));
  return { layer: group, fit, isPlain: (area) => plain.has(area), mark: () => mark };
}

/**
 * @param {any} map
 * @param {any} bounds
 * @returns {number} the longer side on the screen
 */
export function pixels(map, bounds) {
  const size = map.project(bounds.getNorthEast()).subtract(map.project(bounds.getSouthWest()));
  return Math.max(Math.abs(size.x), Math.abs(size.y));
}

/**
 * @param {any} column
 * @returns {number[]} the areas whose values are written on the map: where there are few, and they are numbers
 */
export function writtenAreas(column) {
  if (column.classes || column.matrix) return [];
  const known = column.values.flatMap((/** @type {number | null} */ value, /** @type {number} */ area) => (value === null ? [] : [area]));
  return known.length <= FEW ? known : [];
}

/**
 * The values of few areas, written where there is room inside.
 *
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @returns {{layer: any, write: (column: any) => void}}
 */
export function writtenValues(atlas, ground) {
  /** @type {any} */
  const group = L.layerGroup();
  /** @type {Map<number, any>} */
  const middles = new Map();
  const middle = (/** @type {number} */ area) => {
    const found = middles.get(area) ?? innerPlace(ground.polygon(area));
    middles.set(area, found);
    return found;
  };
  /** @type {Array<{area: number, text: string, marker: any}>} */
  let written = [];
  const hasRoom = (/** @type {{area: number, text: string}} */ { area, text }) => pixels(group._map, ground.bounds(area)) > 9 * text.length + 6;
  const fit = () => written.forEach((one) => group._map && one.marker.setOpacity(hasRoom(one) ? 1 : 0));
  group.on("add", () => group._map.on("zoomend", fit).whenReady(fit));
  group.on("remove", () => group._map.off("zoomend", fit));
  return {
    layer: group,
    write(column) {
      group.clearLayers();
      written = writtenAreas(column).map((area) => {
        const value = formatNumber(column.values[area], column.decimals, atlas.lang);
        const text = column.gaps[area] ? `(${value})` : value;
        const icon = L.divIcon({ className: "qa-written", html: element("span", "", text), iconSize: [72, 20] });
        const marker = L.marker(middle(area), { icon, interactive: false, keyboard: false });
        return { area, text, marker: group.addLayer(marker) && marker };
      });
      fit();
    },
  };
}

const GRID = 24;

/**
 * A place well inside an area: of a grid over its largest part, the point farthest from the outline.
 *
 * @param {any[][][]} parts rings of places
 * @returns {any}
 */
export function innerPlace(parts) {
  const size = (/** @type {any[][]} */ part) => {
    const bounds = L.latLngBounds(part[0]);
    return (bounds.getNorth() - bounds.getSouth()) * (bounds.getEast() - bounds.getWest());
  };
  const rings = parts.reduce((a, b) => (size(b) > size(a) ? b : a));
  const bounds = L.latLngBounds(rings[0]);
  const wide = Math.cos((bounds.getCenter().lat * Math.PI) / 180);
  const flat = rings.map((ring) => ring.map(({ lat, lng }) => [lng * wide, lat]));
  let [best, at] = [-Infinity, bounds.getCenter()];
  for (let i = 0; i < GRID * GRID; i += 1) {
    const lat = bounds.getSouth() + ((Math.floor(i / GRID) + 0.5) / GRID) * (bounds.getNorth() - bounds.getSouth());
    const lng = bounds.getWest() + (((i % GRID) + 0.5) / GRID) * (bounds.getEast() - bounds.getWest());
    const distance = depth(flat, lng * wide, lat);
    if (distance > best + 1e-12) [best, at] = [distance, L.latLng(lat, lng)];
  }
  return at;
}

/**
 * @param {number[][][]} rings
 * @param {number} x
 * @param {number} y
 * @returns {number} the squared distance to the outline, below 0 outside
 */
export function depth(rings, x, y) {
  let [inside, least] = [false, Infinity];
  for (const ring of rings) {
    ring.forEach(([x1, y1], i) => {
      const [x0, y0] = ring[(i || ring.length) - 1];
      if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) inside = !inside;
      const [dx, dy] = [x1 - x0, y1 - y0];
      const t = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
      least = Math.min(least, (x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2);
    });
  }
  return inside ? least : -least;
}
