// Charts in Vega-Lite. Fields have fixed names; texts of the data are values.
const views = {};
let selection = {};

function chartConfig() {
  const style = getComputedStyle(document.documentElement), color = (name) => style.getPropertyValue(name).trim();
  const [text, line] = [color("--text"), color("--line")];
  return {
    background: color("--back"), view: { stroke: line }, font: "system-ui, sans-serif",
    axis: { labelColor: text, titleColor: text, gridColor: line, domainColor: line, tickColor: line, labelLimit: 150, titleLimit: 260 },
    legend: { labelColor: text, titleColor: text, labelLimit: 220 }, title: { color: text },
  };
}
const themeColor = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isNarrow = () => document.documentElement.clientWidth < 700;
const widthOf = (id, share = 1) => Math.max(160, Math.floor(byId(id).clientWidth * share) - 75);

async function draw(id, label, spec) {
  views[id]?.finalize();
  const options = { actions: false, logLevel: 1, // an empty selection is no reason for a warning
    renderer: "canvas", config: chartConfig(), tooltip: true };
  const { view } = await vegaEmbed(byId(id), { ...spec, description: label }, options);
  views[id] = view;
  byId(id).setAttribute("role", "img");
  byId(id).setAttribute("aria-label", label);
  return view;
}

// Return the shown images as rows of the linked charts: both metrics, the bin of the first, and whether it is an outlier.
function standingRows() {
  const own = valuesOf(state.metric), other = valuesOf(state.against), ranks = ranksOf(state.metric);
  const bins = pair().histograms[state.augmentation]?.[state.metric];
  return dataset().images.flatMap((image, place) => {
    if (own[place] === null || other[place] === null || !bins) return [];
    const bin = bins.width > 0 ? Math.min(Math.floor((own[place] - bins.low) / bins.width), bins.counts.length - 1) : 0;
    return [{ id: image.image_id, x: other[place], y: own[place], rank: ranks[place], outlier: isOutlier(place), low: bins.low + bin * bins.width, high: bins.low + (bin + 1) * bins.width }];
  });
}

async function drawStanding() {
  const rows = standingRows(), bins = pair().histograms[state.augmentation]?.[state.metric];
  selection = {};
  if (!rows.length) {
    views.standing?.finalize();
    byId("standing").replaceChildren("No value of this metric is defined.");
    return;
  }
  const all = bins.counts.map((count, bin) => ({ count, low: bins.low + bin * bins.width, high: bins.low + (bin + 1) * bins.width }));
  const width = widthOf("standing", isNarrow() ? 1 : 0.5), accent = themeColor("--accent"), soft = themeColor("--soft"), mark = themeColor("--mark");
  const isCurrent = "datum.id === current", label = metric(state.metric).label;
  const scatter = {
    width, height: 280, data: { name: "images", values: rows },
    layer: [{
      params: [{ name: "brush", select: { type: "interval" } }],
      mark: { type: "point", filled: true, size: 55, cursor: "pointer" },
      encoding: {
        x: { field: "x", type: "quantitative", scale: { zero: false, nice: true }, title: metric(state.against).label },
        y: { field: "y", type: "quantitative", scale: { zero: false, nice: true }, title: label },
        color: { condition: { test: "datum.outlier", value: mark }, value: accent },
        opacity: { condition: { param: "band", value: 0.85 }, value: 0.08 },
        tooltip: [{ field: "id", title: "Image" }, { field: "y", title: label, format: ".4g" }, { field: "x", title: metric(state.against).label, format: ".4g" }, { field: "rank", title: "Place" }],
      },
    }, {
      transform: [{ filter: isCurrent }], mark: { type: "point", size: 220, strokeWidth: 3, color: themeColor("--text"), filled: false },
      encoding: { x: { field: "x", type: "quantitative" }, y: { field: "y", type: "quantitative" } },
    }],
  };
  const binned = { x: { field: "low", type: "quantitative", scale: { zero: false, nice: false }, title: label, bin: { binned: true } }, x2: { field: "high" } };
  const histogram = {
    width, height: 280,
    layer: [{
      data: { values: all }, params: [{ name: "band", select: { type: "interval", encodings: ["x"] } }],
      mark: { type: "bar", color: soft, opacity: 0.35 }, encoding: { ...binned, y: { field: "count", type: "quantitative", title: "Images" } },
    }, {
      data: { name: "images" }, transform: [{ filter: { param: "brush" } }, { aggregate: [{ op: "count", as: "count" }], groupby: ["low", "high"] }],
      mark: { type: "bar", color: accent, opacity: 0.75 }, encoding: { ...binned, y: { field: "count", type: "quantitative" } },
    }, {
      data: { name: "images" }, transform: [{ filter: isCurrent }], mark: { type: "rule", color: themeColor("--text"), strokeWidth: 2 },
      encoding: { x: { field: "y", type: "quantitative" } },
    }],
  };
  const spec = { params: [{ name: "current", value: state.image }], [isNarrow() ? "vconcat" : "hconcat"]: [scatter, histogram] };
  const view = await draw("standing", `${label} of every image under ${augmentation().label}, as points and as a histogram. The list below has the same images.`, spec);
  view.addSignalListener("brush", (_, value) => { selection.x = value?.x; selection.y = value?.y; showList(); });
  view.addSignalListener("band", (_, value) => { selection.low = value?.low; showList(); });
  view.addEventListener("click", (_, item) => { if (item?.datum?.id !== undefined) choose({ image: item.datum.id }); });
}

const within = (value, range) => !range || (value >= Math.min(...range) && value <= Math.max(...range));

// Return the rows inside the brushes and the typed range, the largest shift first.
function selectedRows() {
  const typed = ["from", "to"].map((id) => byId(id).value === "" ? null : Number(byId(id).value));
  return standingRows().filter((row) => within(row.x, selection.x) && within(row.y, selection.y) && within(row.low, selection.low)
    && (typed[0] === null || row.y >= typed[0]) && (typed[1] === null || row.y <= typed[1])).sort((a, b) => a.rank - b.rank);
}

// Return labels that differ, also where the given ones do not.
function distinct(items) {
  return Object.fromEntries(items.map(([name, label]) => [name, items.filter(([, other]) => other === label).length > 1 ? `${label} (${name})` : label]));
}

async function drawComparison() {
  const augmentations = distinct(content.augmentations.map((item) => [item.augmentation, item.label]));
  const encoders = distinct(content.models.map((item) => [item.name, item.label]));
  const place = placeOf(state.image);
  const rows = content.models.flatMap((model) => content.pairs[`${state.dataset}/${model.name}`].summary
    .filter((row) => row.metric === state.metric && augmentations[row.augmentation] !== undefined)
    .map((row) => ({ name: row.augmentation, augmentation: augmentations[row.augmentation], encoder: encoders[model.name], mean: row.mean, low: row.ci_low, high: row.ci_high, own: content.pairs[`${state.dataset}/${model.name}`].values[row.augmentation]?.[state.metric]?.[place] ?? null })));
  const y = { field: "augmentation", type: "nominal", sort: Object.values(augmentations), title: null };
  const offset = content.models.length > 1 ? { yOffset: { field: "encoder" } } : {};
  const color = { field: "encoder", type: "nominal", title: "Encoder", legend: content.models.length > 1 ? { orient: "bottom", columns: 1 } : null };
  const x = (field, title) => ({ field, type: "quantitative", scale: { zero: false }, title });
  const label = metric(state.metric).label;
  const tooltip = [{ field: "augmentation", title: "Augmentation" }, { field: "encoder", title: "Encoder" }, { field: "mean", title: "Mean", format: ".4g" }, { field: "low", title: "From", format: ".4g" }, { field: "high", title: "To", format: ".4g" }, { field: "own", title: "This image", format: ".4g" }];
  const view = await draw("comparison", `Mean ${label} of every augmentation and encoder with its interval, and the value of this image. The table below has the same numbers.`, {
    width: Math.max(140, widthOf("comparison") - 80), height: { step: content.models.length > 1 ? 14 : 26 }, data: { values: rows },
    encoding: { y, ...offset, color, tooltip },
    layer: [
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: x("low", label), x2: { field: "high" } } },
      { mark: { type: "point", filled: true, size: 70, cursor: "pointer" }, encoding: { x: x("mean", label) } },
      { mark: { type: "tick", thickness: 2, color: themeColor("--mark") }, encoding: { x: x("own", label), color: { value: themeColor("--mark") } } },
    ],
  });
  view.addEventListener("click", (_, item) => { if (item?.datum?.name !== undefined) choose({ augmentation: item.datum.name }); });
}

// Draw a line with points, or one for each value of `of`, and a mark at one place.
function drawLine(id, label, rows, xTitle, yTitle, current) {
  const byOf = { field: "of", type: "nominal", title: null, legend: { orient: "bottom" }, scale: { domain: ["Mean over images", "This image"], range: [themeColor("--accent"), themeColor("--mark")] } };
  return draw(id, label, {
    width: widthOf(id), height: 200, data: { values: rows.filter((row) => row.y !== null) },
    encoding: { x: { field: "x", type: "quantitative", title: xTitle, axis: { tickMinStep: xTitle === "Layer" ? 1 : undefined } }, y: { field: "y", type: "quantitative", scale: { zero: false }, title: yTitle } },
    layer: [
      { mark: { type: "line", point: true, color: themeColor("--accent") }, ...(rows.some((row) => row.of) ? { encoding: { color: byOf, strokeDash: { field: "of", type: "nominal", legend: null } } } : {}) },
      { transform: [{ filter: { field: "x", equal: current } }], mark: { type: "point", size: 220, strokeWidth: 3, color: themeColor("--mark") } },
    ],
  });
}
