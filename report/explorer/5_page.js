// Pickers, address, keys, and the order in which panels are shown.
const KEYS = ["dataset", "encoder", "augmentation", "image", "metric", "against", "layer"];
const MAIN = "cosine_similarity";
let pending = Promise.resolve();

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(KEYS.filter((key) => wanted.has(key)).map((key) => [key, wanted.get(key)]));
}

function writeAddress() {
  const shown = new URLSearchParams(KEYS.filter((key) => state[key] !== undefined).map((key) => [key, state[key]]));
  if (location.hash.slice(1) !== shown.toString()) history.replaceState(null, "", `#${shown}`);
}

// Fill the pickers with what there is, and keep of `state` what is among it.
function fillPickers() {
  state.dataset = fillSelect("dataset", content.datasets.map((item) => [item.name, item.label]), state.dataset);
  state.encoder = fillSelect("encoder", content.models.map((item) => [item.name, item.label]), state.encoder);
  state.augmentation = fillSelect("augmentation", content.augmentations.map((item) => [item.augmentation, item.label]), state.augmentation);
  const choices = metrics().map((name) => [name, metric(name).label]);
  state.metric = fillSelect("metric", choices, state.metric ?? MAIN);
  state.against = fillSelect("against", choices, state.against ?? choices.map(([name]) => name).find((name) => name === "patch_similarity"));
  const order = inOrder(), images = dataset().images;
  state.image = fillSelect("image", order.map((place) => [images[place].image_id, images[place].image_id + (isOutlier(place) ? " (outlier)" : "")]), state.image);
  const { total, outliers, outliers_left_out: leftOut } = dataset();
  const kept = leftOut ? `the ${outliers - leftOut} outliers that shift the farthest (${leftOut} other outliers are left out)` : "all outliers";
  const shown = images.length < total ? `${images.length} of ${total} images are on this page: ${kept} and an even sample of the others. ` : "";
  byId("order").textContent = `${shown}Images are in the order of their shift under this augmentation, the largest first; ${outliers} of ${total} are outliers under some augmentation.`;
}

// Change what is shown. Charts of all images are drawn again only if more than the image changes.
function choose(changes) {
  const before = { ...state };
  Object.assign(state, changes);
  fillPickers();
  writeAddress();
  const changed = (...keys) => keys.some((key) => state[key] !== before[key]);
  document.body.dataset.ready = "false";
  pending = pending.then(() => show(changed)).then(() => { document.body.dataset.ready = "true"; });
}

async function show(changed) {
  if (changed("dataset", "encoder", "augmentation", "metric")) {
    byId("from").value = byId("to").value = "";
    listed = STEP;
  }
  showImage();
  showNearest();
  showSummary();
  showClaims();
  const tiles = showTiles();
  if (changed("dataset", "encoder", "augmentation", "metric", "against", "scheme")) await drawStanding();
  else await views.standing?.signal("current", state.image).runAsync();
  showList();
  await Promise.all([tiles, drawComparison(), showDose(), showLayers()]);
}

function step(by) {
  const order = inOrder(), images = dataset().images, at = order.findIndex((place) => images[place].image_id === state.image);
  choose({ image: images[order[(at + by + order.length) % order.length]].image_id });
}

for (const key of ["dataset", "encoder", "augmentation", "image", "metric", "against", "layer", "token", "measure"]) {
  byId(key).addEventListener("change", (event) => choose({ [key]: event.target.value }));
}
byId("dose").addEventListener("input", (event) => choose({ dose: Number(event.target.value) }));
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("pickers").addEventListener("submit", (event) => event.preventDefault());
byId("skip").addEventListener("click", (event) => { event.preventDefault(); byId("picture").focus(); });
for (const id of ["from", "to"]) byId(id).addEventListener("input", showList);
byId("more").addEventListener("click", () => { listed += STEP; showList(); });
byId("clear").addEventListener("click", () => {
  byId("from").value = byId("to").value = "";
  pending = pending.then(drawStanding).then(showList);
});
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = { n: 1, p: -1 };
  if (keys[event.key]) step(keys[event.key]);
});
addEventListener("hashchange", () => choose(readAddress()));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => choose({ scheme: Symbol("scheme") }));
let width = document.documentElement.clientWidth, timer;
addEventListener("resize", () => {
  clearTimeout(timer);
  if (document.documentElement.clientWidth !== width) timer = setTimeout(() => { width = document.documentElement.clientWidth; choose({ scheme: Symbol("scheme") }); }, 200);
});
choose(readAddress());
