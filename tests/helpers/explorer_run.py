"""A made-up run for the tests of the explorer: a few small pictures and random tables, in the files of a real run."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from embedding_shift.claims import published_claims, verdicts
from embedding_shift.explorer import content, page, run_files
from embedding_shift.io import array_files, shards, tables
from embedding_shift.metrics import registry
from embedding_shift.views import augment

PROJECT = Path(__file__).parents[2]
STEPS = {
    "noise": [{"transform": "GaussNoise", "parameters": {"std_range": [0.2, 0.3]}}],
    "horizontal_flip": [{"transform": "HorizontalFlip", "parameters": {}}],
}
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\"&amp; 😀 ]]> <!-- ${1}"
SIZE = 32
SHARDS = 2
DOSES = (0.0, 0.5, 1.0)


class ExplorerRun:
    """A run that is written down, and its page.

    Args:
        folder: of the run.
        image_ids: of every dataset.
        datasets, models: labels by name.
        labels: of the augmentations, in the order of STEPS.
        heads: number of heads; 0 for encoders without an attention map.
        caption: of every image.
        detailed: whether there are doses and layers.
    """

    def __init__(self, folder, image_ids, datasets, models, labels, heads=2, caption="", detailed=True):
        self.root, self.image_ids, self.detailed = folder / "results", sorted(image_ids), detailed
        self.datasets, self.models, self.heads = datasets, models, heads
        self.random = np.random.default_rng(0)
        rows = [
            {"augmentation": name, "label": label, "color": "#332288", "transform": label, "parameters": "{}"}
            for name, label in zip(STEPS, labels, strict=True)
        ]
        tables.write_rows(self.root / "augmentations.csv", list(rows[0]), rows)
        for dataset in datasets:
            self._write_images(self.root / dataset, caption)
            for model in models:
                self._write_results(self.root / dataset / model)

    def _write_images(self, folder, caption):
        rows = [
            {
                "image_id": i,
                "path": f"data/{caption}.png",
                "sha256": "0" * 64,
                "width": 9,
                "height": 8,
                "caption": caption,
            }
            for i in self.image_ids
        ]
        tables.write_rows(folder / "manifest.csv", list(rows[0]), rows)
        for shard in range(SHARDS):
            originals = [
                shards.View(name, self.random.integers(0, 256, (SIZE, SIZE, 3), np.uint8), {"image_sha256": "0" * 64})
                for name in self.image_ids
                if shards.shard_of(name, SHARDS) == shard
            ]
            shards.write(folder / f"views/original/{shard:05d}.tar", originals)
            for name, steps in STEPS.items():
                shards.write(folder / f"views/{name}/{shard:05d}.tar", augment.augment(originals, name, steps, 1))
        if self.detailed:
            pixels = np.full((SIZE, SIZE, 3), 128, np.uint8)
            keys = [f"{self.image_ids[0]}--dose-{round(1000 * dose):04d}" for dose in DOSES]
            shards.write(folder / "study/views/noise.tar", [shards.View(key, pixels) for key in keys])

    def _write_results(self, folder):
        known = [metric for metric in registry.in_order() if self.heads or "attention" not in metric.kind]
        self.metrics = [metric.name for metric in known]
        keys = [(i, name, metric) for i in self.image_ids for name in STEPS for metric in self.metrics]
        columns = ["image_id", "augmentation", "metric"]
        frame = pd.DataFrame(keys, columns=columns).assign(value=self.random.random(len(keys)))
        frame.loc[frame["metric"] == "edge_preservation", "value"] = np.nan
        tables.write_parquet(folder / "metrics.parquet", frame)
        summary = frame.groupby(["augmentation", "metric"], sort=False)["value"].agg(n="count", mean="mean", std="std")
        summary = summary.assign(ci_low=summary["mean"] - 0.1, ci_high=summary["mean"] + 0.1).reset_index()
        tables.write_csv(folder / "summary.csv", summary)
        for view in ("original", *STEPS):
            embedding = self.random.normal(size=(len(self.image_ids), 5)).astype(np.float32)
            attention = self.random.random((len(self.image_ids), self.heads, 4, 4), np.float32)
            array_files.write(folder / f"embeddings/{view}.npz", self.image_ids, embedding=embedding)
            array_files.write(folder / f"attention/{view}.npz", self.image_ids, attention=attention)
        published = published_claims.read(str(PROJECT / "paper/claims.yaml"))
        found = {claim.id: verdicts.tested(verdicts.Interval(0.3, 0.1, 0.5), 4) for claim in published.claims}
        found[published.claims[-1].id] = verdicts.untested("blur is not configured")
        tables.write_csv(folder / "claims.csv", verdicts.as_table(found))
        if self.detailed:
            self._write_details(folder)

    def _write_captured(self, folder):
        """Write patches that are 0.5 similar to the embedding, and a stream, for all images but the last."""
        described = {"pooling": "", "norm": "plain", "eps": 0.0, "blocks": 1, "grid": [4, 4], "missing": {}}
        arrays = dict.fromkeys(("weights", "biases", "matrix", "offset"), np.zeros(1))
        tower = self.root / f"models/{folder.name}/tower.npz"
        tower.parent.mkdir(parents=True, exist_ok=True)
        np.savez(tower, description=np.array(json.dumps(described)), **arrays)
        names = self.image_ids[:-1]
        embedding = np.tile(np.float32([2, 0]), (len(names), 1))
        patches = np.tile(np.float16([0.5, 0.75**0.5]), (len(names), 16, 1))
        patches[:, 0] = [1, 0]
        for view in ("original", *STEPS):
            path = folder / f"captured/{view}/00000.npz"
            stream = self.random.normal(size=(len(names), 3, 4)).astype(np.float32)
            array_files.write(path, names, embedding=embedding, patches=patches, stream_class=stream)

    def _write_details(self, folder):
        self._write_captured(folder)
        rows = [
            (self.image_ids[0], "noise", f"dose-{round(1000 * dose):04d}", metric, self.random.random())
            for dose in DOSES
            for metric in self.metrics
        ]
        columns = ["image_id", "augmentation", "variant", "metric", "value"]
        tables.write_parquet(folder / "study/metrics.parquet", pd.DataFrame(rows, columns=columns))
        columns = ["augmentation", "layer", "token", "cosine", "relative_l2", "lens_distance", "cka", "coherence"]
        rows = [
            (name, layer, token, self.random.random(), 0.5, "not read out", 0.25, "undefined")
            for name in STEPS
            for token in ("class", "patch_mean")
            for layer in range(3)
        ]
        tables.write_csv(folder / "layers.csv", pd.DataFrame(rows, columns=columns))

    def write_page(self):
        """Write the page; return its path."""
        files = [path for path in self.root.rglob("*") if path.suffix in {".csv", ".tar", ".parquet", ".npz"}]
        settings = content.Settings(self.datasets, self.models, neighbours=3)
        published = published_claims.read(str(PROJECT / "paper/claims.yaml"))
        found = content.collect(run_files.RunFiles(self.root, files), settings, published)
        output = self.root / "explorer.html"
        output.write_text(page.write(found, (PROJECT / "report/explorer").iterdir()))
        return output

    def wide(self, dataset, model, augmentation):
        """Return the values of an augmentation as a data frame, images × metrics."""
        long = self.table(dataset, model, "metrics.parquet")
        return long[long["augmentation"] == augmentation].pivot(index="image_id", columns="metric", values="value")

    def table(self, dataset, model, name):
        """Return a CSV or Parquet table of the run as a data frame."""
        path = self.root / dataset / model / name
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
