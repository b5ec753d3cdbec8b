// @ts-check
// Names on the map: districts, areas, water, places, streets, on a canvas of their own above everything but the marks.

import { placeLabels } from "./placement.js";
import { isSmall } from "./sheet.js";
import { decodeArcs, decodeVarints, unzigzag } from "./topology.js";

const PLACE_STEP = 1e-5; // degrees
const NAME_KINDS = ["district", "water", "place", "station", "green", "road", "area"]; // as RANKS in anchors.py
const [DISTRICT_RANK, AREA_RANK] = [100, 10];
const NAME_LINE = 1.2;
const SMALLER_NAME = 0.8;
const NAME_RING_STEP = 9; // pixels between the boxes along the outline of the chosen area
const FACILITY_ROOM = 6; // pixels on each side of a facility

/** @typedef {{font: string, size: number, color: string, spacing?: number, capitals?: boolean}} Letters */
/** @type {Record<string, Letters>} */
const NAME_LETTERS = {
  district: { font: "700", size: 12, color: "#1a1a1a", spacing: 1, capitals: true },
  water: { font: "italic 400", size: 12, color: "#1d5682" },
  place: { font: "700", size: 12, color: "#333333" },
  station: { font: "600", size: 11, color: "#333333" },
  green: { font: "italic 400", size: 11.5, color: "#2c5e2c" },
  road: { font: "400", size: 10.5, color: "#555555" },
  area: { font: "400", size: 11, color: "#333333" },
};

/**
 * @typedef {object} MapName a name as it lies on the earth
 * @property {string} text
 * @property {string} kind
 * @property {number} rank
 * @property {any} at
 * @property {any | null} bounds
 * @property {any[] | null} line
 * @property {import("./placement.js").LabelForm[]} [forms] as soon as it is measured
 */

/**
 * @param {string} encoded steps from place to place
 * @returns {any[]} Leaflet's places
 */
export function decodePlaces(encoded) {
  const steps = decodeVarints(encoded);
  let [x, y] = [0, 0];
  return Array.from({ length: steps.length / 2 }, (_, i) => {
    x += unzigzag(steps[2 * i]);
    y += unzigzag(steps[2 * i + 1]);
    return L.latLng(y * PLACE_STEP, x * PLACE_STEP);
  });
}

/**
 * All names of the map; those of areas only where it does not repeat the name of a district.
 *
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @returns {MapName[]}
 */
function mapNames(atlas, ground) {
  const { anchors, places, areas } = atlas;
  const at = decodePlaces(anchors.at);
  const seen = new Set(anchors.districts);
  /** @type {MapName[]} */
  const names = anchors.districts.map((/** @type {string} */ text, /** @type {number} */ i) => {
    const members = [...ground.shapes.keys()].filter((area) => areas.parents[0][area] === text);
    return { text, kind: "district", rank: DISTRICT_RANK, at: at[i], bounds: ground.bounds(...members), line: null };
  });
  decodePlaces(anchors.areas).forEach((place, area) => {
    const bounds = ground.bounds(area);
    if (bounds.isValid() && !seen.has(areas.names[area])) names.push({ text: areas.names[area], kind: "area", rank: AREA_RANK, at: place, bounds, line: null });
  });
  return [...names, ...placeNames(places)];
}

/**
 * @param {any} places names of the context
 * @returns {MapName[]}
 */
export function placeNames(places) {
  if (!places) return [];
  const lines = places.lines ? decodeArcs(places.lines) : [];
  return decodePlaces(places.at).map((at, i) => {
    const half = places.widths[i] / 2 / (111_320 * Math.cos((at.lat * Math.PI) / 180)); // degrees
    const bounds = half ? L.latLngBounds([at.lat, at.lng - half], [at.lat, at.lng + half]) : null;
    const line = lines[i]?.length ? lines[i].map((place) => L.latLng(place)) : null;
    return { text: places.texts[i], kind: NAME_KINDS[places.kinds[i]], rank: places.ranks[i], at, bounds: line ? L.latLngBounds(line) : bounds, line };
  });
}

/**
 * The layer of names. What moves below it moves it; when the map has come to rest names are placed anew.
 *
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @returns {any} a Leaflet layer with `redraw`, `ring` for the outline that no name may cut and `placed`: the names it shows
 */
export function namesLayer(atlas, ground) {
  /** @type {MapName[] | null} */
  let names = null;
  /** @type {Set<string>} */
  let there = new Set();
  /** @type {any[][]} */
  let ring = [];
  /** @type {any} */
  let waits = 0;
  const canvas = document.createElement("canvas");
  canvas.className = "leaflet-zoom-hide qa-names";
  canvas.setAttribute("aria-hidden", "true");
  const watch = new ResizeObserver(() => later());
  const draw = () => {
    const map = layer._map;
    if (!map?._loaded) return;
    cancelAnimationFrame(waits);
    names ??= mapNames(atlas, ground);
    const pen = fittedPen(canvas, map);
    const { x, y } = map.getSize();
    const degree = map.options.crs.scale(map.getZoom()) / 360; // pixels
    const shown = names.filter((name) => inSight(name, map, x, y, degree));
    const labels = shown.map((name) => labelOf(pen, name, map, there.has(name.text)));
    const placed = placeLabels(labels, x, y, takenBoxes(map, ring), facilityBoxes(atlas, map));
    there = new Set(placed.map(({ label }) => shown[label].text));
    for (const one of placed) writeName(pen, shown[one.label], one, labels[one.label]);
    layer.placed = placed.map((one) => ({ ...shown[one.label], ...one }));
  };
  const later = () => {
    cancelAnimationFrame(waits);
    waits = requestAnimationFrame(draw);
  };
  const layer = new (L.Layer.extend({
    onAdd(/** @type {any} */ map) {
      const pane = map.getPane("qa-names") ?? map.createPane("qa-names");
      pane.style.zIndex = "450";
      pane.style.pointerEvents = "none";
      pane.append(canvas);
      map.on("moveend resize zoomend", draw).on("overlayadd overlayremove", later).whenReady(later);
      map.getContainer().querySelectorAll(".leaflet-control").forEach((/** @type {Element} */ box) => watch.observe(box));
      setTimeout(() => map.getContainer().querySelectorAll(".leaflet-control").forEach((/** @type {Element} */ box) => watch.observe(box)));
    },
    onRemove(/** @type {any} */ map) {
      canvas.remove();
      watch.disconnect();
      map.off("moveend resize zoomend", draw).off("overlayadd overlayremove", later);
    },
  }))();
  return Object.assign(layer, {
    redraw: later,
    ring(/** @type {any[][]} */ outlines) {
      ring = outlines;
      later();
    },
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {any} map
 * @returns {CanvasRenderingContext2D} of a canvas that covers the map, empty
 */
function fittedPen(canvas, map) {
  const { x, y } = map.getSize();
  const sharp = Math.max(window.devicePixelRatio, L.Browser.retina ? 2 : 1);
  L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]).round());
  canvas.width = Math.round(x * sharp);
  canvas.height = Math.round(y * sharp);
  canvas.style.width = `${x}px`;
  canvas.style.height = `${y}px`;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(sharp, sharp);
  return pen;
}

/**
 * @param {MapName} name
 * @param {any} map
 * @param {number} width
 * @param {number} height
 * @param {number} wide pixels of a degree
 * @returns {boolean}
 */
function inSight({ at, bounds, line, kind }, map, width, height, wide) {
  if (line) return map.getBounds().intersects(bounds);
  // of an area narrower than three letters no name fits
  if (kind === "area" && (bounds.getEast() - bounds.getWest()) * wide < 20) return false;
  const { x, y } = map.latLngToContainerPoint(at);
  return x >= 0 && y >= 0 && x <= width && y <= height;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {string} kind
 * @param {number} scale
 * @returns {number} the size of the letters
 */
function setLetters(pen, kind, scale) {
  const { font, size, spacing } = NAME_LETTERS[kind];
  const own = size * scale * (isSmall() ? 0.92 : 1);
  pen.font = `${font} ${own}px ${getComputedStyle(document.body).fontFamily}`;
  if ("letterSpacing" in pen) pen.letterSpacing = `${(spacing ?? 0) * scale}px`;
  return own;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {MapName} name
 * @returns {import("./placement.js").LabelForm[]} measured once
 */
function measuredForms(pen, { text, kind }) {
  const words = NAME_LETTERS[kind].capitals ? text.toLocaleUpperCase("de") : text;
  const line = NAME_LINE * setLetters(pen, kind, 1);
  const form = (/** @type {string[]} */ lines, /** @type {number} */ scale) => ({
    lines,
    width: scale * Math.max(...lines.map((part) => pen.measureText(part).width)),
    height: scale * line * lines.length,
    scale,
  });
  const ways = kind === "district" ? [[words], ...twoLines(words)] : [[words]];
  const forms = ways.map((lines) => form(lines, 1));
  return kind === "district" ? [...forms, ...ways.map((lines) => form(lines, SMALLER_NAME))] : forms;
}

/**
 * @param {string} words
 * @returns {string[][]} two lines, cut at the hyphen or blank nearest to the middle; nothing without any
 */
export function twoLines(words) {
  const cuts = [...words].map((letter, i) => ("- ".includes(letter) && i > 0 && i < words.length - 1 ? i + 1 : 0)).filter(Boolean);
  if (!cuts.length) return [];
  const cut = cuts.reduce((best, at) => (Math.abs(at - words.length / 2) < Math.abs(best - words.length / 2) ? at : best));
  return [[words.slice(0, cut).trim(), words.slice(cut).trim()]];
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {MapName} name
 * @param {any} map
 * @param {boolean} wasThere
 * @returns {import("./placement.js").Label}
 */
function labelOf(pen, name, map, wasThere) {
  const on = (/** @type {any} */ place) => {
    const { x, y } = map.latLngToContainerPoint(place);
    return /** @type {[number, number]} */ ([x, y]);
  };
  name.forms ??= measuredForms(pen, name);
  const [x, y] = on(name.at);
  const way = name.line ? "line" : name.kind === "district" ? "district" : name.kind === "area" ? "area" : name.bounds ? "surface" : "point";
  const box = name.bounds && !name.line ? [...on(name.bounds.getNorthWest()), ...on(name.bounds.getSouthEast())] : null;
  return { forms: name.forms, x, y, rank: name.rank, way, box: /** @type {any} */ (box), line: name.line?.map(on) ?? null, wasThere };
}

/**
 * What no name may cover: boxes on the map, marks of candidate areas, the outline of the chosen area.
 *
 * @param {any} map
 * @param {any[][]} ring
 * @returns {import("./placement.js").LabelBox[]}
 */
function takenBoxes(map, ring) {
  const frame = map.getContainer().getBoundingClientRect();
  const nodes = [...map.getContainer().querySelectorAll(".leaflet-control, .qa-candidate-name, .qa-written span")].filter((node) => node.style.opacity !== "0");
  /** @type {import("./placement.js").LabelBox[]} */
  const boxes = nodes.map((node) => {
    const { left, top, right, bottom } = node.getBoundingClientRect();
    return [left - frame.left, top - frame.top, right - frame.left, bottom - frame.top];
  });
  const around = (/** @type {{x: number, y: number}} */ { x, y }, /** @type {number} */ half) => boxes.push([x - half, y - half, x + half, y + half]);
  for (const outline of ring) {
    const points = outline.map((place) => map.latLngToContainerPoint(place));
    points.forEach((point, i) => {
      const next = points[(i + 1) % points.length];
      const steps = Math.min(200, Math.ceil(point.distanceTo(next) / NAME_RING_STEP));
      for (let k = 0; k < steps; k += 1) around(point.add(next.subtract(point).multiplyBy(k / steps)), NAME_RING_STEP / 2);
    });
  }
  return boxes;
}

/**
 * @param {any} atlas
 * @param {any} map
 * @returns {import("./placement.js").LabelBox[]}
 */
function facilityBoxes(atlas, map) {
  return atlas.facilities.map((/** @type {any} */ { at }) => {
    const { x, y } = map.latLngToContainerPoint(at);
    return [x - FACILITY_ROOM, y - FACILITY_ROOM, x + FACILITY_ROOM, y + FACILITY_ROOM];
  });
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {MapName} name
 * @param {import("./placement.js").PlacedLabel} placed
 * @param {import("./placement.js").Label} label
 */
function writeName(pen, name, { form, x, y, angle }, label) {
  setLetters(pen, name.kind, form.scale);
  pen.save();
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  pen.strokeStyle = "rgba(255, 255, 255, 0.86)";
  pen.lineWidth = name.kind === "district" ? 4 : 3;
  if (label.way === "point") placeMark(pen, name.kind, label);
  pen.translate(x, y);
  pen.rotate((angle * Math.PI) / 180);
  pen.fillStyle = NAME_LETTERS[name.kind].color;
  form.lines.forEach((line, i) => {
    const down = (form.height / form.lines.length) * (i + 0.5 - form.lines.length / 2);
    pen.strokeText(line, 0, down);
    pen.fillText(line, 0, down);
  });
  pen.restore();
}

/**
 * @typedef {object} WrittenName one line of a name, in pixels of the map
 * @property {string} text
 * @property {number} x centre
 * @property {number} y
 * @property {number} angle degrees, around the centre of the name
 * @property {[number, number]} around that centre
 * @property {number} size
 * @property {string} weight
 * @property {boolean} italic
 * @property {string} color
 * @property {number} spacing
 * @property {{kind: string, x: number, y: number} | null} mark of a place that is a point
 */

/**
 * @param {any} map
 * @param {MapName & import("./placement.js").PlacedLabel} placed
 * @returns {WrittenName[]}
 */
export function writtenLines(map, { kind, form, x, y, angle, at, bounds, line: course }) {
  const { font, size, color, spacing } = NAME_LETTERS[kind];
  const mark = bounds || course ? null : { kind, ...map.latLngToContainerPoint(at) };
  return form.lines.map((text, i) => ({
    text,
    x,
    y: y + (form.height / form.lines.length) * (i + 0.5 - form.lines.length / 2),
    angle,
    around: /** @type {[number, number]} */ ([x, y]),
    size: size * form.scale * (isSmall() ? 0.92 : 1),
    weight: /** @type {string} */ (font.split(" ").at(-1)),
    italic: font.startsWith("italic"),
    color,
    spacing: (spacing ?? 0) * form.scale,
    mark: i ? null : mark,
  }));
}

/**
 * A square for a station, a ring for any other place: facilities are black dots.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {string} kind
 * @param {{x: number, y: number}} at
 */
function placeMark(pen, kind, { x, y }) {
  const isStation = kind === "station";
  pen.beginPath();
  if (isStation) pen.rect(x - 2.5, y - 2.5, 5, 5);
  else pen.arc(x, y, 2.2, 0, 2 * Math.PI);
  pen.stroke();
  pen.fillStyle = isStation ? NAME_LETTERS.station.color : "#ffffff";
  pen.fill();
  if (isStation) return;
  pen.save();
  pen.lineWidth = 1.2;
  pen.strokeStyle = NAME_LETTERS.place.color;
  pen.stroke();
  pen.restore();
}
