// @ts-check
// Where names stand so that none covers another: the same steps as present/places/placement.py takes on paper.

/** @typedef {[number, number, number, number]} LabelBox left, upper, right and lower end in pixels */
/** @typedef {[number, number, number]} LabelSpot centre and angle in degrees, clockwise */
/** @typedef {{lines: string[], width: number, height: number, scale: number}} LabelForm */
/**
 * @typedef {object} Label
 * @property {LabelForm[]} forms ways to write it, the best first
 * @property {number} x
 * @property {number} y
 * @property {number} rank the higher, the earlier
 * @property {"area" | "surface" | "point" | "district" | "line"} way how places are looked for
 * @property {LabelBox | null} box what bears the name
 * @property {Array<[number, number]> | null} line
 * @property {boolean} wasThere it stood on the map before
 */
/** @typedef {{label: number, form: LabelForm, x: number, y: number, angle: number}} PlacedLabel */

const NAME_GAP = 0.25; // of a line: around every name
const AREA_ROOM = 0.92; // of the width of an area: wider names are left out
const SURFACE_ROOM = 2; // of the width of a park or lake, over whose edge its name may run
const DISTRICT_ROOM = 1.3; // of the width of a district: the first form that is no wider is tried first
const WORDS_APART = 33; // times the size of the letters from one name along a line to the next
const STRAIGHT = 0.97; // of its length: how far the ends of a stretch are apart on which a name stands
const STRETCH_STEPS = 4; // stretches are looked for at every fourth of a word
const MOST_NAMES = 400;
/** @type {Array<[number, number]>} */
const MIDDLE_PLACES = [[0, 0], [0, -0.8], [0, 0.8]];
/** @type {Array<[number, number]>} */
const HIGH_PLACES = [...MIDDLE_PLACES, [0, -1.8], [0, 1.8]];
/** @type {Array<[number, number]>} */
const WIDE_PLACES = [...HIGH_PLACES, ...[0, -0.8, 0.8].flatMap((line) => [-0.35, 0.35].map((side) => /** @type {[number, number]} */ ([side, line])))];
const GRID_PLACES = 5; // places across and down a district, where none of the others is free

/**
 * Labels in the order of their rank, each at the first of its places that is free.
 *
 * @param {Label[]} labels
 * @param {number} width
 * @param {number} height
 * @param {LabelBox[]} taken
 * @param {LabelBox[]} [marks] taken for all but districts: they always appear
 * @param {number} [cell] side of the cells in which boxes are looked up
 * @returns {PlacedLabel[]}
 */
export function placeLabels(labels, width, height, taken, marks = [], cell = 48) {
  const { free, add } = freeSpace(width, height, taken, cell);
  let left = marks;
  /** @type {PlacedLabel[]} */
  const found = [];
  const order = labels.map((_, i) => i).sort((a, b) => labels[b].rank - labels[a].rank || Number(labels[b].wasThere) - Number(labels[a].wasThere) || a - b);
  for (const number of order) {
    const label = labels[number];
    if (found.length >= MOST_NAMES) break;
    if (label.way !== "district") {
      left.forEach(add);
      left = [];
    }
    if (label.way === "line") {
      const form = label.forms[0];
      for (const spot of straightSpots(label.line ?? [], form.width, (WORDS_APART * form.height) / 1.2)) {
        if (free(form, spot)) found.push({ label: number, form, x: spot[0], y: spot[1], angle: spot[2] });
      }
      continue;
    }
    if (label.x < 0 || label.x > width || label.y < 0 || label.y > height) continue;
    const at = labelPlaces(label).find(([form, x, y]) => free(form, [x, y, 0]));
    if (at) found.push({ label: number, form: at[0], x: at[1], y: at[2], angle: 0 });
  }
  return found.slice(0, MOST_NAMES);
}

/**
 * @param {Label} label
 * @returns {Array<[LabelForm, number, number]>} its places, the best first
 */
function labelPlaces(label) {
  const { x, y, box, way } = label;
  const [form] = label.forms;
  const room = box ? box[2] - box[0] : Infinity;
  if (way === "district") return districtPlaces(label, room);
  if (way === "point") {
    const gap = NAME_GAP * form.height;
    const [beside, above] = [form.width / 2 + 2 * gap, form.height / 2 + 2 * gap];
    const around = [[beside, 0], [-beside, 0], [0, -above], [0, above], [beside, -above], [beside, above], [-beside, -above], [-beside, above]];
    return around.map(([right, down]) => [form, x + right, y + down]);
  }
  if (way === "surface") return form.width <= SURFACE_ROOM * room ? HIGH_PLACES.map(([, down]) => [form, x, y + down * form.height]) : [];
  return form.width <= AREA_ROOM * room ? MIDDLE_PLACES.map(([, down]) => [form, x, y + down * form.height]) : [];
}

/**
 * Each form widely around the anchor, then the narrowest all over the district.
 *
 * @param {Label} label
 * @param {number} room
 * @returns {Array<[LabelForm, number, number]>}
 */
function districtPlaces({ forms, x, y, box }, room) {
  const fits = (/** @type {LabelForm} */ form) => form.width <= DISTRICT_ROOM * room;
  const ordered = [...forms.filter(fits), ...forms.filter((form) => !fits(form)).sort((a, b) => a.width - b.width)];
  /** @type {Array<[LabelForm, number, number]>} */
  const found = ordered.flatMap((form) => WIDE_PLACES.map(([side, down]) => /** @type {[LabelForm, number, number]} */ ([form, x + side * form.width, y + (down * form.height) / form.lines.length])));
  if (!box) return found;
  const [left, top, right, low] = box;
  const steps = Array.from({ length: GRID_PLACES }, (_, number) => (number + 0.5) / GRID_PLACES);
  const places = steps.flatMap((down) => steps.map((across) => [left + (right - left) * across, top + (low - top) * down]));
  const far = (/** @type {number[]} */ [across, down]) => (across - x) ** 2 + (down - y) ** 2;
  places.sort((a, b) => far(a) - far(b)); // near its anchor: what bounds a district holds parts of its neighbours too
  return [...found, ...places.map(([across, down]) => /** @type {[LabelForm, number, number]} */ ([ordered[ordered.length - 1], across, down]))];
}

/**
 * Where a word stands along a line: in each stretch of a length, where it is straightest; upright.
 *
 * @param {Array<[number, number]>} line
 * @param {number} width of the word
 * @param {number} apart length of the stretches that get a word each
 * @returns {LabelSpot[]}
 */
export function straightSpots(line, width, apart) {
  const along = [0];
  for (let i = 1; i < line.length; i += 1) along.push(along[i - 1] + Math.hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]));
  const total = along[along.length - 1];
  if (width <= 0 || total < width || line.length < 2) return [];
  const words = Math.max(1, Math.floor(total / Math.max(apart, width)));
  const step = width / STRETCH_STEPS;
  /** @type {LabelSpot[]} */
  const found = [];
  for (let word = 0; word < words; word += 1) {
    const [begin, end] = [(total * word) / words, (total * (word + 1)) / words - width];
    let best = STRAIGHT;
    /** @type {LabelSpot | null} */
    let spot = null;
    for (let k = 0; k <= Math.max(0, Math.floor((end - begin) / step)); k += 1) {
      const [[x, y], [x1, y1]] = [pointAlong(line, along, begin + k * step), pointAlong(line, along, begin + k * step + width)];
      const straight = Math.hypot(x1 - x, y1 - y) / width;
      if (straight <= best + 1e-9) continue;
      const turn = (Math.atan2(y1 - y, x1 - x) * 180) / Math.PI;
      best = straight;
      spot = [(x + x1) / 2, (y + y1) / 2, turn > 90 ? turn - 180 : turn <= -90 ? turn + 180 : turn];
    }
    if (spot) found.push(spot);
  }
  return found;
}

/**
 * @param {Array<[number, number]>} line
 * @param {number[]} along length at each corner
 * @param {number} at
 * @returns {[number, number]}
 */
function pointAlong(line, along, at) {
  let [low, high] = [0, along.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (along[middle] <= at) low = middle;
    else high = middle - 1;
  }
  const length = along[low + 1] - along[low];
  const share = length ? Math.min(1, (at - along[low]) / length) : 0;
  const [[x, y], [x1, y1]] = [line[low], line[low + 1]];
  return [x + share * (x1 - x), y + share * (y1 - y)];
}

/**
 * The boxes that a name covers: one, or a row of small ones where it is turned.
 *
 * @param {LabelForm} form
 * @param {LabelSpot} spot
 * @returns {LabelBox[]}
 */
export function labelBoxes(form, [x, y, angle]) {
  const gap = (NAME_GAP * form.height) / form.lines.length;
  if (!angle) {
    const [half, high] = [form.width / 2 + gap, form.height / 2 + gap / 2];
    return [[x - half, y - high, x + half, y + high]];
  }
  const count = Math.max(1, Math.ceil(form.width / form.height));
  const [reach, turn] = [form.height / 2 + gap, (angle * Math.PI) / 180];
  return Array.from({ length: count }, (_, k) => {
    const offset = form.width * ((k + 0.5) / count - 0.5);
    const [cx, cy] = [x + offset * Math.cos(turn), y + offset * Math.sin(turn)];
    return [cx - reach, cy - reach, cx + reach, cy + reach];
  });
}

/**
 * What is free of a map: boxes in the cells that they touch.
 *
 * @param {number} width
 * @param {number} height
 * @param {LabelBox[]} taken
 * @param {number} cell
 * @returns {{free: (form: LabelForm, spot: LabelSpot) => boolean, add: (box: LabelBox) => void}} what takes the boxes of a
 *   name if all of them are free and on the map, and what takes a box
 */
function freeSpace(width, height, taken, cell) {
  const [columns, rows] = [Math.floor(width / cell), Math.floor(height / cell)];
  /** @type {Map<number, LabelBox[]>} */
  const cells = new Map();
  const touched = (/** @type {LabelBox} */ [left, top, right, low]) => {
    const found = [];
    for (let column = Math.max(0, Math.floor(left / cell)); column <= Math.min(columns, Math.floor(right / cell)); column += 1) {
      for (let row = Math.max(0, Math.floor(top / cell)); row <= Math.min(rows, Math.floor(low / cell)); row += 1) found.push(column * (rows + 1) + row);
    }
    return found;
  };
  const add = (/** @type {LabelBox} */ box) => {
    for (const place of touched(box)) {
      const there = cells.get(place);
      if (there) there.push(box);
      else cells.set(place, [box]);
    }
  };
  const isFree = (/** @type {LabelBox} */ box) =>
    box[0] >= 0 && box[1] >= 0 && box[2] <= width && box[3] <= height &&
    touched(box).every((place) => !cells.get(place)?.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]));
  taken.forEach(add);
  const free = (/** @type {LabelForm} */ form, /** @type {LabelSpot} */ spot) => {
    const boxes = labelBoxes(form, spot);
    if (!boxes.every(isFree)) return false;
    boxes.forEach(add);
    return true;
  };
  return { free, add };
}
