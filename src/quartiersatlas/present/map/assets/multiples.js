// @ts-check
// Small maps side by side, one for each date: the same classes, the same part of the earth, one legend.

import { outline } from "./areas.js";
import { cellClass } from "./classes.js";
import { element } from "./controls.js";
import { fillIn, formatCity } from "./format.js";
import { areaStyle } from "./styles.js";

const MOST_MAPS = 6;
const HEIGHT = 120; // pixels
const WIDTH = 150;
const SHARP = 2;

/**
 * The small maps of the column that is shown; a click shows the date on the map.
 *
 * @param {import("./view.js").View} view
 * @param {import("./ground.js").Ground} ground
 * @param {any} crs
 * @param {any} bounds of the city
 */
export function smallMultiples(view, ground, crs, bounds) {
  const { atlas } = view;
  const place = document.querySelector(".qa-aid");
  if (!place || atlas.times.length < 2) return;
  const node = element("figure", "qa-multiples");
  const [caption, maps] = [element("figcaption", ""), element("div", "")];
  node.append(caption, maps);
  place.after(node);
  const low = bounds.getSouthEast();
  const wide = crs.latLngToPoint(low, 0).subtract(crs.latLngToPoint(bounds.getNorthWest(), 0));
  const scale = Math.min(WIDTH / wide.x, HEIGHT / wide.y);
  const screen = ground.fitted(crs, bounds, scale);
  const redraw = () => {
    const column = view.column();
    const years = [...atlas.times.keys()].filter((year) => column.years[year]).slice(0, MOST_MAPS).reverse();
    node.hidden = years.length < 2;
    if (node.hidden) return;
    caption.textContent = fillIn(atlas.words.chart_time_line, { label: column.label });
    const focused = maps.contains(document.activeElement);
    maps.replaceChildren(...years.map((year) => oneMap(column, year)));
    if (focused) /** @type {HTMLElement | null} */ (maps.querySelector("[aria-pressed=true]"))?.focus({ preventScroll: true });
  };
  /**
   * @param {any} column
   * @param {number} year
   */
  const oneMap = (column, year) => {
    const button = /** @type {HTMLButtonElement} */ (element("button", ""));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.ceil(SHARP * scale * wide.x), Math.ceil(SHARP * scale * wide.y)];
    canvas.style.width = `${canvas.width / SHARP}px`;
    const then = { ...column, ...column.years[year] };
    Object.assign(then, then.schemes?.[column.scheme] ?? column.schemes[column.scheme]);
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.scale(SHARP, SHARP);
    Object.assign(pen, { lineWidth: 0.3, strokeStyle: "#767676" });
    ground.shapes.forEach((shape, area) => {
      pen.fillStyle = areaStyle(then, cellClass(then, area), undefined, false).fillColor;
      pen.beginPath();
      outline(pen, screen, shape);
      pen.fill("evenodd");
      pen.stroke();
    });
    button.type = "button";
    button.setAttribute("aria-pressed", String(year === atlas.shown));
    button.append(canvas, element("span", "", atlas.times[year].year));
    if (then.city !== null) button.append(element("span", "", fillIn(atlas.words.legend_city, { value: formatCity(then, atlas.lang) })));
    button.addEventListener("click", () => view.showDate(year));
    return button;
  };
  atlas.bus.add({ node, drawn: true, redraw, draw: redraw, mark() {} });
  redraw();
}
