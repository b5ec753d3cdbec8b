// @ts-check
// The view as a picture: what the maps have drawn becomes one SVG with title, legend, source and notices, or pixels of it.

import { FAMILY } from "./chart.js";
import { element } from "./controls.js";
import { cityLine, fillIn, formatNumber } from "./format.js";
import { writtenLines } from "./labels.js";
import { legendMarks, legendRows, legendTitle } from "./legend.js";
import { GAP_STYLES } from "./styles.js";

const FONT = FAMILY.replaceAll('"', "'"); // as it stands in an attribute
const PAD = 16;
const LEGEND = 290; // pixels across
const WIDE = 700; // pixels: beside a narrower map the legend has no room
const SHARP = 2; // pixels of the file per pixel of the screen

/**
 * @typedef {object} Panel
 * @property {any} map
 * @property {any} renderer
 * @property {import("./view.js").View} view
 * @property {import("./inset.js").DrawnInset[]} [insets] small maps that stand on it
 */
/**
 * @param {string} text
 * @returns {string} as XML has it: no markup, no characters that it does not know
 */
export function xmlText(text) {
  const known = text.replace(/\p{Surrogate}|[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu, "\ufffd");
  return known.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** @type {Record<string, string>} the tiles of canvas.js as vectors */
const PATTERNS = {
  hatch: slanted(""),
  dashes: slanted(' stroke-dasharray="3.36 2.3"'),
  dots: '<circle cx="2" cy="2" r="0.9" fill="#8a8a8a"/><circle cx="6" cy="6" r="0.9" fill="#8a8a8a"/>',
  lines: '<rect x="3" width="1" height="8" fill="#9a9a9a"/>',
};

/**
 * @param {string} dashes
 * @returns {string}
 */
function slanted(dashes) {
  const path = (/** @type {string} */ color, /** @type {number} */ opacity, /** @type {number} */ x) =>
    `<path transform="translate(${x} 0)" d="M-16 16L8 -8M-8 16L16 -8M0 16L24 -8" stroke="${color}" stroke-opacity="${opacity}" stroke-width="1.1"${dashes}/>`;
  return path("#ffffff", 0.6, 1.2) + path("#141414", 0.8, 0);
}

/** @returns {string} */
function patternDefs() {
  const pattern = (/** @type {[string, string]} */ [name, tile]) => `<pattern id="${name}" width="8" height="8" patternUnits="userSpaceOnUse">${tile}</pattern>`;
  return `<defs>${Object.entries(PATTERNS).map(pattern).join("")}</defs>`;
}

/**
 * The paths of a map as they lie on its canvas, from the lowest on: first the colours of areas, then what is below their
 * outlines, then everything else.
 *
 * @param {any} map
 * @param {any} renderer
 * @returns {string}
 */
function drawnPaths(map, renderer) {
  /** @type {Array<{level: number, svg: string}>} */
  const parts = [];
  const layers = [];
  for (let order = renderer._drawFirst; order; order = order.next) layers.push(...(order.layer.pieces?.() ?? [order.layer]));
  for (const layer of layers) {
    const shape = layer._radius === undefined ? outlineOf(map, layer) : circleOf(map, layer);
    if (!shape) continue;
    const { ground, below } = layer.options;
    const without = (/** @type {any} */ parts) => Object.assign(Object.create(layer.options), parts); // Leaflet's defaults are inherited
    if (ground) parts.push({ level: -1, svg: painted(shape, without({ stroke: false, pattern: undefined })) });
    parts.push({ level: below ?? Infinity, svg: painted(shape, ground ? without({ fill: false }) : layer.options) });
  }
  // sorting keeps the order of equals
  return parts.sort((a, b) => (a.level === b.level ? 0 : a.level - b.level)).map(({ svg }) => svg).join("");
}

/**
 * @param {any} map
 * @param {any} layer
 * @returns {string} the beginning of an element; empty where nothing of it is in sight
 */
function outlineOf(map, layer) {
  const end = layer.options.ground || layer instanceof L.Polygon ? "z" : "";
  const step = (/** @type {any} */ place) => {
    const { x, y } = map.layerPointToContainerPoint(place);
    return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
  };
  const d = (layer._parts ?? []).filter((/** @type {any[]} */ part) => part.length > 1).map((/** @type {any[]} */ part) => `M${part.map(step).join("L")}${end}`).join("");
  return d && `<path d="${d}"`;
}

/**
 * @param {any} map
 * @param {any} layer
 * @returns {string}
 */
function circleOf(map, layer) {
  const { x, y } = map.layerPointToContainerPoint(layer._point);
  return layer._empty() ? "" : `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${layer._radius}"`;
}

/**
 * @param {string} shape the beginning of an element
 * @param {any} options of a Leaflet path
 * @returns {string} fill and stroke, and the pattern above them
 */
function painted(shape, { fill, fillColor, fillOpacity, pattern, stroke, color, weight, opacity, dashArray, lineCap }) {
  const share = (/** @type {string} */ of, /** @type {number} */ value) => (value < 1 ? ` ${of}-opacity="${value}"` : "");
  const filled = fill && fillOpacity > 0 ? ` fill="${fillColor ?? color}"${share("fill", fillOpacity)} fill-rule="evenodd"` : ' fill="none"';
  const line = stroke && opacity > 0 && weight > 0 ? ` stroke="${color}" stroke-width="${Math.round(weight * 100) / 100}"${share("stroke", opacity)}` : "";
  const ends = line && ` stroke-linecap="${lineCap}" stroke-linejoin="round"${dashArray ? ` stroke-dasharray="${dashArray}"` : ""}`;
  const plain = fill || line ? `${shape}${filled}${line}${ends}/>` : "";
  return plain + (pattern ? `${shape} fill="url(#${pattern})" fill-rule="evenodd"/>` : "");
}

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y base line
 * @param {string} [more] further attributes
 * @returns {string}
 */
function word(text, x, y, more = "") {
  return `<text x="${x}" y="${y}"${more}>${xmlText(text)}</text>`;
}

const HALO = ' stroke="#ffffff" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"';

/**
 * Names of places and candidate areas and values, as they stand on a map.
 *
 * @param {any} map
 * @param {string} accent
 * @returns {string}
 */
function drawnWords(map, accent) {
  /** @type {string[]} */
  const parts = [];
  map.eachLayer((/** @type {any} */ layer) => {
    for (const name of layer.placed ?? []) parts.push(...writtenLines(map, name).map(nameLine));
    const icon = layer instanceof L.Marker ? layer.getElement() : undefined;
    if (!icon || icon.style.opacity === "0") return;
    const { x, y } = map.latLngToContainerPoint(/** @type {any} */ (layer).getLatLng());
    const middle = ` text-anchor="middle" font-weight="700"`;
    const sign = icon.querySelector(".qa-measure");
    if (sign) parts.push(measureSign(sign, x - 7, y + 8.5)); // below its place, as on the map
    if (icon.classList.contains("qa-candidate-name")) {
      parts.push(`<rect x="${x - 16}" y="${y - 10}" width="32" height="20" rx="10" fill="${accent}" stroke="#ffffff"/>`);
      parts.push(word(icon.textContent ?? "", x, y + 4, `${middle} font-size="12" fill="#ffffff"`));
    } else if (icon.classList.contains("qa-written")) parts.push(word(icon.textContent ?? "", x, y + 5, `${middle} font-size="14" fill="#1a1a1a"${HALO}`));
  });
  return parts.join("");
}

/**
 * @param {Element} sign the symbol of a measure in the page
 * @param {number} x
 * @param {number} y
 * @returns {string} the same, 14 pixels wide
 */
function measureSign(sign, x, y) {
  const { fill, stroke, strokeWidth } = getComputedStyle(sign);
  const d = sign.firstElementChild?.getAttribute("d") ?? "";
  return `<path transform="translate(${x.toFixed(1)} ${y.toFixed(1)})" d="${xmlText(d)}" fill="${fill}" stroke="${stroke}" stroke-width="${strokeWidth}"/>`;
}

/**
 * The small maps of exclaves in their frames, where they stand on the map.
 *
 * @param {Panel} panel
 * @param {string} accent
 * @returns {string}
 */
function drawnInsets({ map, insets = [] }, accent) {
  const own = map.getContainer().getBoundingClientRect();
  const place = (/** @type {HTMLElement} */ node) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return { x: left - own.left, y: top - own.top, width, height };
  };
  const size = (/** @type {ReturnType<typeof place>} */ { x, y, width, height }) => `x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"`;
  return insets.map(({ map: small, renderer, box, words }) => {
    const [frame, sheet] = [place(box), place(small.getContainer())];
    const caption = stack(frame.x + 6, frame.y + 3, frame.width - 12);
    words.forEach((line, i) => caption.add(line, 12, i ? "" : ' font-weight="700"'));
    const inside = `<rect width="100%" height="100%" fill="#f4f4f2"/>${drawnPaths(small, renderer)}${drawnWords(small, accent)}`;
    return `<rect ${size(frame)} fill="#ffffff" stroke="#555555"/>${caption.svg()}<svg ${size(sheet)} overflow="hidden">${inside}</svg>`;
  }).join("");
}

/**
 * @param {import("./labels.js").WrittenName} line
 * @returns {string}
 */
function nameLine({ text, x, y, angle, around, size, weight, italic, color, spacing, mark }) {
  const turned = angle ? ` transform="rotate(${angle.toFixed(1)} ${around.map((at) => at.toFixed(1)).join(" ")})"` : "";
  const look = `font-size="${size.toFixed(1)}" font-weight="${weight}"${italic ? ' font-style="italic"' : ""}${spacing ? ` letter-spacing="${spacing}"` : ""}`;
  const station = mark?.kind === "station";
  const sign = !mark ? "" : station ? `<rect x="${mark.x - 2.5}" y="${mark.y - 2.5}" width="5" height="5" fill="${color}"/>` : `<circle cx="${mark.x}" cy="${mark.y}" r="2.2" fill="#ffffff" stroke="${color}"/>`;
  return sign + word(text, Number(x.toFixed(1)), Number((y + size * 0.35).toFixed(1)), ` text-anchor="middle" ${look} fill="${color}"${turned}${HALO}`);
}

/**
 * @param {string} text
 * @param {number} width pixels
 * @param {string} font as a canvas reads it
 * @returns {string[]} lines that fit
 */
function wrapped(text, width, font) {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return [text];
  pen.font = font;
  /** @type {string[]} */
  const lines = [];
  for (const part of text.split(/\s+/)) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${part}` : part;
    if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/**
 * @param {string} text
 * @param {number} x
 * @param {number} top
 * @param {number} width
 * @param {number} size
 * @param {string} [more]
 * @returns {{svg: string, height: number}} a paragraph
 */
function paragraphAt(text, x, top, width, size, more = "") {
  const lines = wrapped(text, width, `${more.includes("700") ? "700 " : ""}${size}px ${FONT}`);
  const step = Math.round(size * 1.35);
  const svg = lines.map((line, i) => word(line, x, top + size + i * step, ` font-size="${size}"${more}`)).join("");
  return { svg, height: lines.length * step };
}

/**
 * @typedef {object} Stack what is written from above, and how high it is by now
 * @property {(text: string, size?: number, more?: string, indent?: number, sign?: string) => void} add
 * @property {() => number} height
 * @property {() => string} svg
 */

/**
 * @param {number} x
 * @param {number} top
 * @param {number} width
 * @returns {Stack}
 */
function stack(x, top, width) {
  let [height, svg] = [0, ""];
  return {
    add(text, size = 12, more = "", indent = 0, sign = "") {
      const made = paragraphAt(text, x + indent, top + height, width - indent, size, more);
      svg += made.svg + (sign && `<g transform="translate(${x} ${top + height})">${sign}</g>`);
      height += Math.max(made.height, sign ? 18 : 0) + 4;
    },
    height: () => height,
    svg: () => svg,
  };
}

/**
 * @param {string} fill
 * @param {string} [pattern]
 * @param {string} [line] attributes of the outline
 * @returns {string} 24 by 15 pixels
 */
function swatchAt(fill, pattern, line = 'stroke="#777777"') {
  const box = `<rect x="1" y="1" width="22" height="13"`;
  return `${box} fill="${fill}"/>${pattern ? `${box} fill="url(#${pattern})"/>` : ""}${box} fill="none" ${line}/>`;
}

/**
 * @param {string} accent
 * @returns {Record<string, string>} the sign of each mark
 */
function markSigns(accent) {
  const dark = 'stroke="#1a1a1a" stroke-width="2.2"';
  return {
    sure: swatchAt("#ffffff", "hatch", dark),
    open: swatchAt("#ffffff", "dashes", `${dark} stroke-dasharray="6 4"`),
    near: swatchAt("#ffffff", "", 'stroke="#1a1a1a" stroke-width="2.6" stroke-dasharray="0.1 5" stroke-linecap="round"'),
    candidate: swatchAt("#ffffff", "", `stroke="${accent}" stroke-width="3"`),
    programme: swatchAt("#ffffff", "", 'stroke="#1a1a1a" stroke-width="2.2" stroke-dasharray="8 4 2 4"'),
    other: swatchAt("#ffffff", "", 'stroke="#5a5a5a" stroke-width="1.6" stroke-dasharray="2 4"'),
    facility: '<circle cx="12" cy="7.5" r="5" fill="#1a1a1a" stroke="#ffffff" stroke-width="1.5"/>',
  };
}

/**
 * @param {Panel} panel
 * @param {Stack} list
 * @param {string} accent
 */
function legendInto({ map, view }, list, accent) {
  const { atlas } = view;
  const column = view.column();
  const counts = view.counts();
  const write = (/** @type {number | undefined} */ n) => formatNumber(n ?? 0, 0, atlas.lang);
  list.add(legendTitle(atlas, column), 14, ' font-weight="700"');
  for (const { cell, label } of legendRows(atlas, column)) {
    const gap = GAP_STYLES[cell];
    const why = gap ? ` – ${atlas.words[`why_${cell}`]}` : "";
    list.add(`${label} (${write(counts.get(cell))})${why}`, 12, "", 32, swatchAt(gap ? gap.fillColor : column.colors[/** @type {number} */ (cell)], gap?.pattern));
  }
  const signs = markSigns(accent);
  for (const { kind, n, label } of legendMarks(atlas)) list.add(`${label} (${write(n)})`, 12, "", 32, signs[kind]);
  for (const row of map.getContainer().querySelectorAll(".qa-measure-key li")) {
    list.add(row.textContent.replace("(", " ("), 12, "", 32, measureSign(row.firstElementChild, 5, 0));
  }
  if (column.city !== null) list.add(cityLine(atlas.words, column, atlas.lang), 12, ' font-weight="700"');
  if (column.hint) list.add(column.hint, 11, ' fill="#555555"');
}

/**
 * The whole picture. It holds what the page shows, and every notice and the band of a draft with it.
 *
 * @param {Panel[]} panels one map or two beside each other
 * @param {{title: string, bands: string[], source: string, aid: string}} words
 * @returns {{svg: string, width: number, height: number}}
 */
export function viewPicture(panels, words) {
  const accent = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim() || "#b3005e";
  const sizes = panels.map(({ map }) => map.getSize());
  const beside = panels.length === 1 && sizes[0].x >= WIDE;
  const width = sizes.reduce((sum, { x }) => sum + x + PAD, PAD) + (beside ? LEGEND + PAD : 0);
  const head = stack(PAD, 12, width - 2 * PAD);
  head.add(words.title, 20, ' font-weight="700"');
  let top = 12 + head.height();
  const bands = words.bands.map((band) => {
    const made = paragraphAt(band, PAD + 8, top + 3, width - 2 * PAD - 16, 13, ' font-weight="700"');
    const box = `<rect x="${PAD}" y="${top}" width="${width - 2 * PAD}" height="${made.height + 8}" fill="#fff3c4" stroke="#c9a400"/>`;
    top += made.height + 14;
    return box + made.svg;
  });
  let left = PAD;
  let low = top;
  const maps = panels.map((panel, i) => {
    const { x, y } = sizes[i];
    const inside = drawnPaths(panel.map, panel.renderer) + drawnWords(panel.map, accent) + drawnInsets(panel, accent) + scaleBar(panel.map, x, y);
    const frame = `<svg x="${left}" y="${top}" width="${x}" height="${y}" overflow="hidden"><rect width="100%" height="100%" fill="#f4f4f2"/>${inside}</svg>`;
    const list = beside ? stack(left + x + PAD, top, LEGEND) : stack(left, top + y + 10, x);
    legendInto(panel, list, accent);
    low = Math.max(low, top + y, (beside ? top : top + y + 10) + list.height());
    left += x + PAD;
    return frame + list.svg();
  });
  const foot = stack(PAD, low + 10, width - 2 * PAD);
  for (const line of [words.source, words.aid]) if (line) foot.add(line, 12, ' fill="#444444"');
  const height = Math.ceil(low + 10 + foot.height() + 8);
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" fill="#1a1a1a">`;
  const title = `<title>${xmlText(words.title)}</title>`;
  const paper = `<rect width="100%" height="100%" fill="#ffffff"/>`;
  return { svg: `${open}${title}${patternDefs()}${paper}${head.svg()}${bands.join("")}${maps.join("")}${foot.svg()}</svg>`, width, height };
}

/**
 * @param {any} map
 * @param {number} width
 * @param {number} height
 * @returns {string} the bar of the map, nothing where it has none
 */
function scaleBar(map, width, height) {
  const bar = /** @type {HTMLElement | null} */ (map.getContainer().querySelector(".leaflet-control-scale-line"));
  if (!bar?.offsetWidth) return "";
  const [right, base] = [width - 12, height - 12];
  const line = `<path d="M${right - bar.offsetWidth} ${base - 6}V${base}H${right}V${base - 6}" fill="none" stroke="#444444" stroke-width="2"/>`;
  return line + word(bar.textContent ?? "", right - bar.offsetWidth / 2, base - 5, ` text-anchor="middle" font-size="11"${HALO}`);
}

/**
 * @param {{svg: string, width: number, height: number}} picture
 * @returns {Promise<Blob>} the same in pixels
 */
export async function pngOf({ svg, width, height }) {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    const sheet = /** @type {HTMLCanvasElement} */ (element("canvas", ""));
    [sheet.width, sheet.height] = [width * SHARP, height * SHARP];
    sheet.getContext("2d")?.drawImage(image, 0, 0, sheet.width, sheet.height);
    return await new Promise((done, failed) => sheet.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}
