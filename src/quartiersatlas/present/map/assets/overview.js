// @ts-check
// All municipalities on one page: far away one circle each, closer one circle per quarter, close by the outlines.

import { element } from "./controls.js";
import { fillIn, formatNumber } from "./format.js";
import { decodeRuns, fromEurope } from "./grid.js";
import { decodeTopology, ringPlaces } from "./topology.js";

const [MIDDLE, NEAR] = [8.5, 11.5]; // zoom from which there are circles of quarters, and their outlines
const [LARGEST, LARGEST_QUARTER, SMALLEST] = [20, 9, 2.5]; // pixels
const INK = "#1a1a1a";

/**
 * @typedef {object} Overview
 * @property {string} lang
 * @property {Record<string, string>} words
 * @property {Array<{from: number, color: string, label: string}>} classes
 * @property {{geometry: any, shapes: number[], keys: string[], names: string[], people: Array<number | null>, share: Array<number | null>, at: number[][]}} towns
 * @property {{grid: any, town: number[], names: string[], residents: Array<number | null>, columns: Array<{label: string, unit: string, decimals: number, values: Array<number | null>}>}} quarters
 * @property {string} starters
 */

/**
 * @param {Overview} data
 */
export function showOverview(data) {
  const map = L.map("qa-map", { attributionControl: false, zoomSnap: 0.1, preferCanvas: true });
  const page = pageOf(data);
  const rings = decodeRuns(data.quarters.grid).map((quarter) => quarter.map((ring) => ring.map(([x, y]) => L.latLng(...fromEurope(x, y)))));
  const middles = rings.map((quarter) => L.latLngBounds(quarter.flat()).getCenter());
  const mine = data.towns.keys.map(() => /** @type {number[]} */ ([]));
  data.quarters.town.forEach((town, quarter) => mine[town].push(quarter));
  /** @type {number | null} */
  let chosen = null;
  const choose = (/** @type {number} */ town, closer = true) => {
    chosen = town;
    page.showTown(town, mine[town], (quarter) => map.fitBounds(L.latLngBounds(rings[quarter].flat()).pad(1.5), { maxZoom: 14 }));
    mark(town);
    if (closer && mine[town].length) map.fitBounds(L.latLngBounds(mine[town].flatMap((quarter) => rings[quarter].flat())).pad(0.2), { maxZoom: 13 });
  };
  const pen = L.canvas({ padding: 0.3 });
  const [fills, outlines] = townLayer(data, page, pen, mine, (town) => choose(town, false));
  const largest = Math.max(1, ...data.towns.people.map((count) => count ?? 0));
  const circles = data.towns.keys.flatMap((_, town) => {
    if (!mine[town].length) return [];
    const radius = circleSize(data.towns.people[town], largest, LARGEST);
    const at = data.towns.at[town] ?? middles[mine[town][0]];
    return [tip(L.circleMarker(/** @type {any} */ (at), circle(pen, radius)), () => page.townLines(town, mine[town].length)).on("click", () => choose(town))];
  });
  const most = Math.max(1, ...data.quarters.residents.map((count) => count ?? 0));
  const ofQuarter = (/** @type {any} */ path, /** @type {number} */ quarter) =>
    tip(path, () => page.quarterLines(quarter)).on("click", () => choose(data.quarters.town[quarter], false));
  const dots = () => rings.map((_, quarter) => ofQuarter(L.circleMarker(middles[quarter], circle(pen, circleSize(data.quarters.residents[quarter], most, LARGEST_QUARTER))), quarter));
  const shapes = () => rings.map((quarter, number) => ofQuarter(L.polygon(quarter, { renderer: pen, color: INK, weight: 2, fillColor: "#b3005e", fillOpacity: 0.25 }), number));
  const levels = [L.layerGroup(circles), lazy(dots), lazy(shapes)];
  const ring = L.layerGroup().addTo(map);
  const mark = (/** @type {number} */ town) => {
    ring.clearLayers();
    for (const path of outlines[town] ?? []) ring.addLayer(L.polyline(path, { renderer: pen, color: INK, weight: 3, interactive: false }));
  };
  const bounds = fills.length ? L.featureGroup(fills).getBounds() : L.latLngBounds(rings.flat(2));
  const home = () => map.fitBounds(bounds, { padding: [10, 10], animate: false });
  home();
  L.layerGroup(fills).addTo(map);
  let shown = -1;
  const level = () => {
    const now = map.getZoom() < MIDDLE ? 0 : map.getZoom() < NEAR ? 1 : 2;
    if (now === shown) return;
    if (shown >= 0) map.removeLayer(take(levels[shown]));
    map.addLayer(take(levels[now]));
    // close by the fills step back: the quarters themselves are what is read
    if ((now === 2) !== (shown === 2)) for (const fill of fills) fill.setStyle({ fillOpacity: now === 2 ? 0.3 : 1 });
    shown = now;
    page.showLevel(now);
  };
  map.on("zoomend", level);
  level();
  page.list(mine, choose, home);
  map.getContainer().addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && chosen !== null) home();
  });
}

/**
 * @param {() => any[]} make
 */
function lazy(make) {
  /** @type {any} */
  let made = null;
  return () => (made ??= L.layerGroup(make()));
}

/** @param {any} level */
const take = (level) => (typeof level === "function" ? level() : level);

/**
 * @param {number | null} count
 * @param {number} largest
 * @param {number} size pixels of the largest
 * @returns {number} the radius: the surface shows the number
 */
export function circleSize(count, largest, size) {
  return count === null ? SMALLEST : Math.max(SMALLEST, size * Math.sqrt(count / largest));
}

/**
 * @param {any} renderer
 * @param {number} radius
 */
function circle(renderer, radius) {
  return { renderer, radius, color: "#ffffff", weight: 1, fillColor: "#b3005e", fillOpacity: 0.75 };
}

/**
 * @param {any} path
 * @param {() => string[]} lines
 */
function tip(path, lines) {
  return path.bindTooltip(
    () => {
      const box = element("div", "");
      lines().forEach((line, number) => box.append(element(number ? "div" : "strong", "", line)));
      return box;
    },
    { sticky: true },
  );
}

/**
 * @param {Overview} data
 * @param {ReturnType<typeof pageOf>} page
 * @param {any} renderer
 * @param {number[][]} mine
 * @param {(town: number) => void} choose
 * @returns {[any[], Array<any[]>]} the fills, and the rings of each municipality
 */
function townLayer(data, page, renderer, mine, choose) {
  if (!data.towns.geometry) return [[], []];
  const { arcs, shapes } = decodeTopology(data.towns.geometry);
  const places = arcs.map((arc) => arc.map(([north, east]) => L.latLng(north, east)));
  /** @type {Array<any[]>} */
  const outlines = [];
  const fills = data.towns.shapes.map((town, number) => {
    const parts = shapes[number].map((part) => part.map((refs) => ringPlaces((arc) => places[arc], refs)));
    outlines[town] = parts.flat().map((places) => [...places, places[0]]);
    const style = { renderer, color: "#9a9a9a", weight: 0.5, fillColor: page.color(town, mine[town].length), fillOpacity: 1 };
    return tip(L.polygon(parts, style), () => page.townLines(town, mine[town].length)).on("click", () => choose(town));
  });
  return [fills, outlines];
}

/**
 * The panel, the list of municipalities and the legend.
 *
 * @param {Overview} data
 */
function pageOf(data) {
  const { words, lang, towns, quarters, classes } = data;
  const number = (/** @type {number} */ value, decimals = 0) => formatNumber(value, decimals, lang);
  const counted = (/** @type {number} */ count) => (count === 1 ? words.overview_quarter : fillIn(words.overview_quarters, { count: number(count) }));
  const townLines = (/** @type {number} */ town, /** @type {number} */ count) => {
    if (!count) return [towns.names[town], words.overview_none];
    const [people, share] = [towns.people[town], towns.share[town]];
    return [
      towns.names[town],
      counted(count),
      people === null ? words.overview_unknown : fillIn(words.overview_people, { count: number(people) }),
      ...(share === null ? [] : [fillIn(words.overview_share, { share: number(share, 1) })]),
    ];
  };
  const quarterLines = (/** @type {number} */ quarter) => {
    const residents = quarters.residents[quarter];
    return [
      quarters.names[quarter],
      residents === null ? words.overview_unknown : fillIn(words.overview_residents, { count: number(residents) }),
      ...quarters.columns.map(({ label, unit, decimals, values }) => {
        const value = values[quarter];
        return `${label}: ${value === null ? words.overview_unknown : `${number(value, decimals)}\u202f${unit}`}`;
      }),
    ];
  };
  const color = (/** @type {number} */ town, /** @type {number} */ count) => {
    const share = towns.share[town];
    if (!count || share === null) return count ? "#d9d9d9" : "#f4f4f2";
    return classes.filter(({ from }) => share >= from).at(-1)?.color ?? classes[0].color;
  };
  const showTown = (/** @type {number} */ town, /** @type {number[]} */ mine, /** @type {(quarter: number) => void} */ goTo) => {
    const box = /** @type {HTMLElement} */ (document.getElementById("qa-area"));
    const [name, ...lines] = townLines(town, mine.length);
    box.replaceChildren(element("h2", "", name), element("p", "qa-muted", towns.keys[town]), ...lines.map((line) => element("p", "", line)));
    if (data.starters && mine.length) {
      const link = /** @type {HTMLAnchorElement} */ (element("a", "", words.overview_starter));
      link.setAttribute("href", `./${encodeURIComponent(data.starters)}/${encodeURIComponent(towns.keys[town])}/atlas.html`);
      box.append(link);
    }
    const list = element("ul", "qa-overview-list");
    for (const quarter of mine) {
      const [title, ...rest] = quarterLines(quarter);
      const button = element("button", "", title);
      button.addEventListener("click", () => goTo(quarter));
      const item = element("li", "");
      item.append(button, element("span", "", rest.join(" · ")));
      list.append(item);
    }
    box.append(list);
    for (let part = box.parentElement; part; part = part.parentElement) part.scrollTop = 0;
  };
  const list = (/** @type {number[][]} */ mine, /** @type {(town: number) => void} */ choose, /** @type {() => void} */ home) => {
    const box = /** @type {HTMLElement} */ (document.getElementById("qa-towns"));
    const order = towns.names.map((_, town) => town).filter((town) => mine[town].length);
    const items = order.map((town) => {
      const item = element("li", "");
      const button = element("button", "", towns.names[town]);
      button.addEventListener("click", () => choose(town));
      item.append(button, element("span", "", counted(mine[town].length)));
      return item;
    });
    box.append(...items);
    const field = /** @type {HTMLInputElement} */ (document.getElementById("qa-filter"));
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLocaleLowerCase(lang);
      order.forEach((town, place) => (items[place].hidden = !`${towns.names[town]} ${towns.keys[town]}`.toLocaleLowerCase(lang).includes(wanted)));
    });
    document.getElementById("qa-home")?.addEventListener("click", home);
  };
  const showLevel = (/** @type {number} */ level) => {
    const box = /** @type {HTMLElement} */ (document.getElementById("qa-legend"));
    const lines = [words.overview_far, words.overview_middle, words.overview_near];
    const rows = towns.geometry ? [...classes, { color: "#f4f4f2", label: words.overview_none }] : [];
    box.replaceChildren(
      ...(rows.length ? [element("strong", "", words.overview_fill)] : []),
      ...rows.map((row) => {
        const line = element("div", "qa-overview-row");
        const swatch = element("i", "qa-overview-swatch");
        swatch.style.background = row.color;
        line.append(swatch, element("span", "", row.label));
        return line;
      }),
      element("p", "", lines[level]),
    );
  };
  return { townLines, quarterLines, color, showTown, list, showLevel };
}
