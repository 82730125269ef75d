// The panels below the pickers.
const STEP = 48; // images of the list that are shown at a time
let listed = STEP;

function showImage() {
  const place = placeOf(state.image), image = dataset().images[place], data = pair(), label = augmentation().label;
  byId("picture-title").textContent = `${image.image_id}: ${label}`;
  byId("caption").textContent = image.caption;
  const means = Object.fromEntries(data.summary.filter((row) => row.augmentation === state.augmentation).map((row) => [row.metric, row]));
  fillTable("values", ["Metric", "This image", "Place by shift", "Mean of all"], metrics().map((name) => {
    const rank = ranksOf(name)[place], count = data.counts[state.augmentation][name];
    return make("tr", { "data-metric": name, class: name === state.metric ? "current" : undefined },
      make("th", { scope: "row" }, metric(name).label), numberCell(valuesOf(name)[place]),
      make("td", { class: "number" }, rank ? `${rank} of ${count}` : "–"), numberCell(means[name]?.mean));
  }));
  const record = dataset().records[state.augmentation]?.[place];
  fillTable("parameters", ["Parameter", "Value"], record ? recordRows(record) : []);
  byId("source").textContent = [image.width && `${image.width} × ${image.height} pixels`, image.source, image.path, image.sha256 && `SHA-256 ${image.sha256}`].filter(Boolean).join(" · ");
  const rank = ranksOf(state.metric)[place];
  byId("status").textContent = `${image.image_id}, ${label}: ${metric(state.metric).label} ${shortNumber(valuesOf(state.metric)[place])}`
    + (rank ? `, place ${rank} of ${data.counts[state.augmentation][state.metric]} by shift` : "") + (isOutlier(place) ? ", an outlier" : "");
}

function recordRows(record) {
  return Object.entries(record).map(([name, value]) => make("tr", { "data-parameter": name },
    make("th", { scope: "row" }, content.parameters[name]), make("td", {}, value !== null && typeof value === "object" ? JSON.stringify(value) : String(value))));
}

function thumbButton(id, view, number, options = {}) {
  const place = placeOf(id), known = place >= 0, name = make("span", { class: "id", title: id }, id);
  const text = shortNumber(number), label = `${id}, ${options.word ?? metric(state.metric).label} ${text}${options.kept ? ", kept" : ""}`;
  const classes = ["thumb", known && isOutlier(place) && "outlier", options.kept && "kept"].filter(Boolean).join(" ");
  return make("li", {}, make("button", {
    type: "button", class: classes, "data-image": id, "data-value": number ?? "", "aria-label": label, disabled: !known,
    "aria-current": id === state.image ? "true" : undefined, on: { click: () => choose({ image: id }) },
  }, thumbnail(view, place), name, make("span", { class: "number" }, text)));
}

function showList() {
  const rows = selectedRows(), total = dataset().total;
  byId("selected").textContent = `${rows.length} of ${total} images selected`;
  byId("list").replaceChildren(...rows.slice(0, listed).map((row) => thumbButton(row.id, state.augmentation, row.y)));
  byId("more").hidden = rows.length <= listed;
}

function showNearest() {
  const place = placeOf(state.image), nearest = pair().nearest;
  const [before, after] = [ORIGINAL, state.augmentation].map((view) => nearest[view][place]);
  const kept = (others) => (id) => others.some(([other]) => other === id);
  const fill = (id, rows, view, others) => byId(id).replaceChildren(...(rows.length ? rows.map(([name, value]) =>
    thumbButton(name, view, value, { kept: kept(others)(name), word: "cosine similarity" })) : [make("li", {}, "There are no other images.")]));
  fill("before", before, ORIGINAL, after);
  fill("after", after, state.augmentation, before);
}

function showDose() {
  const dosed = dataset().doses[state.augmentation], responses = pair().responses[state.augmentation] ?? {};
  byId("dose-section").hidden = !Object.keys(dataset().doses).length;
  const row = dosed ? dosed.image_ids.indexOf(state.image) : -1;
  byId("dose-columns").hidden = row < 0;
  if (row < 0) {
    const buttons = (dosed?.image_ids ?? []).map((id) => make("button", { type: "button", on: { click: () => choose({ image: id }) } }, id));
    byId("dose-note").replaceChildren(dosed ? "This image is not in the study. Studied images: " : "The study has no doses of this augmentation.", ...buttons);
    return;
  }
  byId("dose-note").textContent = "Dose 0 leaves the image unchanged.";
  const slider = byId("dose");
  slider.max = dosed.doses.length - 1;
  if (state.dose === undefined || state.dose >= dosed.doses.length) state.dose = dosed.doses.length - 1;
  slider.value = state.dose;
  const dose = dosed.doses[state.dose], points = responses[state.image]?.[state.metric] ?? [];
  const value = points.find(([at]) => at === dose)?.[1];
  byId("dose-value").textContent = shortNumber(dose);
  slider.setAttribute("aria-valuetext", `dose ${dose}, ${metric(state.metric).label} ${shortNumber(value)}`);
  const [figure] = tile("dose", `${augmentation().label} at dose ${dose}`, dosed, row * dosed.doses.length + state.dose);
  byId("dose-picture").replaceChildren(figure);
  byId("dose-metric").replaceChildren(`${metric(state.metric).label} at dose ${dose}: `, make("span", { id: "dose-number", "data-value": value ?? "" }, shortNumber(value)));
  return drawLine("dose-chart", `${metric(state.metric).label} of ${state.image} at every dose`, points.map(([x, y]) => ({ x, y })), "Dose", metric(state.metric).label, dose);
}

function showSummary() {
  const rows = content.models.flatMap((model) => content.pairs[`${state.dataset}/${model.name}`].summary
    .filter((row) => row.metric === state.metric).map((row) => [model, row]));
  const labels = Object.fromEntries(content.augmentations.map((item) => [item.augmentation, item.label]));
  fillTable("summary", ["Augmentation", "Encoder", "Mean", "From", "To", "Images"], rows.map(([model, row]) => make("tr", { "data-augmentation": row.augmentation, "data-encoder": model.name },
    make("th", { scope: "row" }, labels[row.augmentation] ?? row.augmentation), make("td", {}, model.label), numberCell(row.mean), numberCell(row.ci_low), numberCell(row.ci_high), numberCell(row.n))));
}

const MEASURES = { cosine: "Cosine similarity", relative_l2: "Relative L2 distance", lens_distance: "1 − cosine of the read-out", cka: "CKA", coherence: "Coherence" };

function showLayers() {
  const rows = pair().layers.filter((row) => row.augmentation === state.augmentation);
  byId("layers-section").hidden = !rows.length;
  if (!rows.length) return;
  const tokens = [...new Set(rows.map((row) => row.token))], words = { class: "Class token", patch_mean: "Mean of the patches" };
  state.token = fillSelect("token", tokens.map((name) => [name, words[name] ?? name]), state.token);
  state.measure = fillSelect("measure", Object.entries(MEASURES), state.measure);
  const own = rows.filter((row) => row.token === state.token);
  state.layer = fillSelect("layer", own.map((row) => [String(row.layer), row.layer === 0 ? "0 (input)" : String(row.layer)]), state.layer ?? String(own.at(-1).layer));
  const current = own.find((row) => String(row.layer) === state.layer), label = MEASURES[state.measure];
  const ofImage = pair().layers_of_images[state.augmentation]?.[state.token] ?? {}, valuesOfImage = (name) => ofImage[name]?.[state.image];
  const isCaptured = Object.keys(ofImage).some(valuesOfImage);
  fillTable("layer-values", [`Layer ${state.layer}`, "This image", "Mean over images"], Object.entries(MEASURES).map(([name, text]) =>
    make("tr", { "data-measure": name }, make("th", { scope: "row" }, text),
      name in ofImage ? numberCell(valuesOfImage(name)?.[current.layer]) : make("td", { class: "number" }, "–"), numberCell(current[name]))));
  byId("layers-note").textContent = isCaptured ? "CKA and coherence describe all images together; an image has no value of its own."
    : "The page holds no layers of this image. The means are those over the images that were captured.";
  const means = own.map((row) => ({ x: row.layer, y: row[state.measure], of: "Mean over images" }));
  const single = (valuesOfImage(state.measure) ?? []).map((y, x) => ({ x, y, of: "This image" }));
  return drawLine("layers-chart", `${label} between original and view after every layer under ${augmentation().label}, mean over images${single.length ? ` and ${state.image}` : ""}. The table below has the numbers of one layer.`,
    [...means, ...single], "Layer", label, current.layer);
}

function showClaims() {
  fillTable("claims", ["The original paper says", "Where", "Verdict", "Effect", "From", "To", "Images"], pair().claims.map((claim) => make("tr", { class: "claim" },
    make("td", {}, claim.text), make("td", {}, claim.source), make("td", { class: ["supported", "contradicted"].find((word) => claim.verdict === word) }, claim.verdict),
    ...[0, 1, 2].map((part) => claim.interval ? numberCell(claim.interval[part]) : make("td", { class: "number" }, "–")), numberCell(claim.n))));
}
