// @ts-check
// Canvas drawing with patterns above the fill colour, so that a hatched area still shows its class.

/** @typedef {"hatch" | "dashes" | "dots" | "lines"} PatternName */

const SIZE = 8;

/** @type {Array<[string, number]>} colour, and pixels beside the other one */
export const HATCH_LINES = [
  ["rgba(255, 255, 255, 0.6)", 1.2],
  ["rgba(20, 20, 20, 0.8)", 0],
];

/** @type {Record<PatternName, (pen: CanvasRenderingContext2D) => void>} */
const DRAW = {
  hatch: (pen) => slantedLines(pen, []),
  dashes: (pen) => slantedLines(pen, [SIZE * 0.42, SIZE * 0.29]), // as long as the diagonal of the tile: dashes join at its edges
  dots(pen) {
    pen.fillStyle = "#8a8a8a";
    for (const [x, y] of [[2, 2], [6, 6]]) {
      pen.beginPath();
      pen.arc(x, y, 0.9, 0, 2 * Math.PI);
      pen.fill();
    }
  },
  lines(pen) {
    pen.fillStyle = "#9a9a9a";
    pen.fillRect(3, 0, 1, SIZE);
  },
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number[]} dashes
 */
function slantedLines(pen, dashes) {
  // a light line beside the dark one keeps the hatch visible on the darkest class
  for (const [color, offset] of HATCH_LINES) {
    pen.strokeStyle = color;
    pen.lineWidth = 1.1;
    pen.setLineDash(dashes);
    pen.beginPath();
    for (const shift of [-SIZE, 0, SIZE]) {
      pen.moveTo(shift - SIZE + offset, 2 * SIZE);
      pen.lineTo(shift + 2 * SIZE + offset, -SIZE);
    }
    pen.stroke();
  }
}

/**
 * @param {PatternName} name
 * @returns {HTMLCanvasElement} one tile of the pattern
 */
export function patternTile(name) {
  const tile = document.createElement("canvas");
  tile.width = SIZE;
  tile.height = SIZE;
  const pen = tile.getContext("2d");
  if (pen) DRAW[name](pen);
  return tile;
}

/**
 * Build the Leaflet renderer. Where there are paths with the option `below`, the areas are drawn in two steps: first their
 * fills, then what is below their borders, from the lowest number to the highest, then borders, patterns and everything
 * else.
 */
export function patternCanvas() {
  /** @type {Map<PatternName, CanvasPattern | null>} */
  const patterns = new Map();
  const plain = /** @type {any} */ (L.Canvas.prototype);
  const PatternCanvas = /** @type {any} */ (L.Canvas).extend({
    /** @type {"all" | "fill" | number | "above"} */
    step: "all",
    _draw(/** @type {any} */ ...given) {
      const levels = new Set();
      for (let order = this._drawFirst; order; order = order.next) levels.add(order.layer.options.below);
      levels.delete(undefined);
      const steps = levels.size ? ["fill", ...[...levels].sort((a, b) => a - b), "above"] : ["all"];
      for (this.step of steps) plain._draw.apply(this, given);
    },
    _updatePaths() {
      this.whole = true;
      plain._updatePaths.call(this);
    },
    _requestRedraw(/** @type {any} */ layer) {
      if (!this.whole) plain._requestRedraw.call(this, layer); // else all is drawn anyhow
    },
    /** Once, however often a change of the view asks for it: when its events are over, before anything is shown. */
    _redraw() {
      if (this.waits) return;
      this.waits = true;
      queueMicrotask(() => {
        this.waits = false;
        if (!this._ctx) return;
        L.Util.cancelAnimFrame(this._redrawRequest);
        if (this.whole) this._redrawBounds = null;
        this.whole = false;
        plain._redraw.call(this);
      });
    },
    _isNow(/** @type {any} */ { options }) {
      return this.step === "all" || options.below === (this.step === "above" ? undefined : this.step);
    },
    _updatePoly(/** @type {any} */ layer, /** @type {boolean} */ closed) {
      if (this._isNow(layer)) plain._updatePoly.call(this, layer, closed);
    },
    _updateCircle(/** @type {any} */ layer) {
      if (this._isNow(layer)) plain._updateCircle.call(this, layer);
    },
    pattern(/** @type {PatternName} */ name) {
      if (!patterns.has(name)) patterns.set(name, this._ctx.createPattern(patternTile(name), "repeat"));
      return patterns.get(name) ?? "transparent";
    },
  });
  return new PatternCanvas({ padding: 0.3 });
}
