// @ts-check
// On a phone the panel is a sheet from below with three heights. Its handle goes from one to the next, or is dragged.

import { fillIn } from "./format.js";

/** @typedef {"peek" | "half" | "full"} SheetHeight */

/** @type {SheetHeight[]} */
const HEIGHTS = ["peek", "half", "full"];
const SMALL = "screen and (max-width: 760px), screen and (max-height: 500px)"; // as in atlas.css
const DRAGGED = 6; // pixels: less is a tap

/** Whether what stands on the map begins folded. */
export function isSmall() {
  return window.matchMedia(SMALL).matches;
}

/** @returns {SheetHeight} */
function sheetHeight() {
  return /** @type {SheetHeight} */ (document.body.dataset.sheet ?? "peek");
}

/**
 * @param {Record<string, string>} words
 * @param {SheetHeight} height
 */
export function setSheet(words, height) {
  const handle = document.getElementById("qa-handle");
  if (!handle) return;
  const heading = document.querySelector(".qa-area-name")?.textContent ?? words.label_sheet;
  document.body.dataset.sheet = height;
  handle.textContent = heading;
  handle.setAttribute("aria-label", fillIn(words[`panel_${height}`], { heading }));
  handle.setAttribute("aria-expanded", String(height !== "peek"));
  // what was unfolded on the map would cover all that is left of it
  if (height !== "peek") document.querySelectorAll('details[name="qa-fold"]').forEach((fold) => fold.removeAttribute("open"));
}

/**
 * A chosen area lifts the sheet from the peek, and leaves it where it is otherwise; without one it goes back.
 *
 * @param {Record<string, string>} words
 * @param {boolean} chosen
 */
export function liftSheet(words, chosen) {
  const height = sheetHeight() === "peek" ? "half" : sheetHeight();
  setSheet(words, chosen ? height : "peek");
}

/** @param {Record<string, string>} words */
export function panelSheet(words) {
  const [sheet, handle] = ["qa-sheet", "qa-handle"].map((id) => document.getElementById(id));
  if (!sheet || !handle) return;
  setSheet(words, sheetHeight());
  let [begin, tall, moved] = [0, 0, false];
  handle.addEventListener("click", (event) => {
    // the end of a drag is a click too; the keyboard's has no detail
    if (moved && event.detail) return;
    setSheet(words, HEIGHTS[(HEIGHTS.indexOf(sheetHeight()) + 1) % HEIGHTS.length]);
  });
  handle.addEventListener("pointerdown", (event) => {
    [begin, tall, moved] = [event.clientY, sheet.offsetHeight, false];
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    moved ||= Math.abs(begin - event.clientY) > DRAGGED;
    if (moved) sheet.style.height = `${tall + begin - event.clientY}px`;
  });
  handle.addEventListener("lostpointercapture", () => {
    if (moved) setSheet(words, nearestHeight(sheet));
  });
}

/**
 * @param {HTMLElement} sheet as tall as it was dragged
 * @returns {SheetHeight} the height nearest to that
 */
function nearestHeight(sheet) {
  const dragged = sheet.offsetHeight;
  sheet.style.height = "";
  const far = HEIGHTS.map((height) => {
    document.body.dataset.sheet = height;
    return Math.abs(sheet.offsetHeight - dragged);
  });
  return HEIGHTS[far.indexOf(Math.min(...far))];
}
