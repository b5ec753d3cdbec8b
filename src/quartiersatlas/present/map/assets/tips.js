// @ts-check
// Where a tooltip stands: beside the pointer, where no legend, button or box of layers hides it.

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box in pixels of the map */
/** @typedef {"right" | "left" | "top" | "bottom"} Side */

const GAP = 10; // pixels between pointer and tooltip
/** @type {Side[]} */
const SIDES = ["right", "left", "top", "bottom"];

/**
 * @param {Side} side
 * @param {{x: number, y: number}} pointer
 * @param {{width: number, height: number}} tip
 * @returns {Box}
 */
function boxAt(side, { x, y }, { width, height }) {
  const left = { right: x + GAP, left: x - GAP - width, top: x - width / 2, bottom: x - width / 2 }[side];
  const top = { right: y - height / 2, left: y - height / 2, top: y - GAP - height, bottom: y + GAP }[side];
  return { left, top, right: left + width, bottom: top + height };
}

/**
 * @param {Box} one
 * @param {Box} other
 * @returns {number} the pixels that two boxes share
 */
function shared(one, other) {
  const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return Math.max(0, width) * Math.max(0, height);
}

/**
 * The side of the pointer on which most of a tooltip is seen. It stays where it is as long as all of it is.
 *
 * @param {{x: number, y: number}} pointer
 * @param {{width: number, height: number}} tip
 * @param {Box} map
 * @param {Box[]} covers what lies above the map
 * @param {Side} now
 * @returns {Side}
 */
export function freeSide(pointer, tip, map, covers, now) {
  const seen = (/** @type {Side} */ side) => {
    const box = boxAt(side, pointer, tip);
    return shared(box, map) - covers.reduce((sum, cover) => sum + shared(box, cover), 0);
  };
  return [now, ...SIDES].reduce((best, side) => (seen(side) > seen(best) ? side : best));
}

/**
 * Move a tooltip to the free side when it opens and when the pointer moves on.
 *
 * @param {any} path with its tooltip
 * @returns {any} the path
 */
export function keepTipClear(path) {
  path.getTooltip().options.direction = SIDES[0];
  return path.on("tooltipopen mousemove", () => {
    const [tip, map] = [path.getTooltip(), path._map];
    const node = tip.getElement();
    if (!node || !map) return;
    const frame = map.getContainer().getBoundingClientRect();
    const covers = [...map.getContainer().querySelectorAll(".leaflet-control")].map((cover) => within(frame, cover.getBoundingClientRect()));
    const size = { width: node.offsetWidth, height: node.offsetHeight };
    const side = freeSide(map.latLngToContainerPoint(tip.getLatLng()), size, within(frame, frame), covers, tip.options.direction);
    if (side === tip.options.direction) return;
    tip.options.direction = side;
    tip.update();
  });
}

/**
 * @param {DOMRect} frame
 * @param {DOMRect} rect
 * @returns {Box}
 */
function within(frame, { left, top, right, bottom }) {
  return { left: left - frame.left, top: top - frame.top, right: right - frame.left, bottom: bottom - frame.top };
}
