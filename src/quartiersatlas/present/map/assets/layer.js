// @ts-check
// The Leaflet layer: one geometry, all indicators and dates, areas to review, further layers.

import { candidateEditor, candidateLayer } from "./candidates.js";
import { patternCanvas } from "./canvas.js";
import { unpackColumns, viewOf } from "./columns.js";
import { chooseIn, compareButton } from "./compare.js";
import { contextLayers } from "./context.js";
import { apart, element } from "./controls.js";
import { framePage, layerBox } from "./frame.js";
import { drawable } from "./ground.js";
import { exclaveInset, insetControl, mainBounds } from "./inset.js";
import { namesLayer, placeNames } from "./labels.js";
import { foldForRoom } from "./legend.js";
import { chartBus, chartDrawer } from "./linked.js";
import { footer, showDefinition, showPanel, tableButton, walkByKeys } from "./page.js";
import { searchBox } from "./search.js";
import { isSmall, panelSheet } from "./sheet.js";
import { OTHER_PROGRAMME_LINE, PROGRAMME_LINE, programmeCasing } from "./styles.js";
import { keepTipClear } from "./tips.js";
import { decodeNeighbours, memberOutline, neighbours } from "./topology.js";
import { pixels } from "./marks.js";
import { smallMultiples } from "./multiples.js";
import { followAddress, readAddress, readView } from "./address.js";
import { embedPage, isEmbedded, linkNotice, saveMenu } from "./exits.js";
import { closed, createView } from "./view.js";

const CLOSE_ENOUGH = 14; // zoom: streets can be told apart
const SURROUNDINGS = 1.1; // of the size of an area, on each side
const NEAR_ENOUGH = 30; // pixels: a smaller area is brought closer when it is looked for

/**
 * Build the layer of an atlas; it can be added to any Leaflet map.
 *
 * @param {any} atlas the data as the Python side wrote them
 * @returns {any} a Leaflet layer
 */
export function createLayer(atlas) {
  unpackColumns(atlas);
  const ground = drawable(atlas.geometry);
  const renderer = patternCanvas();
  const bus = chartBus({
    point: (area) => view.point(area),
    choose: (area) => choice.choose(area),
    single: (areas) => view.single(areas),
    isSingled: () => view.isSingled(),
    isBack: (area) => view.isBack(area),
  });
  atlas.bus = Object.assign(bus, { column: () => view.column() });
  const view = createView(viewOf(atlas), ground, renderer, {
    choose: (area) => choice.choose(area),
    point: (area) => bus.point(area, true),
    changed(column) {
      editor.refresh(column);
      showDefinition(atlas, column);
      choice.refresh();
      table?.dateChanged();
    },
    drawn(charts) {
      insets.forEach((inset) => inset.redraw());
      address?.note();
      if (charts) bus.redraw(view.legend.getContainer());
    },
  });
  const outline = (/** @type {number[]} */ members) => ground.lines(memberOutline(ground.owners, new Set(members)));
  const further = (/** @type {any} */ pen) => {
    const drawn = (/** @type {any} */ arcs, /** @type {any} */ style) => L.polyline(arcs, { renderer: pen, ...style });
    return { ...furtherLayers(atlas, drawn, outline, pen), ...apart(atlas)?.symbols(atlas, ground), ...contextLayers(atlas, ground, pen) };
  };
  const overlays = further(renderer);
  const names = atlas.anchors ? namesLayer(atlas, ground) : null;
  /** @type {import("./inset.js").Inset[]} */
  const insets = [];
  /** @type {any} */
  const layer = L.layerGroup([view.layer, ...Object.values(overlays), ...(names ? [names] : [])]);

  /** @type {number[][] | null} */
  let known = null;
  const around = () => (known ??= atlas.touching ? decodeNeighbours(atlas.touching) : neighbours(ground.owners, ground.shapes.length));
  const editor = candidateEditor(view.atlas, ground, around, () => {
    overlays[atlas.words.label_candidates].redraw();
    insets.forEach((inset) => inset.redraw());
    table?.membersChanged();
  });
  editor.refresh(view.column());
  const views = [view];
  const boundsOf = (/** @type {number} */ area) => mainBounds(atlas, ground, area);
  /** @type {ReturnType<typeof followAddress> | undefined} */
  let address;
  const offer = (/** @type {number | null} */ area) => {
    editor.offer(area);
    names?.ring(area === null ? [] : ground.polygon(area).flat());
  };
  const choice = areaChoice(views, insets, boundsOf, offer, () => address?.push());
  if (ownPage()) {
    const make = (/** @type {any} */ exclave) => exclaveInset(atlas, exclave, ground, view, further, overlays, choice.choose);
    insets.push(...(atlas.exclaves ?? []).map(make));
  }
  /** @type {ReturnType<typeof tableButton>} */
  let table;
  const find = ownPage() ? [searchBox(atlas, finders(atlas, choice, ground, () => layer._map))] : [];
  const switched = names ? { ...overlays, [atlas.groundWords.label_names]: names } : overlays;
  const boxes = Object.keys(switched).length ? [layerBox(switched, atlas.words.label_layers)] : [];
  const controls = [view.legend, ...choiceControl([...view.choices, ...find]), ...boxes, ...insetControl(insets)];
  layer.on("add", () => {
    if (ownPage() && readAddress(location.hash).place.embed === "1") embedPage(atlas.words);
    controls.forEach((control) => control.addTo(layer._map));
    if (!ownPage()) return;
    const bounds = atlas.main ? L.latLngBounds(atlas.main) : ground.bounds(...ground.shapes.keys());
    const fit = framePage(layer._map, bounds, view.legend.getContainer(), atlas.words);
    panelSheet(atlas.words);
    footer(atlas, view.column());
    walkByKeys(layer._map, atlas.words, choice, () => ground.shapes.map((_, area) => centre(ground.bounds(area))), around);
    table = tableButton(view.atlas, choice.find);
    chartDrawer(view.atlas);
    smallMultiples(view, ground, layer._map.options.crs, bounds);
    foldForRoom(view.legend.getContainer()); // the drawer has taken its part of the map
    layer._map.invalidateSize({ animate: false });
    fit();
    const alone = { ...atlas, candidates: [], programmes: { labels: [], other: [] }, facilities: [] }; // the second map shows classes only
    const beside = (/** @type {any} */ on) => {
      const pen = patternCanvas();
      const view = createView(viewOf(alone), ground, pen, { ...on, drawn: () => address?.note() });
      const own = { ...contextLayers(atlas, ground, pen), ...(names ? { [atlas.groundWords.label_names]: namesLayer(alone, ground) } : {}) };
      followLayers(switched, own, view.layer);
      return view;
    };
    const compare = compareButton(atlas, views, layer._map, fit, beside, choice, () => address?.note());
    const first = () => ({ map: layer._map, view, insets: insets.flatMap((inset) => inset.drawn()) });
    const panels = () => [first(), compare.second()].flatMap((one) => (one ? [{ ...one, renderer: one.view.renderer }] : []));
    saveMenu(view.atlas, panels, () => table?.order() ?? []);
    address = addressOf(view, layer._map, choice, compare);
    address.open();
  });
  layer.on("remove", () => controls.forEach((control) => control.remove()));
  return layer;
}

/**
 * Layers of a second map are there as long as those of the first one.
 *
 * @param {Record<string, any>} leaders by name
 * @param {Record<string, any>} followers
 * @param {any} group what the followers are drawn with
 */
function followLayers(leaders, followers, group) {
  for (const [name, one] of Object.entries(followers)) {
    const [leader, on, off] = [leaders[name], () => group.addLayer(one), () => group.removeLayer(one)];
    if (leader._map) on();
    leader.on("add", on).on("remove", off);
    group.on("remove", () => leader.off("add", on).off("remove", off));
  }
}

/**
 * One area can be chosen: every view rings it, its panel is shown, and it is in sight.
 *
 * @param {import("./view.js").View[]} views the first one is that of the page
 * @param {import("./inset.js").Inset[]} insets
 * @param {(area: number) => any} boundsOf where an area lies on the map; not valid where it lies in an inset alone
 * @param {(area: number | null) => void} offer
 * @param {() => void} chosenNow called when somebody has chosen another area
 * @returns {import("./page.js").AreaChoice}
 */
function areaChoice(views, insets, boundsOf, offer, chosenNow) {
  const [first] = views;
  /** @type {number | null} */
  let chosen = null;
  const choose = (/** @type {number | null} */ area) => {
    const isOther = area !== chosen;
    show(area);
    if (isOther) chosenNow();
  };
  const show = (/** @type {number | null} */ area) => {
    chosen = area;
    first.atlas.bus.chosen = area;
    showPanel(first.atlas, area, () => choose(null));
    first.atlas.bus.redraw();
    if (ownPage()) {
      first.layer._map.invalidateSize({ animate: false }); // the sheet of a phone may have taken half of it
      for (const view of [...views, ...insets]) view.ring(area);
      bringIntoSight(area);
    }
    offer(area);
  };
  const bringIntoSight = (/** @type {number | null} */ area) => {
    const [map, bounds] = [first.layer._map, area === null ? null : boundsOf(area)];
    if (!bounds?.isValid()) return;
    if (isSmall() && map.getSize().y > NEAR_ENOUGH) map.fitBounds(bounds.pad(SURROUNDINGS), { padding: [8, 8], maxZoom: Math.max(map.getZoom(), CLOSE_ENOUGH), animate: false });
    else if (!map.getBounds().contains(bounds)) map.panInside(bounds.getCenter(), { padding: [80, 80], animate: false });
  };
  const find = (/** @type {number} */ area) => {
    choose(area); // first: the sheet of a phone takes its part of the map
    const [map, bounds] = [first.layer._map, boundsOf(area)];
    if (!bounds.isValid() || pixels(map, bounds) >= NEAR_ENOUGH) return;
    const closer = map.getZoom() + Math.log2((3 * NEAR_ENOUGH) / Math.max(pixels(map, bounds), 0.01));
    map.setView(bounds.getCenter(), Math.min(closer, 18), { animate: false });
  };
  const refresh = () => {
    if (chosen !== null) showPanel(first.atlas, chosen, () => choose(null), true);
  };
  return { choose, show, find, refresh, chosen: () => chosen };
}

/**
 * The address that leads to what is shown, and the way from an address to it.
 *
 * @param {import("./view.js").View} view
 * @param {any} map
 * @param {import("./page.js").AreaChoice} choice
 * @param {ReturnType<typeof compareButton>} compare
 */
function addressOf(view, map, choice, compare) {
  const { atlas } = view;
  const seen = () => [map.getCenter().lat.toFixed(4), map.getCenter().lng.toFixed(4), Number(map.getZoom().toFixed(1))].join("_");
  const columnAt = (/** @type {string | undefined} */ id) => atlas.columns.findIndex((/** @type {any} */ column) => column.id === id);
  let home = seen();
  const begin = view.column();
  const now = () => {
    const [column, chosen] = [view.column(), choice.chosen()];
    return {
      i: column === begin ? undefined : column.id,
      c: column.scheme === Object.keys(column.schemes)[0] ? undefined : column.scheme,
      d: atlas.shown ? atlas.times[atlas.shown].year : undefined,
      a: chosen === null ? undefined : atlas.areas.keys[chosen],
      v: seen() === home ? undefined : seen(),
      i2: compare.second()?.view.column().id,
      embed: isEmbedded() ? "1" : undefined,
    };
  };
  const show = (/** @type {import("./address.js").Place} */ place) => {
    const missing = [];
    const [column, other] = [place.i, place.i2].map(columnAt);
    const year = atlas.times.findIndex((/** @type {any} */ time) => time.year === place.d);
    const area = atlas.areas.keys.indexOf(place.a ?? "");
    if (place.i && column < 0) missing.push(`i=${place.i}`);
    const wanted = column < 0 ? atlas.columns.indexOf(begin) : column;
    if (atlas.columns[wanted] !== view.column()) chooseIn(view, wanted);
    const isKnown = year >= 0 && view.column().years[year];
    if (place.d && !isKnown) missing.push(`d=${place.d}`);
    if ((isKnown ? year : 0) !== atlas.shown && view.column().years[isKnown ? year : 0]) view.showDate(isKnown ? year : 0);
    if (place.c && view.column().schemes[place.c]) view.showScheme(place.c);
    else if (place.c) missing.push(`c=${place.c}`);
    if (place.i2 && other < 0) missing.push(`i2=${place.i2}`);
    if (other >= 0) compare.open(other);
    else compare.close();
    if (place.a && area < 0) missing.push(`a=${place.a}`);
    if ((area < 0 ? null : area) !== choice.chosen()) choice.show(area < 0 ? null : area);
    const sight = readView(place.v);
    if (sight) map.setView(sight.at, sight.zoom, { animate: false });
    else if (place.v) missing.push(`v=${place.v}`);
    return missing;
  };
  const address = followAddress(now, show, (parts) => linkNotice(atlas.words, parts));
  map.on("home", () => (home = seen()));
  map.on("moveend", address.note);
  return address;
}

/**
 * What the map shows when something was found, by its kind.
 *
 * @param {any} atlas
 * @param {import("./page.js").AreaChoice} choice
 * @param {import("./ground.js").Ground} ground
 * @param {() => any} map
 * @returns {Record<string, (number: number) => void>}
 */
function finders(atlas, choice, ground, map) {
  const show = (/** @type {number[]} */ areas) => {
    const bounds = ground.bounds(...areas);
    choice.choose(null);
    if (bounds.isValid()) map().fitBounds(bounds, { padding: [30, 30], animate: false });
  };
  const goTo = (/** @type {any} */ place, /** @type {number | undefined} */ area) => {
    choice.choose(area ?? null);
    map().setView(place, Math.max(map().getZoom(), CLOSE_ENOUGH), { animate: false });
  };
  const known = placeNames(atlas.places);
  const districts = [...new Set(atlas.areas.parents[0] ?? [])];
  return {
    area: choice.find,
    district: (number) => show(atlas.areas.keys.map((/** @type {string} */ _, /** @type {number} */ area) => area).filter((/** @type {number} */ area) => atlas.areas.parents[0][area] === districts[number])),
    candidate: (number) => show(atlas.candidates[number].members),
    facility: (number) => goTo(atlas.facilities[number].at, atlas.facilities[number].areas[0]),
    place: (number) => (known[number].line ? map().fitBounds(known[number].bounds, { padding: [30, 30], animate: false }) : goTo(known[number].at, atlas.places.areas[number] < 0 ? undefined : atlas.places.areas[number])),
  };
}

/**
 * @param {any} bounds
 * @returns {[number, number]} north and east, degrees of latitude
 */
function centre(bounds) {
  if (!bounds.isValid()) return [Infinity, Infinity];
  const { lat, lng } = bounds.getCenter();
  return [lat, lng * Math.cos((lat * Math.PI) / 180)];
}

/** The place for controls in the head of the atlas page; none on other people's maps. */
function ownPage() {
  return document.getElementById("qa-controls");
}

/**
 * Candidate areas, programme areas (their dashes above the casing) and facilities, by the name that switches them.
 *
 * @param {any} atlas
 * @param {(arcs: any, style: any) => any} line
 * @param {(members: number[]) => any} outline
 * @param {any} renderer as SVG every point would be a stop for the keyboard
 * @returns {Record<string, any>}
 */
function furtherLayers(atlas, line, outline, renderer) {
  /** @type {Record<string, any>} */
  const groups = {};
  if (atlas.candidates.length) {
    groups[atlas.words.label_candidates] = candidateLayer(atlas.candidates, line, outline);
  }
  if (atlas.programmes.labels.length) {
    const programmes = drawable(atlas.programmes.geometry);
    const outlines = atlas.programmes.labels.map((/** @type {string} */ _, /** @type {number} */ number) => programmes.polygon(number).flat().map(closed));
    const dashes = L.featureGroup(
      outlines.map((/** @type {any} */ places, /** @type {number} */ number) =>
        keepTipClear(line(places, atlas.programmes.other[number] ? OTHER_PROGRAMME_LINE : PROGRAMME_LINE).bindTooltip(element("span", "", atlas.programmes.labels[number]), { sticky: true })),
      ),
    );
    // the white edge has the dashes of its line: between them a border of a candidate area below is seen
    const edges = L.featureGroup(outlines.map((/** @type {any} */ places, /** @type {number} */ number) => line(places, programmeCasing(atlas.programmes.other[number]))));
    const group = /** @type {any} */ (L.layerGroup([edges, dashes]));
    const toFront = () => group._map && [edges, dashes].forEach((part) => part.bringToFront());
    group.on("add", toFront);
    groups[atlas.words.label_candidates]?.on("add", toFront);
    groups[atlas.words.label_programmes] = group;
  }
  if (atlas.facilities.length) {
    const style = { renderer, radius: 4, color: "#ffffff", weight: 1.5, fillColor: "#1a1a1a", fillOpacity: 1 };
    groups[atlas.words.label_facilities] = L.layerGroup(
      atlas.facilities.map((/** @type {any} */ place) =>
        keepTipClear(L.circleMarker(place.at, style).bindTooltip(element("span", "", place.kind ? `${place.name} (${place.kind})` : place.name))),
      ),
    );
  }
  return groups;
}

/**
 * The choices stand in the page's head where there is one, else on the map.
 *
 * @param {HTMLElement[]} choices
 * @returns {any[]}
 */
function choiceControl(choices) {
  if (ownPage()) {
    ownPage()?.append(...choices);
    return [];
  }
  const control = /** @type {any} */ (L).control({ position: "topright" });
  control.onAdd = () => {
    const box = element("div", "qa-card");
    L.DomEvent.disableClickPropagation(box);
    box.append(...choices);
    return box;
  };
  return [control];
}
