// @ts-check
// The Leaflet layer: one geometry, all indicators, marks for areas to review and further layers.

import { candidateEditor, candidateLayer } from "./candidates.js";
import { patternCanvas } from "./canvas.js";
import { useScheme } from "./classes.js";
import { unpackColumns } from "./columns.js";
import { drawSchemeChoice, element, indicatorChoice, tooltip } from "./controls.js";
import { framePage, layerBox } from "./frame.js";
import { drawLegend } from "./legend.js";
import { footer, searchBox, showDefinition, showPanel, tableButton, walkByKeys } from "./page.js";
import { panelSheet } from "./sheet.js";
import { areaStyle, CHOSEN_CASING, CHOSEN_LINE, PARENT_LINE, PROGRAMME_LINE, SELECTED_LINE } from "./styles.js";
import { arcOwners, decodeTopology, memberOutline, neighbours, outlineArcs, ringPlaces } from "./topology.js";

/**
 * Build the layer of an atlas; it can be added to any Leaflet map.
 *
 * @param {any} atlas the data as the Python side wrote them
 * @returns {any} a Leaflet layer
 */
export function createLayer(atlas) {
  const renderer = patternCanvas();
  unpackColumns(atlas);
  const ground = drawable(atlas.geometry);
  const owners = arcOwners(ground.shapes);
  const selected = new Set(atlas.selected);
  let current = 0;
  /** @type {number | string | null} */
  let filter = null;

  const areas = ground.shapes.map((/** @type {any} */ _, /** @type {number} */ area) =>
    L.polygon(ground.polygon(area), {
      renderer,
      smoothFactor: 0,
      bubblingMouseEvents: false,
      ...areaStyle(atlas.columns[current], area, selected.has(area)),
    }).bindTooltip(() => tooltip(atlas, atlas.columns[current], area), { sticky: true, opacity: 1, className: "qa-tip" }),
  );
  areas.forEach((/** @type {any} */ path, /** @type {number} */ area) => {
    path.on("click", () => choice.choose(area));
    path.on("mouseover", () => path.setStyle({ weight: 2 }));
    path.on("mouseout", () => path.setStyle({ weight: 0.6 }));
  });

  const line = (/** @type {any} */ arcs, /** @type {any} */ style) => L.polyline(arcs, { renderer, ...style });
  const parent = (/** @type {number} */ area) => atlas.areas.parents[0]?.[area];
  const marks = L.layerGroup([
    line(ground.lines(atlas.areas.parents.length ? outlineArcs(owners, parent) : []), PARENT_LINE),
    ...atlas.selected.map((/** @type {number} */ area) => line(ground.polygon(area).flat().map(closed), SELECTED_LINE)),
  ]);
  const outline = (/** @type {number[]} */ members) => ground.lines(memberOutline(owners, new Set(members)));
  const overlays = furtherLayers(atlas, line, outline, renderer);

  /** @type {any} */
  const layer = L.layerGroup([...areas, marks, ...Object.values(overlays)]);
  const legend = /** @type {any} */ (L).control({ position: "bottomleft" });
  legend.onAdd = () => {
    const box = element("section", "qa-legend");
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    drawLegend(atlas, atlas.columns[current], filter, highlight, box);
    return box;
  };
  const redraw = () => {
    const column = atlas.columns[current];
    areas.forEach((/** @type {any} */ path, /** @type {number} */ area) =>
      path.setStyle(areaStyle(column, area, selected.has(area), filter)),
    );
    if (legend.getContainer()) drawLegend(atlas, column, filter, highlight, legend.getContainer());
  };
  const highlight = (/** @type {number | string | null} */ cell) => {
    filter = cell;
    redraw();
  };
  const schemes = element("div", "qa-schemes");
  const chooseScheme = (/** @type {string} */ name) => {
    useScheme(atlas.columns[current], name);
    highlight(null);
  };
  const show = (/** @type {number} */ index) => {
    current = index;
    editor.refresh(atlas.columns[index]);
    showDefinition(atlas, atlas.columns[index]);
    drawSchemeChoice(atlas, atlas.columns[index], chooseScheme, schemes);
    highlight(null);
  };
  drawSchemeChoice(atlas, atlas.columns[current], chooseScheme, schemes);
  /** @type {number[][] | null} */
  let known = null;
  const around = () => (known ??= neighbours(owners, areas.length));
  const editor = candidateEditor(atlas, ground, around, () => overlays[atlas.words.label_candidates].redraw());
  editor.refresh(atlas.columns[current]);
  const choice = areaChoice(atlas, areas, line, () => layer._map, editor.offer);
  const find = ownPage() ? [searchBox(atlas, choice.choose)] : [];
  const controls = [legend, ...choiceControl([...find, indicatorChoice(atlas, show), schemes]), ...(Object.keys(overlays).length ? [layerBox(overlays, atlas.words.label_layers)] : [])];
  layer.on("add", () => {
    controls.forEach((control) => control.addTo(layer._map));
    if (!ownPage()) return;
    framePage(layer._map, L.featureGroup(areas).getBounds(), legend.getContainer(), atlas.words);
    panelSheet(atlas.words);
    footer(atlas, atlas.columns[current]);
    walkByKeys(layer._map, atlas.words, choice, areas.map(centre), around);
    tableButton(atlas, choice.choose);
  });
  layer.on("remove", () => controls.forEach((control) => control.remove()));
  return Object.assign(layer, { showIndicator: show });
}

/**
 * Arcs as Leaflet's own places, the same objects for every area beside an arc.
 *
 * @param {import("./topology.js").EncodedTopology} encoded
 */
function drawable(encoded) {
  const { arcs, shapes } = decodeTopology(encoded);
  const places = arcs.map((arc) => arc.map(([latitude, longitude]) => L.latLng(latitude, longitude)));
  return {
    arcs,
    shapes,
    polygon: (/** @type {number} */ shape) => shapes[shape].map((part) => part.map((ring) => ringPlaces(places, ring))),
    lines: (/** @type {number[]} */ numbers) => numbers.map((arc) => places[arc]),
  };
}

/**
 * One area can be chosen: it gets a ring on the map, its panel is shown, and it is in sight.
 *
 * @param {any} atlas
 * @param {any[]} areas
 * @param {(arcs: any, style: any) => any} line
 * @param {() => any} map
 * @param {(area: number | null) => void} offer
 * @returns {import("./page.js").AreaChoice}
 */
function areaChoice(atlas, areas, line, map, offer) {
  /** @type {number | null} */
  let chosen = null;
  /** @type {any} */
  let ring = null;
  const choose = (/** @type {number | null} */ area) => {
    ring?.remove();
    ring = null;
    chosen = area;
    showPanel(atlas, area, () => choose(null));
    if (area !== null && ownPage()) {
      map().invalidateSize({ animate: false }); // the sheet of a phone has taken half of it
      const outline = areas[area].getLatLngs().flat().map(closed);
      ring = L.layerGroup([line(outline, CHOSEN_CASING), line(outline, CHOSEN_LINE)]).addTo(map());
      const bounds = areas[area].getBounds();
      if (bounds.isValid() && !map().getBounds().contains(bounds)) map().panInside(bounds.getCenter(), { padding: [80, 80], animate: false });
    }
    offer(area);
  };
  return { choose, chosen: () => chosen };
}

/**
 * @param {any} path
 * @returns {[number, number]} north and east, degrees of latitude
 */
function centre(path) {
  const bounds = path.getBounds();
  if (!bounds.isValid()) return [Infinity, Infinity];
  const { lat, lng } = bounds.getCenter();
  return [lat, lng * Math.cos((lat * Math.PI) / 180)];
}

/**
 * @param {any[]} ring
 * @returns {any[]}
 */
function closed(ring) {
  return [...ring, ring[0]];
}

/** The place for controls in the head of the atlas page; none on other people's maps. */
function ownPage() {
  return document.getElementById("qa-controls");
}

/**
 * Candidate areas, programme areas (their dashes above the casing) and facilities, by the name that switches them.
 *
 * @param {any} atlas
 * @param {(arcs: any, style: any) => any} line
 * @param {(members: number[]) => any} outline
 * @param {any} renderer as SVG every point would be a stop for the keyboard
 * @returns {Record<string, any>}
 */
function furtherLayers(atlas, line, outline, renderer) {
  /** @type {Record<string, any>} */
  const groups = {};
  if (atlas.candidates.length) {
    groups[atlas.words.label_candidates] = candidateLayer(atlas.candidates, line, outline);
  }
  if (atlas.programmes.labels.length) {
    const programmes = drawable(atlas.programmes.geometry);
    groups[atlas.words.label_programmes] = L.layerGroup(
      atlas.programmes.labels.map((/** @type {string} */ label, /** @type {number} */ number) =>
        line(programmes.polygon(number).flat().map(closed), PROGRAMME_LINE).bindTooltip(element("span", "", label), { sticky: true }),
      ),
    );
  }
  if (atlas.facilities.length) {
    const style = { renderer, radius: 4, color: "#ffffff", weight: 1.5, fillColor: "#1a1a1a", fillOpacity: 1 };
    groups[atlas.words.label_facilities] = L.layerGroup(
      atlas.facilities.map((/** @type {any} */ place) =>
        L.circleMarker(place.at, style).bindTooltip(element("span", "", place.label)),
      ),
    );
  }
  return groups;
}

/**
 * The choices stand in the page's head where there is one, else on the map.
 *
 * @param {HTMLElement[]} choices
 * @returns {any[]}
 */
function choiceControl(choices) {
  if (ownPage()) {
    ownPage()?.append(...choices);
    return [];
  }
  const control = /** @type {any} */ (L).control({ position: "topright" });
  control.onAdd = () => {
    const box = element("div", "qa-card");
    L.DomEvent.disableClickPropagation(box);
    box.append(...choices);
    return box;
  };
  return [control];
}
