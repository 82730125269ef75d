"""The benchmark measures real work and reads real records; the tables it writes are what it measured."""

import functools

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml
from paper_run import PROJECT
from small_models import write_clip_bundle

from embedding_shift.errors import InputError
from embedding_shift.io import generated_text
from embedding_shift.performance.benchmark import encoding, pipeline, report, timing
from embedding_shift.performance.benchmark.original_scripts import PublishedWay
from embedding_shift.plots import benchmark, style

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
PHOTOGRAPHS = [path.read_bytes() for path in sorted((PROJECT / "resources/kodak/images").glob("*.png"))[:2]]


def note_calls(path):
    """Work for several processes: each call adds a letter to a file of its own."""
    mine = path / str(len(list(path.iterdir())))

    def work():
        with open(mine, "a") as file:
            file.write("x")

    return work


def test_every_core_does_the_work_once_more_than_it_is_counted(tmp_path):
    assert timing.side_by_side(note_calls, (tmp_path,), repeats=3) >= 0
    assert "".join(path.read_text() for path in tmp_path.iterdir()) == "x" * 4 * timing.cores()


def fail(reason):
    raise ValueError(reason)


def test_a_process_that_fails_ends_the_measurement(capfd):
    with pytest.raises(InputError, match="has failed in a process of its own"):
        timing.side_by_side(fail, ("no such encoder",))
    assert "no such encoder" in capfd.readouterr().err


def test_a_median_leaves_out_the_first_call():
    calls = []
    timing.median_seconds(functools.partial(calls.append, 1), repeats=4)
    assert len(calls) == 5


def test_photographs_are_cut_differently_and_the_same_each_time(tmp_path):
    for folder in ("one", "again"):
        pipeline.write_photographs(PHOTOGRAPHS, tmp_path / folder, 5)
    one, again = ([path.read_bytes() for path in sorted((tmp_path / name).iterdir())] for name in ("one", "again"))
    assert one == again and len(set(one)) == 5
    assert cv2.imread(str(tmp_path / "one/000000.jpg")).shape == (*pipeline.SIZE, 3)


def test_a_run_names_the_jobs_that_snakemake_recorded(tmp_path):
    run = pipeline.Run(PROJECT, tmp_path / "run", {})
    head = "s\th:m:s\tmax_rss\tmax_vms\n"
    for path, line in {
        "photographs/augment_views/color_jitter/00000.tsv": "1.5\t0:00:01\t120.5\t1\n",
        "photographs/augment_views/blur/00000.tsv": "2.5\t0:00:02\t-\t1\n",
        "photographs/encoder/compute_metrics.tsv": "4\t0:00:04\t300\t1\n",
    }.items():
        (run.folder / "benchmarks" / path).parent.mkdir(parents=True, exist_ok=True)
        (run.folder / "benchmarks" / path).write_text(head + line)
    assert run.jobs() == {"augment_views": [(2.5, 0.0), (1.5, 120.5)], "compute_metrics": [(4.0, 300.0)]}
    rows = {row.name: row for row in pipeline.memory_rows(run)}
    assert rows["augment_views"].value == 120.5 and rows["compute_metrics"].unit == "MB"


def test_a_run_that_fails_says_so(tmp_path):
    run = pipeline.Run(PROJECT, tmp_path / "run", {"datasets": 3})
    with pytest.raises(InputError, match=r"(?s)the pipeline failed in .*the key .models. is missing"):
        run.seconds_of("--dry-run")


def test_the_published_way_passes_every_picture_through_the_encoder_once_and_twice_per_view(tmp_path):
    write_clip_bundle(tmp_path)
    way = PublishedWay(tmp_path, {name: CONFIGURED[name] for name in ("blur", "horizontal_flip")})
    passes = []
    way.visual.register_forward_hook(lambda module, inputs, output: passes.append(len(inputs[0])))
    way.measure([np.full((224, 224, 3), value, np.uint8) for value in (10, 200)])
    assert passes == [2] * 3 + [1] * 8  # Three batches of two pictures; two pictures, two augmentations, two passes.


def test_the_architecture_of_the_seed_papers_encoder_costs_what_is_known(tmp_path):
    bundle = encoding.write_random_bundle(tmp_path / "bundle")
    encode, count = encoding.encoding_of(bundle, "bf16")
    image_ids, embeddings, attention = encode()
    assert len(image_ids) == count and embeddings.shape == (count, 512) and attention.shape == (count, 12, 7, 7)


BENCH = pd.DataFrame(
    [
        ("encoding", "ViT-B/32 fp32", 41.26, "views/s", "matrix product fp32", 0.8567),
        ("augmentation", "coarse_dropout", 0.1264, "ms", "", None),
        ("metrics", "pixels coarse_dropout", 0.7, "ms", "", None),
        ("pipeline", "512 images, original scripts", 1234.5, "s", "", None),
        ("pipeline", "512 images, fp32", 200.0, "s", "original scripts", 0.162),
        ("pipeline", "512 images, fp32: speed-up", 6.17, "times", "", None),
    ],
    columns=timing.COLUMNS,
)


def test_the_page_holds_the_table(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n")
    generated_text.replace_in(page, "bench", report.as_markdown(BENCH))
    text = page.read_text()
    assert "| ViT-B/32 fp32 | 41.3 | views/s | 0.86 × matrix product fp32 |" in text
    assert "| 512 images, original scripts | 1,234 | s |  |" in text
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text


def test_the_bars_show_what_was_measured():
    style.apply()
    figure = benchmark.draw(BENCH)
    widths = [[bar.get_width() for bar in axes.patches] for axes in figure.axes]
    assert widths == [[41.26], [0.1264, 0.7], [1234.5, 200.0]]
    assert "86 % of peak" in figure.axes[0].texts[0].get_text()
