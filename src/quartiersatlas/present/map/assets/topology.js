// @ts-check
// Outlines arrive as arcs: every stretch of border once, whichever areas it belongs to.

const STEP = 1e-5; // degrees

/** @typedef {[number, number]} Place latitude, longitude */
/** @typedef {{lengths: string, points: string, parts: string, rings: string, cuts: string, refs: string}} EncodedTopology */
/**
 * @typedef {object} Topology
 * @property {Place[][]} arcs
 * @property {number[][][][]} shapes shape, part, ring, reference: twice the number of an arc, plus 1 where it runs backwards
 */

/**
 * @param {string} text whole numbers from 0, seven bits a byte, in base64
 * @returns {number[]}
 */
export function decodeVarints(text) {
  const bytes = atob(text);
  const numbers = [];
  let value = 0;
  let scale = 1; // no shifts: they end at 32 bits
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes.charCodeAt(i);
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      numbers.push(value);
      value = 0;
      scale = 1;
    }
  }
  return numbers;
}

/**
 * @param {number} number 0, 1, 2, 3, ...
 * @returns {number} 0, -1, 1, -2, ...
 */
export function unzigzag(number) {
  return number % 2 ? -(number + 1) / 2 : number / 2;
}

/**
 * @param {EncodedTopology} encoded
 * @returns {Topology}
 */
export function decodeTopology(encoded) {
  return { arcs: decodeArcs(encoded), shapes: decodeShapes(encoded) };
}

/**
 * @typedef {object} FlatArcs
 * @property {Int32Array} starts where the corners of each arc begin, and the end of the last arc
 * @property {Float64Array} north degrees
 * @property {Float64Array} east
 */

/**
 * @param {{lengths: string, points: string}} encoded
 * @returns {FlatArcs}
 */
export function flatArcs(encoded) {
  const [lengths, steps] = [decodeVarints(encoded.lengths), decodeVarints(encoded.points)];
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, arc) => (starts[arc + 1] = starts[arc] + length));
  const [north, east] = [new Float64Array(steps.length / 2), new Float64Array(steps.length / 2)];
  let [x, y] = [0, 0];
  for (let i = 0; i < north.length; i += 1) {
    x += unzigzag(steps[2 * i]);
    y += unzigzag(steps[2 * i + 1]);
    north[i] = y * STEP;
    east[i] = x * STEP;
  }
  return { starts, north, east };
}

/**
 * @param {FlatArcs} flat
 * @param {number} arc
 * @returns {Place[]}
 */
export function arcPlaces({ starts, north, east }, arc) {
  return Array.from({ length: starts[arc + 1] - starts[arc] }, (_, i) => [north[starts[arc] + i], east[starts[arc] + i]]);
}

/**
 * @param {{lengths: string, points: string}} encoded
 * @returns {Place[][]}
 */
export function decodeArcs(encoded) {
  const flat = flatArcs(encoded);
  return Array.from({ length: flat.starts.length - 1 }, (_, arc) => arcPlaces(flat, arc));
}

/**
 * @param {EncodedTopology} encoded
 * @returns {number[][][][]}
 */
export function decodeShapes(encoded) {
  const [rings, cuts, refs] = [encoded.rings, encoded.cuts, encoded.refs].map(decodeVarints);
  let [ref, part, ring, next] = [0, 0, 0, 0];
  const arcs = (/** @type {number} */ count) => Array.from({ length: count }, () => (ref += unzigzag(refs[next++])));
  const ringsOf = (/** @type {number} */ count) => Array.from({ length: count }, () => arcs(cuts[ring++] ?? 0));
  return decodeVarints(encoded.parts).map((count) => Array.from({ length: count }, () => ringsOf(rings[part++] ?? 0)));
}

/**
 * Join arcs to a ring; places are the same objects wherever an arc is used.
 *
 * @template P
 * @param {(arc: number) => P[]} arcAt
 * @param {number[]} ring references
 * @returns {P[]} without the closing place
 */
export function ringPlaces(arcAt, ring) {
  /** @type {P[]} */
  const places = [];
  for (const ref of ring) {
    const arc = arcAt(ref >> 1);
    const last = arc.length - 1;
    for (let i = 0; i < last; i += 1) places.push(arc[ref & 1 ? last - i : i]); // the last place starts the next arc
  }
  return places;
}

/**
 * @param {number[][][][]} shapes
 * @returns {Map<number, number[]>} arc -> the shapes it belongs to
 */
export function arcOwners(shapes) {
  /** @type {Map<number, number[]>} */
  const owners = new Map();
  shapes.forEach((shape, number) => {
    for (const ref of shape.flat(2)) {
      const found = owners.get(ref >> 1);
      if (found) found.push(number);
      else owners.set(ref >> 1, [number]);
    }
  });
  return owners;
}

/**
 * How much shapes cover on a map of the Mercator projection: rings of arcs, each arc summed once.
 *
 * @param {FlatArcs} flat
 * @param {number[][][][]} shapes
 * @returns {number} square degrees of longitude
 */
export function totalSurface({ starts, north, east }, shapes) {
  const [north0, east0] = [north[0] ?? 0, east[0] ?? 0];
  const twice = new Float64Array(starts.length);
  for (let arc = 0; arc + 1 < starts.length; arc += 1) {
    for (let i = starts[arc] + 1; i < starts[arc + 1]; i += 1) twice[arc] += (east[i - 1] - east0) * (north[i] - north0) - (east[i] - east0) * (north[i - 1] - north0);
  }
  const ring = (/** @type {number[]} */ refs) => Math.abs(refs.reduce((sum, ref) => sum + (ref & 1 ? -1 : 1) * twice[ref >> 1], 0)) / 2;
  const part = (/** @type {number[][]} */ [outer, ...holes]) => ring(outer) - holes.reduce((sum, hole) => sum + ring(hole), 0);
  const stretched = 1 / Math.cos((north0 * Math.PI) / 180);
  return stretched * shapes.flat().reduce((sum, rings) => sum + part(rings), 0);
}

/**
 * @param {Map<number, number[]>} owners
 * @param {number} count number of shapes
 * @returns {number[][]} for each shape those it shares a border with
 */
export function neighbours(owners, count) {
  /** @type {Array<Set<number>>} */
  const found = Array.from({ length: count }, () => new Set());
  for (const shapes of owners.values()) {
    for (const a of shapes) for (const b of shapes) if (a !== b) found[a].add(b);
  }
  return found.map((set) => [...set].sort((a, b) => a - b));
}

/**
 * @param {string} text for each shape the number of its neighbours further down, and the steps from one to the next
 * @returns {number[][]} for each shape its neighbours
 */
export function decodeNeighbours(text) {
  const numbers = decodeVarints(text);
  /** @type {number[][]} */
  const found = [];
  for (let at = 0, shape = 0; at < numbers.length; shape += 1) {
    found[shape] ??= [];
    let other = shape;
    for (let left = numbers[at++]; left > 0; left -= 1) {
      other += numbers[at++];
      found[shape].push(other);
      (found[other] ??= []).push(shape);
    }
  }
  return found.map((others) => others.sort((a, b) => a - b));
}

/**
 * Arcs with different groups on their two sides: the outlines of the groups.
 *
 * @param {Map<number, number[]>} owners
 * @param {(shape: number) => unknown} group
 * @returns {number[]}
 */
export function outlineArcs(owners, group) {
  return [...owners].filter(([, shapes]) => shapes.length === 1 || shapes.some((s) => group(s) !== group(shapes[0]))).map(([arc]) => arc);
}

/**
 * Outline of some shapes together.
 *
 * @param {Map<number, number[]>} owners
 * @param {Set<number>} members
 * @returns {number[]} arcs with exactly one member beside them
 */
export function memberOutline(owners, members) {
  return [...owners].filter(([, shapes]) => shapes.filter((s) => members.has(s)).length === 1).map(([arc]) => arc);
}
