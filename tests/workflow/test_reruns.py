"""A second run: it does again what a change concerns, and nothing else."""

import shutil
from pathlib import Path

import pytest
from tiny_run import NINE, PHOTOGRAPHS, RESULTS

from embedding_shift.io import shards

pytestmark = pytest.mark.slow


def test_a_second_run_has_nothing_to_do(again):
    done = again.run()
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout


def append_comment(path):
    path.write_text(path.read_text() + "\n# changed\n")


def test_a_figures_code_concerns_the_figure_and_the_paper_alone(again):
    append_comment(again / "scripts/embedding_shift/plots/summary/radar.py")
    planned = again.planned()
    once = ("plot_radar", "record_run", "build_paper", "copy_paper", "write_results_page", "all")
    assert planned == dict.fromkeys(once, 1)


def test_a_result_that_is_newer_than_what_was_made_from_it_is_followed(again):
    (again / RESULTS / "embeddings/blur.npz").touch()
    (again / RESULTS / "representation_metrics/blur/00000.npz").touch()
    planned = again.planned()
    assert {"compute_metrics", "compute_pairwise_distance", "build_paper"} <= set(planned)
    assert not {"augment_views", "encode_views", "merge_encoded", "compute_pixel_metrics"} & set(planned)


def test_one_augmentations_parameter_concerns_what_follows_it_alone(again):
    """Also while `describe_augmentations` is to run, which lists the parameters of all of them."""
    config = again.config
    config["augmentations"]["blur"]["parameters"]["blur_limit"] = [5, 7]
    again.config = config
    planned = again.planned()
    once = ("augment_views", "encode_views", "compute_pixel_metrics")
    assert {rule: planned.get(rule) for rule in once} == dict.fromkeys(once, 1)
    assert {"compute_metrics", "compute_pairwise_distance", "summarise_metrics", "plot_radar", "build_paper"} <= set(
        planned
    )
    assert not {"list_images", "ingest_images", "write_manifest", "pack_originals", "prepare_bundle"} & set(planned)


def test_one_augmentations_parameter_makes_its_views_alone(again, tmp_path):
    """One job makes the views of all augmentations, and takes from the run before what did not change."""
    shards.write(tmp_path / "empty.tar", [])
    views = again / "results/tiny/views"
    for kept in views.glob("*/.kept/00000.*"):  # so that the test sees where a shard comes from
        shutil.copy(tmp_path / f"empty.tar{kept.suffix if kept.suffix == '.sha256' else ''}", kept)
    config = again.config
    config["augmentations"]["blur"]["parameters"]["blur_limit"] = [5, 7]
    again.config = config
    done = again.run("results/tiny/views/noise/00000.tar")
    assert done.returncode == 0, done.stdout[-5000:]
    numbers = {augmentation: shards.count(views / augmentation / "00000.tar") for augmentation in NINE}
    assert numbers == dict.fromkeys(NINE, 0) | {"blur": len(PHOTOGRAPHS)}


def test_a_missing_figure_is_drawn_from_tables(again):
    Path(again / f"{RESULTS}/figures/radar.pdf").unlink()
    assert set(again.planned()) == {"plot_radar", "build_paper", "copy_paper", "write_results_page", "all"}
