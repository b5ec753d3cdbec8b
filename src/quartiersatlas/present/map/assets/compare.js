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
 */
export function compareButton(atlas, views, map, fit, create, choice) {
  const button = document.getElementById("qa-compare-button");
  if (!button) return;
  /** @type {any} */
  let second = null;
  button.addEventListener("click", () => {
    if (second) {
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
    button.setAttribute("aria-pressed", String(second !== null));
    button.textContent = second ? atlas.words.button_single : atlas.words.button_compare;
    setSheet(atlas.words, "peek"); // on a phone it would cover one of the two
    map.invalidateSize({ animate: false });
    second?.map.invalidateSize({ animate: false });
    fit();
    choice.choose(choice.chosen());
  });
}

/**
 * Show a column, and say so in the view's own choice.
 *
 * @param {import("./view.js").View} view
 * @param {number} index
 */
function chooseIn(view, index) {
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
  return { box, map, follow: together(first, map) };
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
