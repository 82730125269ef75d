// Pictures from sprites, and attention over them.
const OVERLAY = 0.55; // share of the attention's colour; the rest is the picture in grey
const INVALID = 255, HIGHEST = 254;
const loaded = new Map();
const colors = Object.fromEntries(Object.entries(content.colors).map(([name, digits]) =>
  [name, Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16))]));

function loadedImage(address) {
  if (!loaded.has(address)) {
    const image = new Image();
    image.src = address;
    loaded.set(address, image.decode().then(() => image));
  }
  return loaded.get(address);
}

// Draw a picture of a sprite on a canvas, then call `paint` with its pixels.
async function drawPicture(canvas, sprite, place, paint) {
  const image = await loadedImage(sprite.address);
  const size = sprite.size;
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, (place % sprite.columns) * size, Math.floor(place / sprite.columns) * size, size, size, 0, 0, size, size);
  if (paint) {
    const pixels = context.getImageData(0, 0, size, size);
    paint(pixels.data, size);
    context.putImageData(pixels, 0, 0);
  }
}

// Return a map of one image as numbers from 0 to 1, NaN where it is not valid; undefined without maps.
function mapOf(packed, place) {
  if (!packed || place >= dataset().pictured) return undefined;
  packed.decoded ??= bytesOf(packed.bytes);
  const count = packed.rows * packed.columns;
  const levels = packed.decoded.subarray(place * count, (place + 1) * count);
  return { rows: packed.rows, columns: packed.columns, values: Array.from(levels, (level) => level === INVALID ? NaN : level / HIGHEST) };
}

// Return the value of a map at a place of the picture, 0 to 1 from its edges: bilinear, with the centres of cells as nodes.
function valueAt(map, u, v) {
  const x = Math.min(Math.max(u * map.columns - 0.5, 0), map.columns - 1), y = Math.min(Math.max(v * map.rows - 0.5, 0), map.rows - 1);
  const left = Math.floor(x), top = Math.floor(y), right = Math.min(left + 1, map.columns - 1), bottom = Math.min(top + 1, map.rows - 1);
  const at = (row, column) => map.values[row * map.columns + column];
  const upper = at(top, left) * (1 - x + left) + at(top, right) * (x - left);
  const lower = at(bottom, left) * (1 - x + left) + at(bottom, right) * (x - left);
  return upper * (1 - y + top) + lower * (y - top);
}

// Return a map of another size; where `valid` is given, the values are scaled to 0 to 1 over its valid cells.
function resizedMap(map, rows, columns, valid) {
  let values = Array.from({ length: rows * columns }, (_, cell) =>
    valueAt(map, ((cell % columns) + 0.5) / columns, (Math.floor(cell / columns) + 0.5) / rows));
  if (valid) {
    values = values.map((value, cell) => Number.isNaN(valid.values[cell]) ? NaN : value);
    const known = values.filter((value) => !Number.isNaN(value));
    const low = Math.min(...known), spread = Math.max(...known) - low;
    values = values.map((value) => spread > 0 ? (value - low) / spread : value * 0);
  }
  return { rows, columns, values };
}

const difference = (after, before) => ({ ...after, values: after.values.map((value, cell) => (value - before.values[cell] + 1) / 2) });

// Return a function that paints a map in colours over a picture in grey.
function overlay(map, table) {
  return (pixels, size) => {
    for (let place = 0; place < size * size; place += 1) {
      const at = 4 * place;
      const grey = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
      const value = valueAt(map, ((place % size) + 0.5) / size, (Math.floor(place / size) + 0.5) / size);
      const color = 3 * Math.round(255 * value);
      for (let channel = 0; channel < 3; channel += 1) {
        pixels[at + channel] = Number.isNaN(value) ? grey * 0.4 : OVERLAY * table[color + channel] + (1 - OVERLAY) * grey;
      }
    }
  };
}

function scaleBar(table, low, high) {
  const stops = [0, 32, 64, 96, 128, 160, 192, 224, 255].map((level) => `rgb(${[...table.slice(3 * level, 3 * level + 3)].join(" ")})`);
  const bar = make("div", { class: "scale", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  return [bar, make("div", { class: "ends" }, make("span", {}, low), make("span", {}, high))];
}

function tile(name, label, sprite, place, paint, scale = []) {
  const canvas = make("canvas", { role: "img", "aria-label": label, "data-tile": name });
  const done = drawPicture(canvas, sprite, place, paint).then(() => { canvas.dataset.drawn = "true"; });
  return [make("figure", {}, canvas, make("figcaption", {}, label), ...scale), done];
}

// Return the tiles of the similarity of every patch to the original's embedding, both in the same colours.
function similarityTiles(place) {
  const names = [ORIGINAL, state.augmentation], found = names.map((view) => mapOf(pair().similarity[view], place));
  const known = found.flatMap((map) => map?.values ?? []).filter((value) => !Number.isNaN(value));
  if (!found[0] || !found[1] || !known.length) return [];
  const low = Math.min(...known), high = Math.max(...known), spread = high - low || 1;
  const ends = [low, high].map((value) => (2 * value - 1).toFixed(2).replace("-", "−"));
  return names.map((view, number) => {
    const scaled = { ...found[number], values: found[number].values.map((value) => (value - low) / spread) };
    const label = `Similarity of patches ${number ? "of the view" : "of the original"} to the original's embedding`;
    return tile(`similarity-${number ? "view" : "original"}`, label, dataset().sprites[view], place, overlay(scaled, colors.sequential), scaleBar(colors.sequential, ...ends));
  });
}

function isGiven(place) {
  return "counterpart_sha256" in (dataset().records[state.augmentation]?.[place] ?? {});
}

async function showTiles() {
  const place = placeOf(state.image), { sprites, pictured } = dataset(), maps = pair().attention.maps;
  byId("attention-note").textContent = "";
  if (place >= pictured || !sprites[ORIGINAL]) {
    byId("tiles").replaceChildren();
    byId("attention-note").textContent = "The page holds no pictures of this image.";
    return;
  }
  const label = augmentation().label;
  const tiles = [tile("original", "Original", sprites[ORIGINAL], place), tile("view", label, sprites[state.augmentation], place)];
  const before = mapOf(maps[ORIGINAL], place), after = mapOf(maps[state.augmentation], place);
  if (before && after) {
    const scale = scaleBar(colors.sequential, "lowest", "highest"), signed = scaleBar(colors.difference, "less", "more");
    tiles.push(tile("attention-original", "Attention on the original", sprites[ORIGINAL], place, overlay(before, colors.sequential), scale));
    tiles.push(tile("attention-view", `Attention on the view`, sprites[state.augmentation], place, overlay(after, colors.sequential), scaleBar(colors.sequential, "lowest", "highest")));
    tiles.push(tile("difference", "Change of attention", sprites[state.augmentation], place, overlay(difference(after, before), colors.difference), signed));
    const moved = mapOf(pair().attention.registered[state.augmentation], place);
    if (moved) {
      const own = resizedMap(after, moved.rows, moved.columns, moved);
      tiles.push(tile("registered", "Change of attention, geometry undone", sprites[state.augmentation], place, overlay(difference(own, moved), colors.difference), scaleBar(colors.difference, "less", "more")));
    } else byId("attention-note").textContent = isGiven(place)
      ? "It is not known which pixels this counterpart moved: no geometry is undone."
      : "This augmentation moves no pixels: the registered change of attention is the same.";
  } else byId("attention-note").textContent = "This encoder has no attention map.";
  tiles.push(...similarityTiles(place));
  byId("tiles").replaceChildren(...tiles.map(([figure]) => figure));
  await Promise.all(tiles.map(([, done]) => done));
}

// Return a small picture of an image: an element that shows its part of a sprite.
function thumbnail(view, place, size = 82) {
  const span = make("span", { class: "sprite", "aria-hidden": "true" }), sprite = dataset().sprites[view];
  if (sprite && place >= 0 && place < dataset().pictured) {
    span.style.backgroundImage = `url("${sprite.address}")`;
    span.style.backgroundSize = `${sprite.columns * size}px auto`;
    span.style.backgroundPosition = `${-(place % sprite.columns) * size}px ${-Math.floor(place / sprite.columns) * size}px`;
  }
  return span;
}
