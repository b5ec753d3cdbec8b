// @ts-check
// Two views side by side: a second map of the same areas with its own indicator, date and classes, moved together.

import { element } from "./controls.js";
import { setSheet } from "./sheet.js";

/**
 * The button that puts a second view beside the first, or takes it away again.
 *
 * @param {any} atlas
 * @param {import("./view.js").View[]} views the first one; the second one is added to them
 * @param {any} map the first map
 * @param {() => void} fit show the whole city
 * @param {(on: {choose: (area: number) => void, changed: (column: any) => void}) => import("./view.js").View} create
 * @param {import("./page.js").AreaChoice} choice
 * @param {() => void} changed another map is there, or gone
 * @returns {{second: () => {map: any, view: import("./view.js").View} | null, open: (column: number) => void, close: () => void}}
 */
export function compareButton(atlas, views, map, fit, create, choice, changed) {
  const button = document.getElementById("qa-compare-button");
  /** @type {any} */
  let second = null;
  const toggle = () => {
    if (second) {
      window.removeEventListener("beforeprint", second.print);
      map.off("move", second.follow);
      second.map.remove();
      second.box.remove();
      views.pop();
      second = null;
    } else {
      const view = create({ choose: choice.choose, changed() {} });
      views.push(view);
      second = secondMap(atlas, view, map);
      const next = atlas.columns.findIndex((/** @type {any} */ column) => column !== atlas.columns[0] && !column.matrix);
      if (next > 0) chooseIn(view, next);
    }
    document.body.classList.toggle("qa-compare", second !== null);
    button?.setAttribute("aria-pressed", String(second !== null));
    if (button) button.textContent = second ? atlas.words.button_single : atlas.words.button_compare;
    setSheet(atlas.words, "peek"); // on a phone it would cover one of the two
    map.invalidateSize({ animate: false });
    second?.map.invalidateSize({ animate: false });
    fit();
    choice.show(choice.chosen());
    changed();
  };
  button?.addEventListener("click", toggle);
  return {
    second: () => second && { map: second.map, view: second.view },
    open(column) {
      if (!second) toggle();
      chooseIn(second.view, column);
    },
    close: () => second && toggle(),
  };
}

/**
 * Show a column, and say so in the view's own choice.
 *
 * @param {import("./view.js").View} view
 * @param {number} index
 */
export function chooseIn(view, index) {
  const select = view.choices[0].querySelector("select");
  if (select) select.value = String(index);
  view.show(index);
}

/**
 * @param {any} atlas
 * @param {import("./view.js").View} view
 * @param {any} first the map beside it
 */
function secondMap(atlas, view, first) {
  const box = element("div", "qa-second");
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", atlas.words.button_compare);
  first.getContainer().after(box);
  const options = { attributionControl: false, zoomControl: false, zoomSnap: 0, center: first.getCenter(), zoom: first.getZoom() };
  const map = L.map(box, options);
  view.layer.addTo(map);
  view.legend.addTo(map);
  const choices = /** @type {any} */ (L).control({ position: "topleft" });
  choices.onAdd = () => {
    const card = element("div", "qa-card");
    L.DomEvent.disableClickPropagation(card);
    card.append(...view.choices);
    return card;
  };
  choices.addTo(map);
  const print = () => printedBeside(first, map, view.legend.getContainer());
  window.addEventListener("beforeprint", print);
  return { box, map, view, follow: together(first, map), print };
}

/**
 * On paper the second map has the size of the first, and its legend stands beside that of the first below both.
 *
 * @param {any} first
 * @param {any} map
 * @param {HTMLElement} legend
 */
function printedBeside(first, map, legend) {
  const [home, centre, zoom] = [legend.parentElement, first.getCenter(), first.getZoom()];
  document.getElementById("qa-print-legend")?.append(legend);
  map.invalidateSize({ animate: false, pan: false });
  first.setView(centre, zoom, { animate: false }); // a change of size moved both
  const back = () =>
    requestAnimationFrame(() => {
      const seen = [first.getCenter(), first.getZoom()];
      home?.append(legend);
      map.invalidateSize({ animate: false, pan: false });
      first.setView(...seen, { animate: false });
    });
  window.addEventListener("afterprint", back, { once: true });
}

/**
 * Move two maps together.
 *
 * @param {any} first
 * @param {any} second
 * @returns {() => void} what the first one calls when it moves
 */
function together(first, second) {
  let moving = false;
  const follow = (/** @type {any} */ from, /** @type {any} */ to) => () => {
    if (moving) return;
    moving = true;
    to.setView(from.getCenter(), from.getZoom(), { animate: false });
    moving = false;
  };
  const forth = follow(first, second);
  first.on("move", forth);
  second.on("move", follow(second, first));
  return forth;
}
