// @ts-check
// All areas of a map as one path: fills, borders and patterns by class, each border once, and only what is in sight.

import { ringPlaces } from "./topology.js";

const BORDER_COLOR = "rgba(0, 0, 0, 0.4)"; // what is below it, darker
const SEAM_COLOR = "#cccccc"; // below the soft edges of two fills
const MANY = 4000; // areas in sight: each has so few pixels that no seam is seen
const BORDER = 0.9; // pixels
const POINTED_BORDER = 2;
const EVERYWHERE = () => L.bounds([-1e9, -1e9], [1e9, 1e9]);

/** @typedef {ReturnType<typeof import("./styles.js").areaStyle>} AreaLook */

/**
 * @param {import("./ground.js").Ground} ground
 * @param {any} renderer a pattern canvas
 * @param {(area: number) => AreaLook} lookOf how an area looks now; areas that look alike have the same object
 * @param {number[]} [numbers] of the areas, if not all
 * @returns {any} a Leaflet path, with `at`, `point` and `pointed`, the area below the pointer
 */
export function areasPath(ground, renderer, lookOf, numbers = ground.shapes.map((_, area) => area)) {
  const members = new Set(numbers);
  /** @type {Int32Array | null} */
  let owners = null; // of each arc, the area that draws it: the last one
  const ownersOf = () => {
    const last = new Int32Array(ground.flat.starts.length);
    for (const area of numbers) for (const ref of ground.shapes[area].flat(2)) last[ref >> 1] = area;
    return last;
  };
  const Areas = /** @type {any} */ (L.Path).extend({
    options: { renderer, bubblingMouseEvents: false },
    /** @type {number | null} the area below the pointer */
    pointed: null,
    _project() {
      this._pxBounds = EVERYWHERE();
    },
    _update() {
      this._updatePath();
    },
    _updatePath() {
      const pen = this._renderer._ctx;
      if (!this._renderer._drawing || typeof this._renderer.step === "number") return;
      const screen = ground.screen(this._map);
      const seen = inSight(this, numbers, ground);
      pen.globalAlpha = 1;
      pen.setLineDash([]);
      pen.lineJoin = "round";
      pen.lineCap = "round";
      const edges = borders(screen, this._renderer._bounds, this._renderer._redrawBounds);
      if (this._renderer.step !== "above") {
        Object.assign(pen, { lineWidth: 1, strokeStyle: SEAM_COLOR });
        if (seen.length < MANY) pen.stroke(edges);
        paintFills(pen, seen, screen);
      }
      if (this._renderer.step === "fill") return;
      Object.assign(pen, { lineWidth: BORDER, strokeStyle: BORDER_COLOR });
      pen.stroke(edges);
      if (members.has(this.pointed)) {
        pen.beginPath();
        outline(pen, screen, ground.shapes[this.pointed]);
        pen.lineWidth = POINTED_BORDER;
        pen.stroke();
      }
      for (const [pattern, areas] of grouped(seen, (area) => lookOf(area).pattern)) {
        if (!pattern) continue;
        pen.fillStyle = this._renderer.pattern(pattern);
        fillAll(pen, areas, screen);
      }
    },
    _containsPoint(/** @type {any} */ point) {
      return this.at(point) !== null;
    },
    /**
     * @param {{x: number, y: number}} point in pixels of the map's layers
     * @returns {number | null} the area there
     */
    at({ x, y }) {
      const screen = ground.screen(this._map);
      const near = areasIn(numbers, screen, { min: { x, y }, max: { x, y } });
      return near.reverse().find((area) => contains(screen, ground.shapes[area], x, y)) ?? null;
    },
    /** Draw the border of another area strongly, and nothing else anew. */
    point(/** @type {number | null} */ area) {
      const { boxes } = ground.screen(this._map);
      for (const one of [this.pointed, area]) {
        if (one === null || !members.has(one)) continue;
        this._pxBounds = L.bounds([boxes[4 * one], boxes[4 * one + 1]], [boxes[4 * one + 2], boxes[4 * one + 3]]);
        this._renderer._requestRedraw(this);
      }
      this._pxBounds = EVERYWHERE();
      this.pointed = area;
    },
    redraw() {
      if (this._map) this._renderer._requestRedraw(this);
    },
    /** Each area as a path of its own, for pictures of the map. */
    pieces() {
      const screen = ground.screen(this._map);
      const options = { ground: true, fill: true, stroke: true, color: "#000000", opacity: 0.25, weight: BORDER, lineCap: "round" }; // twice
      return inSight(this, numbers, ground).map((area) => ({ _parts: ringsOf(screen, ground.shapes[area]), options: { ...options, ...lookOf(area) } }));
    },
  });

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number[]} seen
   * @param {import("./ground.js").Screen} screen
   */
  const paintFills = (pen, seen, screen) => {
    for (const [look, areas] of grouped(seen, lookOf)) {
      pen.globalAlpha = look.fillOpacity;
      pen.fillStyle = look.fillColor;
      fillAll(pen, areas, screen);
    }
    pen.globalAlpha = 1;
  };

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number[]} areas
   * @param {import("./ground.js").Screen} screen
   */
  const fillAll = (pen, areas, screen) => {
    for (const area of areas) {
      pen.beginPath(); // a path of all takes longer than many
      outline(pen, screen, ground.shapes[area]);
      pen.fill("evenodd");
    }
  };

  /** @type {{screen: import("./ground.js").Screen, bounds: any, path: Path2D} | null} */
  let drawn = null;
  /**
   * @param {import("./ground.js").Screen} screen
   * @param {any} bounds of the canvas
   * @param {any} part of it that is drawn anew, if not all
   * @returns {Path2D} each border once
   */
  const borders = (screen, bounds, part) => {
    if (!part && drawn?.screen === screen && drawn.bounds === bounds) return drawn.path;
    const [{ starts, x, y }, path] = [screen, new Path2D()];
    owners ??= ownersOf();
    for (const area of areasIn(numbers, screen, part ?? bounds)) {
      for (const ref of ground.shapes[area].flat(2)) {
        const arc = ref >> 1;
        if (owners[arc] !== area) continue;
        path.moveTo(x[starts[arc]], y[starts[arc]]);
        for (let i = starts[arc] + 1; i < starts[arc + 1]; i += 1) path.lineTo(x[i], y[i]);
      }
    }
    if (!part) drawn = { screen, bounds, path };
    return path;
  };
  return new Areas();
}

/**
 * The outlines of some areas as one line.
 *
 * @param {import("./ground.js").Ground} ground
 * @param {any} renderer
 * @param {any} style of a Leaflet path
 * @returns {any} a Leaflet path, with `show` for the areas
 */
export function outlinesPath(ground, renderer, style) {
  const Outlines = /** @type {any} */ (L.Polyline).extend({
    /** @type {number[]} */
    areas: [],
    _project() {
      this._pxBounds = EVERYWHERE();
    },
    _update() {
      this._updatePath();
    },
    _updatePath() {
      const { _drawing, _ctx, step } = this._renderer;
      if (!_drawing || !this.options.opacity || (step !== "all" && step !== "above")) return;
      const screen = ground.screen(this._map);
      _ctx.beginPath();
      for (const area of inSight(this, this.areas, ground)) outline(_ctx, screen, ground.shapes[area]);
      this._renderer._fillStroke(_ctx, this);
    },
    /** All that is in sight, for pictures of the map. */
    pieces() {
      const screen = ground.screen(this._map);
      const rings = inSight(this, this.areas, ground).flatMap((area) => ringsOf(screen, ground.shapes[area]));
      return [{ _parts: rings.map((ring) => [...ring, ring[0]]), options: this.options }];
    },
    show(/** @type {number[]} */ areas) {
      this.areas = areas;
      return this.redraw();
    },
  });
  return new Outlines([], { renderer, ...style });
}

/**
 * @param {any} path
 * @param {number[]} areas
 * @param {import("./ground.js").Ground} ground
 * @returns {number[]} those that are drawn now
 */
function inSight({ _map, _renderer: { _bounds, _redrawBounds } }, areas, ground) {
  const screen = ground.screen(_map);
  const seen = areasIn(areas, screen, _bounds);
  return _redrawBounds ? areasIn(seen, screen, _redrawBounds) : seen;
}

/**
 * @param {number[]} areas
 * @param {import("./ground.js").Screen} screen
 * @param {any} bounds of pixels
 * @returns {number[]} those whose boxes meet the bounds
 */
function areasIn(areas, { boxes }, { min, max }) {
  return areas.filter((area) => boxes[4 * area] <= max.x && boxes[4 * area + 2] >= min.x && boxes[4 * area + 1] <= max.y && boxes[4 * area + 3] >= min.y);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./ground.js").Corners} screen
 * @param {number[][][]} shape
 */
export function outline(pen, { starts, x, y }, shape) {
  for (const part of shape) {
    for (const ring of part) {
      let isFirst = true;
      for (const ref of ring) {
        const [first, last] = [starts[ref >> 1], starts[(ref >> 1) + 1] - 1];
        if (isFirst) pen.moveTo(x[ref & 1 ? last : first], y[ref & 1 ? last : first]);
        isFirst = false;
        // to the end of the last arc: closePath takes longer the longer the whole path is
        if (ref & 1) for (let i = last - 1; i >= first; i -= 1) pen.lineTo(x[i], y[i]);
        else for (let i = first + 1; i <= last; i += 1) pen.lineTo(x[i], y[i]);
      }
    }
  }
}

/**
 * @param {import("./ground.js").Screen} screen
 * @param {number[][][]} shape
 * @returns {Array<Array<{x: number, y: number}>>}
 */
function ringsOf({ starts, x, y }, shape) {
  const arc = (/** @type {number} */ number) => Array.from({ length: starts[number + 1] - starts[number] }, (_, i) => ({ x: x[starts[number] + i], y: y[starts[number] + i] }));
  return shape.flat().map((ring) => ringPlaces(arc, ring));
}

/**
 * @param {import("./ground.js").Screen} screen
 * @param {number[][][]} shape
 * @param {number} x
 * @param {number} y
 * @returns {boolean} whether a point is inside, not in a hole
 */
function contains(screen, shape, x, y) {
  let inside = false;
  for (const ring of ringsOf(screen, shape)) {
    ring.forEach((b, i) => {
      const a = ring[(i || ring.length) - 1];
      if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
    });
  }
  return inside;
}

/**
 * @template K
 * @param {number[]} areas
 * @param {(area: number) => K} by
 * @returns {Map<K, number[]>}
 */
function grouped(areas, by) {
  /** @type {Map<K, number[]>} */
  const groups = new Map();
  for (const area of areas) {
    const key = by(area);
    const found = groups.get(key);
    if (found) found.push(area);
    else groups.set(key, [area]);
  }
  return groups;
}
