// @ts-check
// The frame of the map on its own page: which part of the city is in sight, on the screen and on paper, and what stands
// in its corners.

import { element } from "./controls.js";
import { isSmall } from "./sheet.js";

const LEAST_ROOM = 60; // pixels
const LOW_MAP = 520; // pixels
const LITTLE = 0.35; // of a zoom level: a fifth of the size

/**
 * Show the whole city beside the legend, buttons to come nearer and back, and a scale in metres.
 *
 * @param {any} map
 * @param {any} bounds
 * @param {HTMLElement} legend
 * @param {Record<string, string>} words
 * @returns {() => void} what shows the whole city
 */
export function framePage(map, bounds, legend, words) {
  /** The city in what is left between the boxes; where that is too little, they cover part of it. */
  const fitBetween = (/** @type {[number, number]} */ topLeft, /** @type {[number, number]} */ bottomRight) => {
    const room = map.getSize().subtract(topLeft).subtract(bottomRight);
    const fits = Math.min(room.x, room.y) >= LEAST_ROOM;
    const [paddingTopLeft, paddingBottomRight] = fits ? [clearOfInsets(map, bounds, topLeft, bottomRight), bottomRight] : [[4, 4], [4, 4]];
    if (Math.min(map.getSize().x, map.getSize().y) > 8) map.fitBounds(bounds, { paddingTopLeft, paddingBottomRight, animate: false });
    map.fire("home");
  };
  const fit = () => {
    if (document.body.classList.contains("qa-compare")) {
      // the choices of the second map stand above the city, both legends below it
      const below = Math.max(...[...document.querySelectorAll(".qa-legend")].map((node) => /** @type {HTMLElement} */ (node).offsetHeight));
      const above = /** @type {HTMLElement | null} */ (document.querySelector(".qa-second .qa-card"))?.offsetHeight ?? 0;
      fitBetween([16, 12 + above], [16, 12 + below]);
      return;
    }
    if (isSmall()) {
      // rows of buttons stand above the city, the folded legend below it
      const below = 30 + (legend.querySelector("summary")?.offsetHeight ?? 24);
      fitBetween([12, document.body.classList.contains("qa-embed") ? 8 : 54], [12, below]);
      return;
    }
    const beside = map.getSize().x > 2.2 * legend.offsetWidth ? legend.offsetWidth + 20 : 12;
    const layers = /** @type {HTMLElement | null} */ (map.getContainer().querySelector(".leaflet-control-layers"));
    const tops = [12 + (layers?.offsetHeight ?? 28), 40]; // below the box of layers, where that costs hardly any size
    const [clear, high] = tops.map((top) => map.getBoundsZoom(bounds, false, L.point(beside + 12, top + 12)));
    fitBetween([beside, tops[clear > high - 0.2 ? 0 : 1]], [12, 12]);
  };
  fit();
  L.control.scale({ imperial: false, maxWidth: isSmall() ? 64 : 100, position: "bottomright" }).addTo(map);
  zoomButtons(map, words, fit);
  map.on("resize", (/** @type {any} */ { oldSize }) => {
    // the city stays whole where it was whole before
    const [middle, half] = [map.project(map.getCenter()), oldSize.divideBy(2)];
    const seen = L.bounds(middle.subtract(half), middle.add(half));
    if (seen.contains(map.project(bounds.getNorthWest())) && seen.contains(map.project(bounds.getSouthEast()))) fit();
  });
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());
  printedMap(map, bounds, legend);
  return fit;
}

/**
 * Where the city begins: beside the frames of its exclaves or below them, where that costs little of its size.
 *
 * @param {any} map
 * @param {any} bounds
 * @param {[number, number]} topLeft
 * @param {[number, number]} bottomRight
 * @returns {[number, number]}
 */
function clearOfInsets(map, bounds, topLeft, bottomRight) {
  const insets = map.getContainer().querySelector(".qa-insets")?.getBoundingClientRect();
  if (!insets) return topLeft;
  const own = map.getContainer().getBoundingClientRect();
  const zoom = (/** @type {[number, number]} */ [x, y]) => map.getBoundsZoom(bounds, false, L.point(x + bottomRight[0], y + bottomRight[1]));
  /** @type {[number, number]} */
  const beside = [Math.max(topLeft[0], insets.right - own.left + 8), topLeft[1]];
  /** @type {[number, number]} */
  const below = [topLeft[0], Math.max(topLeft[1], insets.bottom - own.top + 8)];
  const best = zoom(beside) >= zoom(below) ? beside : below;
  return zoom(best) > zoom(topLeft) - LITTLE ? best : topLeft;
}

/**
 * @param {any} map
 * @param {Record<string, string>} words
 * @param {() => void} fit
 */
function zoomButtons(map, words, fit) {
  const box = map.zoomControl.getContainer();
  const city = /** @type {HTMLAnchorElement} */ (element("a", "qa-zoom-city", "⌂"));
  city.href = "#";
  city.setAttribute("role", "button");
  city.addEventListener("click", (event) => {
    event.preventDefault();
    fit();
  });
  box.append(city);
  [words.zoom_in, words.zoom_out, words.zoom_city].forEach((word, number) => {
    box.children[number].title = word;
    box.children[number].setAttribute("aria-label", word);
  });
}

/**
 * Checkboxes of further layers; on a phone they are folded to their heading.
 *
 * @param {Record<string, any>} overlays
 * @param {string} heading
 * @returns {any} a Leaflet control
 */
export function layerBox(overlays, heading) {
  const control = /** @type {any} */ (L.control.layers(undefined, overlays, { collapsed: false }));
  const add = control.onAdd;
  control.onAdd = (/** @type {any} */ map) => {
    const box = add.call(control, map);
    const fold = foldable(element("details", "qa-layers"));
    if (map.getSize().y < LOW_MAP) fold.open = false; // it would cover much of the city
    fold.append(element("summary", "qa-layers-title", heading), box.querySelector("section"));
    box.replaceChildren(fold);
    return box;
  };
  return control;
}

/**
 * Open where there is room; on a phone folded, and opening one folds the other.
 *
 * @param {HTMLElement} details
 * @returns {HTMLDetailsElement}
 */
export function foldable(details) {
  const fold = /** @type {HTMLDetailsElement} */ (details);
  fold.open = !isSmall() && !document.body.classList.contains("qa-embed");
  if (isSmall()) fold.setAttribute("name", "qa-fold");
  return fold;
}

/**
 * On paper: the legend beside or below the map, everything unfolded, the map drawn anew for its size there.
 *
 * @param {any} map
 * @param {any} bounds
 * @param {HTMLElement} legend
 */
function printedMap(map, bounds, legend) {
  /** @type {(() => void) | null} */
  let back = null;
  window.addEventListener("beforeprint", () => {
    if (back) return;
    const [seen, centre, zoom, sharp] = [map.getBounds(), map.getCenter(), map.getZoom(), L.Browser.retina];
    const moved = [legend, document.getElementById("qa-definition")].map((node) => ({ node, home: node?.parentElement, next: node?.nextSibling ?? null }));
    const folded = [...document.querySelectorAll("details:not([open]):not(.qa-layers)")];
    const size = (/** @type {boolean} */ onPaper) => {
      document.documentElement.classList.toggle("qa-printing", onPaper);
      /** @type {any} */ (L.Browser).retina = onPaper || sharp; // two dots per pixel
      map.invalidateSize({ animate: false, pan: false });
    };
    folded.forEach((fold) => fold.setAttribute("open", ""));
    moved.forEach(({ node }, place) => node && document.getElementById(["qa-print-legend", "qa-print-definition"][place])?.append(node));
    size(true);
    const sight = seen.contains(bounds) ? bounds : seen;
    map.fitBounds(sight, { paddingTopLeft: clearOfInsets(map, sight, [8, 8], [8, 8]), paddingBottomRight: [8, 8], animate: false });
    back = () => {
      folded.forEach((fold) => fold.removeAttribute("open"));
      moved.forEach(({ node, home, next }) => node && home?.insertBefore(node, next));
      size(false);
      map.setView(centre, zoom, { animate: false });
    };
  });
  window.addEventListener("afterprint", () => {
    // a frame later: Firefox measures as on paper until then
    requestAnimationFrame(() => {
      back?.();
      back = null;
    });
  });
}
