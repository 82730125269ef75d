"""The benchmark: timing, whole runs, the original scripts, and its tables and figure."""

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
from embedding_shift.performance.benchmark.original_scripts import OriginalScripts
from embedding_shift.plots import benchmark, style

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
PHOTOGRAPHS = [path.read_bytes() for path in sorted((PROJECT / "resources/kodak/images").glob("*.png"))[:2]]


def count_calls(path):
    """Return the work of one of several processes: each call adds a letter to the process's own file."""
    mine = path / str(len(list(path.iterdir())))

    def work():
        with open(mine, "a") as file:
            file.write("x")

    return work


@pytest.mark.slow
def test_every_core_repeats_the_work_after_one_unmeasured_call(tmp_path):
    assert timing.parallel_seconds(count_calls, (tmp_path,), repeats=3) >= 0
    assert "".join(path.read_text() for path in tmp_path.iterdir()) == "x" * 4 * timing.cores()


def fail(reason):
    raise ValueError(reason)


@pytest.mark.slow
def test_a_process_that_fails_ends_the_measurement(capfd):
    with pytest.raises(InputError, match="a process of the benchmark failed"):
        timing.parallel_seconds(fail, ("no such encoder",))
    assert "no such encoder" in capfd.readouterr().err


def test_a_median_ignores_the_first_call():
    calls = []
    timing.median_seconds(functools.partial(calls.append, 1), repeats=4)
    assert len(calls) == 5


def test_crops_of_photographs_differ_and_are_reproducible(tmp_path):
    for folder in ("one", "again"):
        pipeline.write_photographs(PHOTOGRAPHS, tmp_path / folder, 5)
    one, again = ([path.read_bytes() for path in sorted((tmp_path / name).iterdir())] for name in ("one", "again"))
    assert one == again and len(set(one)) == 5
    assert cv2.imread(str(tmp_path / "one/000000.jpg")).shape == (*pipeline.SIZE, 3)


def test_a_run_reads_the_usage_of_its_jobs(tmp_path):
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


@pytest.mark.slow
def test_the_error_of_a_failed_run_ends_with_its_output(tmp_path):
    run = pipeline.Run(PROJECT, tmp_path / "run", {"datasets": 3})
    with pytest.raises(InputError, match=r"(?s)the pipeline failed in .*the key .models. is missing"):
        run.seconds_of("--dry-run")


def test_the_original_scripts_encode_every_image_in_batches_and_twice_per_view(tmp_path):
    write_clip_bundle(tmp_path)
    scripts = OriginalScripts(tmp_path, {name: CONFIGURED[name] for name in ("blur", "horizontal_flip")})
    passes = []
    scripts.visual.register_forward_hook(lambda module, inputs, output: passes.append(len(inputs[0])))
    scripts.run([np.full((224, 224, 3), value, np.uint8) for value in (10, 200)])
    assert passes == [2] * 3 + [1] * 8  # Three batches of two images; two images, two augmentations, two passes.


@pytest.mark.slow
def test_an_encoding_task_encodes_with_the_original_papers_encoder(tmp_path):
    bundle = encoding.write_random_bundle(tmp_path / "bundle")
    encode, count = encoding.encoding_task(bundle, "bf16")
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


def test_the_page_gets_the_tables(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n")
    generated_text.replace_in(page, "bench", report.as_markdown(BENCH))
    text = page.read_text()
    assert "| ViT-B/32 fp32 | 41.3 | views/s | 0.86 × matrix product fp32 |" in text
    assert "| 512 images, original scripts | 1,234 | s |  |" in text
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text


def test_the_bars_show_the_measurements():
    style.apply()
    figure = benchmark.draw(BENCH)
    widths = [[bar.get_width() for bar in axes.patches] for axes in figure.axes]
    assert widths == [[41.26], [0.1264, 0.7], [1234.5, 200.0]]
    assert "86 % of peak" in figure.axes[0].texts[0].get_text()
