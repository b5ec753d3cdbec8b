// Builds every chart of an atlas that comes on standard input, and writes their records.
import { readFileSync } from "node:fs";

const asset = (name) => import(`${process.env.ASSETS}/${name}.js`);
const [columns, need, { unpackColumns, viewOf }, { legendRows }] = await Promise.all(
  ["chart_columns", "chart_need", "columns", "legend"].map(asset),
);
const { atlas: content, area, charts } = JSON.parse(readFileSync(0, "utf8"));
unpackColumns(content);
const atlas = viewOf(content);
const column = (id) => atlas.columns.find((one) => one.id === id);
const labels = (one) => legendRows(atlas, one).filter(({ cell }) => typeof cell === "number").map(({ label }) => label);
const make = {
  histogram: (id, own) => columns.histogram(atlas, column(id), labels(column(id)), own),
  time_line: (id, own) => columns.timeLine(atlas, column(id), own),
  spine: (own) => columns.spine(atlas, own),
  scatter(x, y, own, colors) {
    const second = y ? column(y) : columns.secondColumn(atlas, column(x));
    return second && columns.scatterPlot(atlas, column(x), second, own, column(colors ?? x));
  },
  certainty: (own) => need.certaintyChart(atlas, own),
  contributions: (areas) => need.contributionsChart(atlas, areas),
  transition: (year) => need.classMoves(atlas, year),
};
console.log(JSON.stringify(charts.map(([name, ...options]) => make[name](...options)?.chart ?? null)));
