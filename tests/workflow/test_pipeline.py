"""The whole pipeline on a few photographs, from the images to the paper."""

import json
import random
import re
from itertools import product

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from faulty_runs import Run
from pipeline import PROJECT
from tiny_run import CONFIG, FEW, NINE, PHOTOGRAPHS, RESULTS, ROWS, tiny_config, write_data
from typesetting import SIZES

from embedding_shift.io import shards

pytestmark = pytest.mark.slow


def views(pipeline, augmentation):
    """{image id: (pixels, record)} of all shards."""
    found = {}
    for path in sorted((pipeline / f"results/tiny/views/{augmentation}").glob("*.tar")):
        found |= {view.image_id: (view.pixels.tobytes(), view.record) for view in shards.read(path)}
    return found


def test_everything_is_there(finished):
    for table in ("metrics.parquet", "summary.csv", "pairwise_distance.csv"):
        assert (finished / RESULTS / table).stat().st_size
    assert (finished / "results/paper.pdf").read_bytes().startswith(b"%PDF-")
    assert r"\newcommand{\WordsTold}{1}" in (finished / "results/numbers.tex").read_text()
    words = pd.read_csv(finished / RESULTS / "words.csv")
    assert [*zip(words["augmentation"], words["prompt"], strict=True)] == [*product(NINE, NINE)]
    assert words["p"].between(0.001, 1).all() and (finished / f"{RESULTS}/text/prompts.npz").exists()
    for name in ("words", "attention_samples", "metric_heatmap", "radar", "attention_grid_1", "method"):
        assert (finished / f"{RESULTS}/figures/{name}.pdf").read_bytes().startswith(b"%PDF-")
        assert (finished / f"{RESULTS}/figures/{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_figures_of_the_main_text_have_the_sizes_that_the_limit_on_its_pages_is_tested_with(finished):
    drawn = {path.stem: path for path in (finished / RESULTS / "figures").glob("*.pdf")}
    # The size of attention figures follows from the shape of the encoder's maps.
    compared = sorted(name for name in SIZES.keys() & drawn.keys() if not name.startswith("attention_"))
    assert len(compared) == 14
    for name in compared:
        with pypdfium2.PdfDocument(drawn[name]) as document:
            assert document[0].get_size() == pytest.approx(np.multiply(SIZES[name], 72), abs=1), name


def test_the_contract_holds(finished):
    manifest = pd.read_csv(finished / "results/tiny/manifest.csv")
    assert list(manifest) == ["image_id", "path", "sha256", "width", "height", "caption", "source", "converted"]
    assert tuple(manifest["image_id"]) == PHOTOGRAPHS
    metrics = pd.read_parquet(finished / RESULTS / "metrics.parquet")
    assert list(metrics) == ["image_id", "augmentation", "metric", "value"]
    assert list(metrics["augmentation"].unique()) == NINE
    for augmentation in NINE:
        own = metrics[(metrics["augmentation"] == augmentation) & (metrics["metric"] == "cosine_similarity")]
        assert tuple(own["image_id"]) == PHOTOGRAPHS
    summary = pd.read_csv(finished / RESULTS / "summary.csv")
    assert list(summary) == ["augmentation", "metric", "n", "mean", "std", "ci_low", "ci_high"]
    assert (summary["n"] == 4).all()
    distance = pd.read_csv(finished / RESULTS / "pairwise_distance.csv", index_col=0)
    assert list(distance) == list(distance.index) == NINE
    for view in ("original", *NINE):
        embeddings = np.load(finished / f"{RESULTS}/embeddings/{view}.npz")
        assert tuple(embeddings["image_id"]) == PHOTOGRAPHS
        assert (embeddings["embedding"].shape, embeddings["embedding"].dtype) == ((4, 32), np.float32)
        attention = np.load(finished / f"{RESULTS}/attention/{view}.npz")
        assert tuple(attention["image_id"]) == PHOTOGRAPHS
        assert (attention["attention"].shape, attention["attention"].dtype) == ((4, 4, 7, 7), np.float32)
        assert tuple(views(finished, view)) == PHOTOGRAPHS


def test_shards_cores_and_order_change_nothing(finished, unrun):
    """Three shards, two of them encoded together, one core, a shuffled table, and one augmentation instead of nine."""
    pipeline = unrun
    few = {name: CONFIG["augmentations"][name] for name in FEW}
    pipeline.config = tiny_config(shards=3, encode_shards_per_job=2, augmentations=few)
    write_data(pipeline, random.Random(1).sample(ROWS, len(ROWS)))
    done = pipeline.run(f"{RESULTS}/metrics.parquet", cores=1)
    assert done.returncode == 0, done.stdout[-5000:]
    first_encoding = done.stdout.index("Encoding tiny, from shard 00000")
    for job in ("Packing the original views of tiny, shard 00002", "Augmenting tiny, shard 00002"):
        assert first_encoding < done.stdout.index(job), "what the second encoding job needs is made later"
    for table in ("manifest", "rejects"):
        one, other = (run / f"results/tiny/{table}.csv" for run in (pipeline, finished))
        assert one.read_bytes() == other.read_bytes()
    for view in ("original", *FEW):
        assert views(pipeline, view) == views(finished, view)
    expected = pd.read_parquet(finished / RESULTS / "metrics.parquet")
    expected = expected[expected["augmentation"].isin(FEW)].reset_index(drop=True)
    found = pd.read_parquet(pipeline / RESULTS / "metrics.parquet")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_encoding_jobs_say_what_they_used(finished):
    (used,) = pd.read_table(finished / "benchmarks/tiny/clip/encode_views/00000.tsv").to_dict("records")
    assert used["s"] > 0.1 and 100 < used["max_rss"] < 4000


def test_the_explorer_is_written_from_a_finished_run(again):
    page = again / "results/explorer.html"
    done = again.run(str(page.relative_to(again.folder)))
    assert done.returncode == 0, done.stdout[-5000:]
    content = json.loads(page.read_text().partition('id="data">')[2].partition("</script>")[0])
    (dataset,) = content["datasets"]
    assert (dataset["label"], dataset["total"]) == ("Four {4} photographs", 4)
    assert content["models"] == [{"name": "clip", "label": "A small {random} CLIP"}]
    places = {image["image_id"]: place for place, image in enumerate(dataset["images"])}
    found = content["pairs"]["tiny/clip"]["values"]
    for row in pd.read_parquet(again / RESULTS / "metrics.parquet").to_dict("records"):
        assert found[row["augmentation"]][row["metric"]][places[row["image_id"]]] == row["value"]


def test_a_metric_of_ones_own_reaches_tables_and_figures(again):
    page = (PROJECT / "docs/extend.md").read_text()
    (code,) = re.findall(r"^```python\n(@registry.*?)^```", page, re.MULTILINE | re.DOTALL)
    module = again / "scripts/embedding_shift/metrics/pixel_metrics.py"
    module.write_text(f"{module.read_text()}\n\n{code}")
    done = again.run(f"{RESULTS}/summary.csv", f"{RESULTS}/figures/metric_heatmap.pdf", "results/tables/summary.tex")
    assert done.returncode == 0, done.stdout
    summary = pd.read_csv(again / RESULTS / "summary.csv").set_index(["metric", "augmentation"])["mean"]
    assert set(summary["colour_distance"].index) == set(NINE)
    assert summary["colour_distance", "horizontal_flip"] == pytest.approx(0)
    assert summary["colour_distance", "brightness_contrast"] > 0.01
    assert "Colour distance" in (again / "results/tables/summary.tex").read_text()


def test_what_a_run_keeps_does_not_grow_with_its_jobs(unrun):
    """Snakemake by itself would begin another thread, for good, with each of these 15 jobs that ends."""
    run = Run(unrun, ["results/tiny/pixel_metrics/noise/00000.npz"])
    assert run.most_threads() < 12
    assert run.ends() == 0, run.output[-5000:]
