import assert from "node:assert/strict";
import test from "node:test";

const { freeSide } = await import(process.env.ASSETS + "/tips.js");

const TIP = { width: 300, height: 200 };
const MAP = { left: 0, top: 0, right: 900, bottom: 640 };
const LEGEND = { left: 10, top: 210, right: 350, bottom: 630 };
const LAYERS = { left: 640, top: 10, right: 900, bottom: 100 };

test("a tooltip stands where neither legend nor box of layers hides it", () => {
  const side = (x, y, now = "right") => freeSide({ x, y }, TIP, MAP, [LEGEND, LAYERS], now);
  assert.equal(side(500, 400), "right");
  assert.equal(side(500, 400, "left"), "right"); // the legend is on the left
  assert.equal(side(700, 400), "left"); // the edge of the map is on the right
  assert.equal(side(600, 105), "left"); // the box of layers is on the right
  assert.equal(side(620, 40, "top"), "bottom"); // the edge is above, the box of layers on the right
});

test("it stays on its side while all of it is seen there", () => {
  for (const now of ["right", "left", "top", "bottom"]) assert.equal(freeSide({ x: 450, y: 320 }, TIP, MAP, [], now), now);
});

test("on a narrow map it stands above or below the pointer", () => {
  const narrow = { left: 0, top: 0, right: 390, bottom: 600 };
  assert.equal(freeSide({ x: 195, y: 500 }, TIP, narrow, [], "right"), "top");
  assert.equal(freeSide({ x: 195, y: 60 }, TIP, narrow, [], "right"), "bottom");
});
