// @ts-check
// The charts of the page: one bus that links them with the map, their figures in legend, panel and drawer.

import { drawChart } from "./chart.js";
import { histogram, scatterPlot, secondColumn, spine, timeLine, profileColumns } from "./chart_columns.js";
import { certaintyChart, classMoves, contributionsChart } from "./chart_need.js";
import { element } from "./controls.js";
import { isSmall } from "./sheet.js";

const REACH = 14; // pixels around a dot
const ROOMY = "(min-width: 1200px) and (min-height: 760px)"; // as in charts.css
/** @type {Record<string, number>} */
const WALK = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -Infinity, End: Infinity };

/**
 * What links map and charts: the area that is pointed at, the one that is chosen, those that a bar or cell singles out.
 *
 * @param {{point: (area: number | null) => void, choose: (area: number | null) => void, single: (areas: Set<number> | null) => void, isSingled: () => boolean, isBack: (area: number) => boolean}} on
 */
export function chartBus(on) {
  /** @type {Set<ChartFigure>} */
  const figures = new Set();
  const each = (/** @type {(figure: ChartFigure) => void} */ act) => {
    for (const figure of figures) {
      if (figure.node.isConnected) act(figure);
      else if (figure.drawn) figures.delete(figure);
    }
  };
  const bus = {
    /** @type {number | null} */
    chosen: null,
    /** @type {number | null} */
    pointed: null,
    singled: "",
    isBack: on.isBack,
    add: (/** @type {ChartFigure} */ figure) => figures.add(figure),
    /** All charts; those of a box that was made just now have been built, but without a place they could not be drawn. */
    redraw: (/** @type {HTMLElement | undefined} */ fresh) => each((figure) => (fresh?.contains(figure.node) ? figure.draw : figure.redraw)()),
    mark: () => each((figure) => figure.mark()),
    point(/** @type {number | null} */ area, onMap = false) {
      if (area === bus.pointed) return;
      bus.pointed = area;
      if (!onMap) on.point(area);
      bus.mark();
    },
    /** From the chart of this name, which keeps the focus. */
    choose(/** @type {number | null} */ area, /** @type {string} */ name) {
      on.choose(area);
      refocus(name);
    },
    single(/** @type {number[] | null} */ areas, /** @type {string} */ name) {
      const is = areas ? `${name} ${areas.join()}` : "";
      const again = !areas || (is === bus.singled && on.isSingled());
      if (again && !on.isSingled()) return;
      bus.singled = is;
      on.single(again ? null : new Set(areas));
      refocus(name);
    },
  };
  return bus;
}

/**
 * What is drawn anew loses the focus: give it to the successor.
 *
 * @param {string} name of a chart
 */
function refocus(name) {
  if (document.activeElement !== document.body) return;
  /** @type {SVGElement | null} */ (document.querySelector(`[data-chart="${name}"] [tabindex]`))?.focus({ preventScroll: true });
}

/**
 * @typedef {object} ChartFigure
 * @property {HTMLElement} node
 * @property {boolean} drawn whether it was ever in sight
 * @property {() => void} redraw of what is shown now
 * @property {() => void} draw it as it is
 * @property {() => void} mark
 */

/** @type {WeakMap<Element, () => void>} */
const RESIZED = new WeakMap();
/** @type {ResizeObserver | null} */
let watcher = null;

/**
 * A chart with its title, its sentence and its table; drawn when it comes into sight, and again when its width changes.
 *
 * @param {any} atlas
 * @param {string} name
 * @param {() => import("./chart_model.js").Picture | null} build
 * @param {{high?: (chart: import("./chart_model.js").ChartRecord, width: number) => number, plain?: boolean, note?: boolean, above?: boolean, turn?: () => boolean}} options
 *   height in pixels, that of its box if not given; without title and table; with its note below
 * @returns {HTMLElement}
 */
function chartFigure(atlas, name, build, { high, plain, note, above, turn }) {
  const { bus, words } = atlas;
  const node = element("figure", `qa-chart qa-chart-${name}`);
  const [caption, box, tip, below, fold] = [element("figcaption", ""), element("div", "qa-chart-box"), element("div", "qa-chart-tip"), element("p", "qa-legend-note"), element("details", "qa-chart-fold")];
  const content = element("div", "");
  node.dataset.chart = name;
  tip.setAttribute("aria-hidden", "true");
  fold.append(element("summary", "", words.chart_as_table), content);
  node.append(...(plain ? [] : [caption]), box, ...(note ? [below] : []), ...(plain ? [] : [fold]));
  /** @type {import("./chart_model.js").Picture | null} */
  let picture = null;
  /** @type {import("./chart.js").Drawing | null} */
  let drawing = null;
  let own = false; // whether the pointer or the keyboard is in this chart
  let width = 0;
  const areaOf = (/** @type {string} */ key) => numberOf(atlas, key);
  /** @type {number[]} */
  let order = []; // in which the keyboard walks
  const mark = () => {
    if (!drawing || !picture) return;
    for (const { nodes, areas } of drawing.linked) {
      for (const part of nodes) {
        part.classList.toggle("qa-hot", bus.pointed !== null && areas.includes(bus.pointed));
        part.classList.toggle("qa-faded", areas.join() !== String(bus.chosen) && areas.every(bus.isBack));
      }
    }
    const spot = own ? drawing.spots.filter(({ area }) => area === bus.pointed).at(-1) : undefined;
    const said = bus.pointed === null ? "" : picture.says(bus.pointed);
    const line = bus.pointed === null ? "" : [atlas.areas.names[bus.pointed], said].filter(Boolean).join(": ");
    tip.hidden = !own || bus.pointed === null;
    tip.textContent = line;
    if (spot) Object.assign(tip.style, spot.x > width / 2 ? { left: "", right: `${width - spot.x + 10}px`, top: `${Math.max(0, spot.y - 12)}px` } : { right: "", left: `${spot.x + 10}px`, top: `${Math.max(0, spot.y - 12)}px` });
    else Object.assign(tip.style, { left: "", right: "0", top: "0" });
    if (!order.length) return;
    const place = order.indexOf(bus.pointed ?? bus.chosen ?? -1);
    drawing.svg.setAttribute("aria-valuenow", String(place + 1));
    drawing.svg.setAttribute("aria-valuetext", place < 0 ? words.chart_walk : `${atlas.areas.names[order[place]]}: ${picture.says(order[place])}`);
  };
  const draw = () => {
    width = box.clientWidth;
    if (!picture || !width) return;
    figure.drawn = true;
    const { chart } = picture;
    const focused = drawing?.svg === document.activeElement;
    drawing = drawChart(picture, areaOf, width, high ? high(chart, width) : box.clientHeight, { above, turn: turn?.() });
    describe(drawing.svg, chart);
    drawing.svg.addEventListener("keydown", keyed);
    drawing.svg.addEventListener("blur", () => leave());
    box.replaceChildren(drawing.svg, tip);
    if (focused) drawing.svg.focus({ preventScroll: true });
    mark();
  };
  const fill = () => {
    if (picture && /** @type {HTMLDetailsElement} */ (fold).open) content.replaceChildren(...tableOf(picture.chart, !note));
  };
  const redraw = () => {
    picture = build();
    node.hidden = !picture;
    if (!picture) return;
    order = picture.chart.order.map(areaOf);
    [caption.textContent, below.textContent] = [picture.chart.title, picture.chart.note];
    caption.title = picture.chart.title;
    fill();
    draw();
  };
  const point = (/** @type {number | null} */ area) => {
    if (own && area === bus.pointed) return;
    own = true;
    bus.point(area);
    mark();
  };
  const leave = () => {
    if (own) bus.point(null);
    own = false;
    mark();
  };
  const keyed = (/** @type {Event} */ event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    const now = order.indexOf(bus.pointed ?? bus.chosen ?? -1);
    if (key in WALK) point(order[Math.min(Math.max(now + WALK[key], 0), order.length - 1)]);
    else if (key === "Escape") {
      leave();
      bus.single(null, name);
    } else if (key !== "Enter" && key !== " ") return;
    else if (now >= 0) bus.choose(order[now], name);
    event.preventDefault();
    event.stopPropagation();
  };
  /** What the pointer is at: the nearest area, or the bar or cell below it. */
  const under = (/** @type {MouseEvent} */ event) => {
    const frame = box.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    const far = (/** @type {{x: number, y: number}} */ spot) => Math.hypot(spot.x - x, spot.y - y);
    const spot = drawing?.spots.reduce((/** @type {any} */ best, one) => (far(one) < (best ? far(best) : REACH) ? one : best), null);
    const link = drawing?.linked.find(({ nodes }) => nodes.includes(/** @type {any} */ (event.target)));
    return { area: spot?.area ?? (link && !link.cell ? link.areas[0] : null), link: spot ? undefined : link };
  };
  box.addEventListener("pointermove", (event) => point(under(event).area));
  box.addEventListener("pointerleave", leave);
  box.addEventListener("click", (event) => {
    const { area, link } = under(event);
    if (area !== null) bus.choose(area, name);
    else bus.single(link?.areas ?? null, name);
  });
  fold.addEventListener("toggle", fill);
  const figure = { node, drawn: false, redraw, draw, mark };
  bus.add(figure);
  watcher ??= new ResizeObserver((entries) => entries.forEach(({ target }) => RESIZED.get(target)?.()));
  RESIZED.set(box, () => {
    if (Math.abs(box.clientWidth - width) > 1 || (!high && drawing && box.clientHeight !== drawing.svg.clientHeight)) draw();
  });
  watcher.observe(box);
  redraw();
  return node;
}

/**
 * @param {any} atlas
 * @param {string} key
 * @returns {number}
 */
function numberOf(atlas, key) {
  atlas.bus.numbers ??= new Map(atlas.areas.keys.map((/** @type {string} */ one, /** @type {number} */ area) => [one, area]));
  return atlas.bus.numbers.get(key);
}

/**
 * A chart that can be walked through is a slider: a screen reader does not pass the arrow keys to a picture.
 *
 * @param {SVGElement} svg
 * @param {import("./chart_model.js").ChartRecord} chart
 */
function describe(svg, { title, alt, order }) {
  const said = order.length
    ? { role: "slider", tabindex: "0", "aria-label": title, "aria-description": alt, "aria-valuemin": "0", "aria-valuemax": String(order.length) }
    : { role: "img", "aria-label": `${title}. ${alt}` };
  for (const [name, value] of Object.entries(said)) svg.setAttribute(name, value);
}

/**
 * @param {import("./chart_model.js").ChartRecord} chart
 * @param {boolean} withNote
 * @returns {HTMLElement[]} the sentence, the note and the table
 */
function tableOf({ alt, note, head, rows }, withNote) {
  const table = element("table", "");
  const line = (/** @type {string} */ tag, /** @type {string[]} */ cells) => {
    const row = element("tr", "");
    row.append(...cells.map((cell, n) => {
      const node = element(n ? tag : "th", "", cell);
      if (node.tagName === "TH") node.setAttribute("scope", n || tag === "th" ? "col" : "row");
      return node;
    }));
    return row;
  };
  table.append(line("th", head), ...rows.map((row) => line("td", row)));
  return [element("p", "", alt), ...(withNote ? [element("p", "qa-legend-note", note)] : []), ...(rows.length ? [table] : [])];
}

/**
 * How the values of the column are spread, above the classes of the legend.
 *
 * @param {any} atlas
 * @param {any} column
 * @param {string[]} labels of its classes
 * @returns {HTMLElement[]} empty for columns of classes
 */
export function legendHistogram(atlas, column, labels) {
  if (!document.getElementById("qa-controls")) return []; // a map of its own has the room
  if (!atlas.bus || column.classes || column.matrix || !labels.length) return [];
  const high = (/** @type {import("./chart_model.js").ChartRecord} */ chart) => (chart.y.bands ? 48 + 20 * chart.y.bands.length : 104);
  const noLabels = (/** @type {import("./chart_model.js").Picture} */ picture) => {
    const { x, y } = picture.chart;
    return { ...picture, chart: { ...picture.chart, x: { ...x, label: "" }, y: { ...y, label: "", show: Boolean(y.bands) } } }; // the legend says them
  };
  return [chartFigure(atlas, "histogram", () => noLabels(histogram(atlas, column, labels, atlas.bus.chosen)), { plain: true, high })];
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} the area beside its city
 */
export function areaProfile(atlas, area) {
  if (!atlas.bus) return [];
  const high = (/** @type {any} */ { y }) => 22 + 37 * y.bands.length;
  return [chartFigure(atlas, "profile", () => spine(atlas, area), { high, note: true, above: true })];
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} its development in the column that is shown; the drawer has the same where it is open
 */
export function areaTime(atlas, area) {
  if (!atlas.bus || atlas.times.length < 2) return [];
  return [chartFigure(atlas, "area-time", () => timeLine(atlas, drawerColumn(atlas), area), { high: () => 200, note: true })];
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} what lifts and lowers its score
 */
export function areaParts(atlas, area) {
  if (!atlas.bus || !contributionsChart(atlas, [area])) return [];
  const high = (/** @type {any} */ { key }) => 96 + 17 * key.length;
  return [chartFigure(atlas, "parts", () => contributionsChart(atlas, [area]), { high })];
}

/**
 * @param {any} atlas
 * @returns {any} the column of numbers that is shown, or the first indicator where the map shows classes
 */
function drawerColumn(atlas) {
  const column = atlas.bus.column();
  return column.classes || column.matrix ? (profileColumns(atlas)[0] ?? column) : column;
}

/**
 * The drawer of linked charts: below the map where there is room, over it on smaller screens, in the sheet of a phone.
 *
 * @param {any} atlas the view's own
 */
export function chartDrawer(atlas) {
  const [box, button] = ["qa-charts", "qa-charts-button"].map((id) => document.getElementById(id));
  if (!box || !button) return;
  const roomy = window.matchMedia(ROOMY);
  const turn = () => roomy.matches;
  const high = (/** @type {any} */ chart, /** @type {number} */ width) =>
    roomy.matches ? Math.max(120, box.clientHeight - 50) : chart.y.bands ? 60 + (chart.x.bands ? 36 : 22) * chart.y.bands.length : Math.max(210, Math.round(0.62 * width));
  const places = [
    () => {
      const [column, own] = [atlas.bus.column(), drawerColumn(atlas)];
      const second = own.classes ? undefined : secondColumn(atlas, own);
      return second ? scatterPlot(atlas, own, second, atlas.bus.chosen, column) : null;
    },
    () => movesOf(atlas) ?? (drawerColumn(atlas).classes ? null : timeLine(atlas, drawerColumn(atlas), atlas.bus.chosen)),
    () => certaintyChart(atlas, atlas.bus.chosen) ?? contributionsChart(atlas, null),
  ];
  box.append(...["scatter", "time", "certainty"].map((name, n) => chartFigure(atlas, name, places[n], { high, turn: n === 2 ? turn : undefined })));
  const isEmpty = [...box.children].every((figure) => /** @type {HTMLElement} */ (figure).hidden);
  button.hidden = isEmpty;
  const show = (/** @type {boolean} */ open) => {
    box.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    atlas.bus.redraw();
  };
  const settle = () => {
    if (isSmall()) document.getElementById("qa-area")?.after(box);
    else document.getElementById("qa-table")?.before(box);
    show(!isEmpty && (isSmall() || roomy.matches));
  };
  button.addEventListener("click", () => show(box.hidden));
  roomy.addEventListener("change", settle);
  settle();
}

/**
 * @param {any} atlas
 * @returns {import("./chart_model.js").Picture | null} the changes of class since the earliest date, where the map shows classes of need
 */
function movesOf(atlas) {
  const column = atlas.bus.column();
  if (!(column.classes || column.matrix)) return null;
  for (let year = atlas.times.length - 1; year; year--) {
    const found = classMoves(atlas, year);
    if (found) return found;
  }
  return null;
}
