"""A second run: it does again what a change concerns, and nothing else."""

from pathlib import Path

import pytest
from tiny_run import RESULTS

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


def test_a_missing_figure_is_drawn_from_tables(again):
    Path(again / f"{RESULTS}/figures/radar.pdf").unlink()
    assert set(again.planned()) == {"plot_radar", "build_paper", "copy_paper", "write_results_page", "all"}
