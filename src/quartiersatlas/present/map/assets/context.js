// @ts-check
// Water, green, roads and rail between the colours of the areas and all that is drawn above them.

import { decodeArcs, decodeTopology, ringPlaces } from "./topology.js";

const LEAST_SURFACE = 36; // square pixels: an area with less inhabited surface keeps its full colour
const CONTEXT_STYLE = { interactive: false, smoothFactor: 1 };
const GREEN_STYLE = { ...CONTEXT_STYLE, below: 1, stroke: false, fill: true, fillColor: "#c9dcb4", fillOpacity: 0.6 }; // the class is seen through it
const WATER_STYLE = { ...CONTEXT_STYLE, below: 2, color: "#7fa9c9", weight: 0.8, fill: true, fillColor: "#bcd8ea", fillOpacity: 1 };
const ROAD_STYLES = [
  { ...CONTEXT_STYLE, below: 3, color: "#8c8c8c", weight: 2.6 },
  { ...CONTEXT_STYLE, below: 4, color: "#ffffff", weight: 1.4 },
];
const RAIL_STYLES = [
  { ...CONTEXT_STYLE, below: 5, color: "#5a5a5a", weight: 2 },
  { ...CONTEXT_STYLE, below: 6, color: "#ffffff", weight: 1.1, dashArray: "5 5", lineCap: "butt" },
];

/**
 * The layers below the marks, by the name that switches them; the renderer draws them between fills and outlines.
 *
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @param {any} renderer
 * @returns {Record<string, any>}
 */
export function contextLayers(atlas, ground, renderer) {
  const { context, groundWords: words } = atlas;
  /** @type {Record<string, any>} */
  const groups = {};
  if (!context) return groups;
  const surface = (/** @type {any} */ encoded, /** @type {any} */ style) => L.polygon(surfaceRings(encoded).flat(), { renderer, ...style });
  const lines = (/** @type {any} */ encoded, /** @type {any[]} */ styles) => {
    const courses = decodeArcs(encoded).map((course) => course.map((place) => L.latLng(place)));
    return styles.map((style) => L.polyline(courses, { renderer, ...style }));
  };
  const base = [
    ...(context.green ? [surface(context.green, GREEN_STYLE)] : []),
    ...(context.water ? [surface(context.water, WATER_STYLE)] : []),
    ...(context.roads ? lines(context.roads, ROAD_STYLES) : []),
    ...(context.rail ? lines(context.rail, RAIL_STYLES) : []),
  ];
  if (base.length) groups[words.label_context] = L.layerGroup(base);
  if (context.inhabited) groups[words.legend_inhabited] = paleSurface(surfaceRings(context.inhabited), ground, renderer);
  return groups;
}

/**
 * @param {import("./topology.js").EncodedTopology} encoded
 * @returns {any[][][][]} shape, part, ring, place
 */
function surfaceRings(encoded) {
  const { arcs, shapes } = decodeTopology(encoded);
  const places = arcs.map((arc) => arc.map((place) => L.latLng(place)));
  return shapes.map((shape) => shape.map((part) => part.map((ring) => ringPlaces((arc) => places[arc], ring))));
}

/**
 * Everything of an area where nobody lives, pale; areas whose inhabited surface can hardly be seen stay as they are.
 *
 * @param {any[][][][]} inhabited the surface in each area
 * @param {import("./ground.js").Ground} ground
 * @param {any} renderer
 * @returns {any} a layer group
 */
function paleSurface(inhabited, ground, renderer) {
  const style = { ...CONTEXT_STYLE, renderer, below: 0, stroke: false, fill: true, fillColor: "#f4f4f2", fillOpacity: 0.86 };
  const paths = inhabited.map((pieces, area) => L.polygon([...ground.polygon(area), ...pieces], style)); // even-odd: the pieces are holes
  const sizes = inhabited.map((pieces) => pieces.reduce((sum, rings) => sum + flatSize(rings), 0));
  /** @type {any} */
  const group = L.layerGroup(paths);
  const fit = () => {
    const scale = 4 ** group._map.getZoom();
    paths.forEach((path, area) => path.setStyle({ fillOpacity: sizes[area] * scale < LEAST_SURFACE ? 0 : 0.86 }));
  };
  group.on("add", () => group._map.on("zoomend", fit).whenReady(fit));
  group.on("remove", () => group._map.off("zoomend", fit));
  return group;
}

/**
 * @param {any[][]} rings
 * @returns {number} square pixels on a map of the whole world
 */
function flatSize(rings) {
  const size = (/** @type {any[]} */ ring) => {
    const points = ring.map((place) => L.CRS.EPSG3857.latLngToPoint(place, 0));
    return Math.abs(points.reduce((sum, { x, y }, i) => sum + x * points[(i + 1) % points.length].y - points[(i + 1) % points.length].x * y, 0)) / 2;
  };
  return rings.reduce((sum, ring, i) => sum + (i ? -size(ring) : size(ring)), 0);
}
