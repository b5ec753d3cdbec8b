// @ts-check
// The ground of a map: the outlines of all areas as numbers, on the earth and on the screen.

import { arcOwners, arcPlaces, decodeShapes, flatArcs, ringPlaces, totalSurface } from "./topology.js";

const FINE = 0.8; // pixels: corners nearer to the last one are left out

/** @typedef {ReturnType<typeof drawable>} Ground */
/** @typedef {{starts: Int32Array, x: Float32Array, y: Float32Array}} Corners in pixels; where those of each arc start, and the end */
/** @typedef {Corners & {boxes: Float64Array, zoom: number, origin: any}} Screen in the pixels of a map's layers; left, top, right, bottom of each area */

/** @param {import("./topology.js").EncodedTopology} encoded */
export function drawable(encoded) {
  const flat = flatArcs(encoded);
  const shapes = decodeShapes(encoded);
  const boxes = boxesOf(flat.starts, flat.east, flat.north, shapes);
  /** @type {any[][]} */
  const places = []; // Leaflet's own, the same objects for every area beside an arc
  const arc = (/** @type {number} */ number) => (places[number] ??= arcPlaces(flat, number).map((place) => L.latLng(place)));
  /** @type {Map<number, number[]> | undefined} */
  let owners;
  /** @type {{x: Float64Array, y: Float64Array} | undefined} */
  let world;
  /** @type {WeakMap<any, Screen>} */
  const screens = new WeakMap();
  return {
    /** Square pixels that all areas take at zoom 0. */
    surface: once(() => totalSurface(flat, shapes) * (256 / 360) ** 2),
    flat,
    shapes,
    get owners() {
      return (owners ??= arcOwners(shapes));
    },
    polygon: (/** @type {number} */ shape) => shapes[shape].map((part) => part.map((ring) => ringPlaces(arc, ring))),
    lines: (/** @type {number[]} */ numbers) => numbers.map(arc),
    /** Not valid where all are smaller than the grid. */
    bounds(/** @type {number[]} */ ...numbers) {
      const bounds = L.latLngBounds([]);
      for (const n of numbers) if (boxes[4 * n] <= boxes[4 * n + 2]) bounds.extend([boxes[4 * n + 1], boxes[4 * n]]).extend([boxes[4 * n + 3], boxes[4 * n + 2]]);
      return bounds;
    },
    /**
     * @param {any} map
     * @returns {Screen} as fine as it can be seen at the zoom of the map
     */
    screen(map) {
      const [zoom, origin, { crs }] = [map.getZoom(), map.getPixelOrigin(), map.options];
      const known = screens.get(map);
      if (known && known.zoom === zoom && known.origin.equals(origin)) return known;
      world ??= projected(flat, crs);
      const fine = simplified(flat.starts, world, crs.scale(zoom) / crs.scale(0), origin);
      const found = { ...fine, boxes: boxesOf(fine.starts, fine.x, fine.y, shapes), zoom, origin };
      screens.set(map, found);
      return found;
    },
    /**
     * @param {any} crs
     * @param {any} bounds whose corner is at 0, 0
     * @param {number} scale pixels per pixel at zoom 0
     * @returns {Corners}
     */
    fitted(crs, bounds, scale) {
      world ??= projected(flat, crs);
      return simplified(flat.starts, world, scale, crs.latLngToPoint(bounds.getNorthWest(), 0).multiplyBy(scale));
    },
  };
}

/**
 * @template T
 * @param {() => T} make
 * @returns {() => T} makes it when it is first asked for
 */
function once(make) {
  /** @type {{made: T} | undefined} */
  let kept;
  return () => (kept ??= { made: make() }).made;
}

/**
 * @param {ArrayLike<number>} starts
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @param {number[][][][]} shapes
 * @returns {Float64Array} least and largest x and y of each shape: least x, least y, largest x, largest y
 */
function boxesOf(starts, x, y, shapes) {
  const boxes = new Float64Array(4 * shapes.length);
  for (let shape = 0; shape < shapes.length; shape += 1) {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [outer] of shapes[shape]) {
      for (const ref of outer) {
        for (let i = starts[ref >> 1]; i < starts[(ref >> 1) + 1]; i += 1) {
          if (x[i] < x0) x0 = x[i];
          if (x[i] > x1) x1 = x[i];
          if (y[i] < y0) y0 = y[i];
          if (y[i] > y1) y1 = y[i];
        }
      }
    }
    boxes.set([x0, y0, x1, y1], 4 * shape);
  }
  return boxes;
}

/**
 * @param {import("./topology.js").FlatArcs} flat
 * @param {any} crs
 * @returns {{x: Float64Array, y: Float64Array}} pixels at zoom 0
 */
function projected({ north, east }, crs) {
  const [x, y] = [new Float64Array(north.length), new Float64Array(north.length)];
  const isMercator = crs === L.CRS.EPSG3857;
  for (let i = 0; i < north.length; i += 1) {
    if (isMercator) {
      // as L.Projection.SphericalMercator, without an object for each corner
      const sine = Math.sin((north[i] * Math.PI) / 180);
      x[i] = 256 * (0.5 + east[i] / 360);
      y[i] = 256 * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
    } else ({ x: x[i], y: y[i] } = crs.latLngToPoint(L.latLng(north[i], east[i]), 0));
  }
  return { x, y };
}

/**
 * Arcs without the corners that cannot be told from the last one; neighbours keep the same ones.
 *
 * @param {Int32Array} starts
 * @param {{x: Float64Array, y: Float64Array}} world
 * @param {number} scale
 * @param {{x: number, y: number}} origin
 */
function simplified(starts, world, scale, origin) {
  const size = world.x.length;
  const [x, y, kept] = [new Float32Array(size), new Float32Array(size), new Int32Array(starts.length)];
  let n = 0;
  for (let arc = 0; arc + 1 < starts.length; arc += 1) {
    const last = starts[arc + 1] - 1;
    kept[arc] = n;
    for (let i = starts[arc]; i <= last; i += 1) {
      const [px, py] = [world.x[i] * scale - origin.x, world.y[i] * scale - origin.y];
      if (i > starts[arc] && i < last && (px - x[n - 1]) ** 2 + (py - y[n - 1]) ** 2 < FINE * FINE) continue;
      x[n] = px;
      y[n] = py;
      n += 1;
    }
  }
  kept[starts.length - 1] = n;
  return { starts: kept, x, y };
}
