// @ts-check
// The Leaflet layer: one geometry, all indicators, marks for areas to review and further layers.

import { patternCanvas } from "./canvas.js";
import { drawLegend, element, indicatorChoice, tooltip } from "./controls.js";
import { decodeShape } from "./geometry.js";
import { areaStyle, CANDIDATE_LINE, CASING_LINE, PARENT_LINE, PROGRAMME_LINE, SELECTED_LINE } from "./styles.js";

/**
 * Build the layer of an atlas; it can be added to any Leaflet map.
 *
 * @param {any} atlas the data as the Python side wrote them
 * @returns {any} a Leaflet layer
 */
export function createLayer(atlas) {
  const renderer = patternCanvas();
  const shapes = atlas.geometry.map(decodeShape);
  const selected = new Set(atlas.selected);
  let current = 0;

  const areas = shapes.map((/** @type {any} */ shape, /** @type {number} */ area) =>
    L.polygon(shape, {
      renderer,
      smoothFactor: 0,
      bubblingMouseEvents: false,
      ...areaStyle(atlas.columns[current], area, selected.has(area)),
    }).bindTooltip(() => tooltip(atlas, atlas.columns[current], area), { sticky: true, opacity: 1, className: "qa-tip" }),
  );
  areas.forEach((/** @type {any} */ path) => {
    path.on("mouseover", () => path.setStyle({ weight: 2 }));
    path.on("mouseout", () => path.setStyle({ weight: 0.6 }));
  });

  const Outline = outlineClass();
  const line = (/** @type {any} */ shape, /** @type {any} */ style) => new Outline(shape, { renderer, ...style });
  const marks = L.layerGroup([
    ...atlas.outlines.map((/** @type {any} */ shape) => line(decodeShape(shape), PARENT_LINE)),
    ...atlas.selected.map((/** @type {number} */ area) => line(shapes[area], SELECTED_LINE)),
  ]);
  const overlays = furtherLayers(atlas, line);

  /** @type {any} */
  const layer = L.layerGroup([...areas, marks, ...Object.values(overlays)]);
  const legend = /** @type {any} */ (L).control({ position: "bottomleft" });
  legend.onAdd = () => {
    const box = element("section", "qa-legend");
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    drawLegend(atlas, atlas.columns[current], box);
    return box;
  };
  const show = (/** @type {number} */ index) => {
    current = index;
    areas.forEach((/** @type {any} */ path, /** @type {number} */ area) =>
      path.setStyle(areaStyle(atlas.columns[index], area, selected.has(area))),
    );
    if (legend.getContainer()) drawLegend(atlas, atlas.columns[index], legend.getContainer());
  };
  const controls = [legend, ...choiceControl(atlas, show), ...overlayControl(overlays)];
  layer.on("add", () => {
    controls.forEach((control) => control.addTo(layer._map));
    if (ownPage()) fitPage(layer._map, L.featureGroup(areas).getBounds(), legend.getContainer());
  });
  layer.on("remove", () => controls.forEach((control) => control.remove()));
  return Object.assign(layer, { showIndicator: show });
}

/** A polygon that answers the mouse near its outline only: the areas inside keep their own tooltip. */
function outlineClass() {
  const polyline = /** @type {any} */ (L.Polyline.prototype);
  return /** @type {any} */ (L.Polygon).extend({
    _containsPoint(/** @type {any} */ point) {
      return polyline._containsPoint.call(this, point, true);
    },
    _clickTolerance: () => 4,
  });
}

/** The place for controls in the head of the atlas page; none on other people's maps. */
function ownPage() {
  return document.getElementById("qa-controls");
}

/**
 * Show the whole city beside the legend, and a scale in metres.
 *
 * @param {any} map
 * @param {any} bounds
 * @param {HTMLElement} legend
 */
function fitPage(map, bounds, legend) {
  const beside = map.getSize().x > 2.5 * legend.offsetWidth ? legend.offsetWidth + 20 : 12;
  map.fitBounds(bounds, { paddingTopLeft: [beside, 12], paddingBottomRight: [12, 12], animate: false });
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
}

/**
 * Candidate areas, programme areas (their dashes above the casing) and facilities, by the name that switches them.
 *
 * @param {any} atlas
 * @param {(shape: any, style: any) => any} line
 * @returns {Record<string, any>}
 */
function furtherLayers(atlas, line) {
  /** @type {Record<string, any>} */
  const groups = {};
  if (atlas.candidates.length) {
    groups[atlas.words.label_candidates] = candidateLayer(atlas.candidates, line);
  }
  if (atlas.programmes.length) {
    groups[atlas.words.label_programmes] = L.layerGroup(
      atlas.programmes.map((/** @type {any} */ programme) =>
        line(decodeShape(programme.shape), PROGRAMME_LINE).bindTooltip(element("span", "", programme.label), { sticky: true }),
      ),
    );
  }
  if (atlas.facilities.length) {
    const style = { radius: 4, color: "#ffffff", weight: 1.5, fillColor: "#1a1a1a", fillOpacity: 1 };
    groups[atlas.words.label_facilities] = L.layerGroup(
      atlas.facilities.map((/** @type {any} */ place) =>
        L.circleMarker(place.at, style).bindTooltip(element("span", "", place.label)),
      ),
    );
  }
  return groups;
}

const ROOM_FOR_NAME = 34; // pixels
const ROOM_FOR_LINE = 60;

/**
 * Candidate areas with outline and name; where an area is small on the screen, thinner and without its name.
 *
 * @param {any[]} candidates
 * @param {(shape: any, style: any) => any} line
 */
function candidateLayer(candidates, line) {
  const drawn = candidates.map((candidate) => {
    const shape = decodeShape(candidate.shape);
    const icon = L.divIcon({ className: "qa-candidate-name", html: element("span", "", candidate.key), iconSize: [32, 20] });
    const name = L.marker(candidate.at, { icon, interactive: false, keyboard: false });
    return { casing: line(shape, CASING_LINE), outline: line(shape, CANDIDATE_LINE), name };
  });
  /** @type {any} */
  const group = L.layerGroup(drawn.flatMap(({ casing, outline, name }) => [casing, outline, name]));
  const fit = () =>
    drawn.forEach(({ casing, outline, name }) => {
      const bounds = outline.getBounds();
      const size = group._map.project(bounds.getNorthEast()).subtract(group._map.project(bounds.getSouthWest()));
      const room = Math.min(Math.abs(size.x), Math.abs(size.y));
      casing.setStyle({ weight: room < ROOM_FOR_LINE ? 3 : CASING_LINE.weight });
      outline.setStyle({ weight: room < ROOM_FOR_LINE ? 1.8 : CANDIDATE_LINE.weight });
      name.setOpacity(room < ROOM_FOR_NAME ? 0 : 1);
    });
  group.on("add", () => group._map.on("zoomend", fit) && group._map.whenReady(fit));
  group.on("remove", () => group._map.off("zoomend", fit));
  return group;
}

/**
 * The choice of indicator stands in the page's head where there is one, else on the map.
 *
 * @param {any} atlas
 * @param {(index: number) => void} show
 * @returns {any[]}
 */
function choiceControl(atlas, show) {
  const choice = indicatorChoice(atlas, show);
  if (ownPage()) {
    ownPage()?.append(choice);
    return [];
  }
  const control = /** @type {any} */ (L).control({ position: "topright" });
  control.onAdd = () => {
    const box = element("div", "qa-card");
    L.DomEvent.disableClickPropagation(box);
    box.append(choice);
    return box;
  };
  return [control];
}

/**
 * @param {Record<string, any>} overlays
 * @returns {any[]}
 */
function overlayControl(overlays) {
  return Object.keys(overlays).length ? [L.control.layers(undefined, overlays, { collapsed: false })] : [];
}
