"""The forecast of a made-up run on a made-up benchmark: every sum is computed again by hand."""

import csv
import re
import shutil
from dataclasses import replace

import pytest
from benchmark_costs_table import BENCH

from embedding_shift.errors import InputError
from embedding_shift.metrics import registry
from embedding_shift.performance import benchmark_costs, forecast, forecast_stages
from embedding_shift.performance.encoder_cost import EncoderCost

JOBS = {
    "list_images": 1,
    "describe_augmentations": 1,
    "write_manifest": 1,
    "prepare_bundle": 1,
    "ingest_images": 4,
    "pack_originals": 4,
    "augment_views": 8,
    "compute_pixel_metrics": 8,
    "encode_views": 4,
    "merge_encoded": 3,
    "compute_representation_metrics": 8,
    "compute_metrics": 1,
    "summarise_metrics": 1,
    "compute_pairwise_distance": 1,
    "compare_augmentations": 1,
    "plot_radar": 1,
    "all": 1,
}
ENCODER = EncoderCost(
    gflop=20,
    tower_bytes=forecast_stages.VIT_B_32_BYTES + 50_000_000,
    bundle_bytes=400_000_000,
    embedding_bytes=2048,
    attention_bytes=2352,
)
ENTRY = {"kind": "open_clip", "precision": "fp32"}
SETTINGS = {
    "models": {"clip": ENTRY},
    "augmentations": {name: {"transform": "T", "parameters": {}} for name in ("blur", "flip")},
    "study": {"images": 0, "draws": 3, "doses": [0.5]},
    "precision_sample": 16,
    "encode_threads": 1,
    "store": None,
}
LISTED, USED = 1200, 1000


def costs(folder, changes=None, image_size=224):
    """Return the costs of a made-up benchmark; a change to None removes a row."""
    path = folder / "bench.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["section", "name", "value", "unit", "ratio_to", "ratio"])
        values = (BENCH | (changes or {})).items()
        writer.writerows((*names, value, "", "", "") for names, value in values if value is not None)
    return benchmark_costs.Costs(path, image_size)


def rows(folder, cores=2, jobs=(), image_size=224, changes=None, encoder=ENCODER, **settings):
    """Return the rows of the forecast by stage, for a made-up run on a machine with two cores."""
    settings = SETTINGS | settings
    run = forecast_stages.Run(
        costs=costs(folder, changes, image_size),
        jobs=JOBS | dict(jobs),
        images={"photographs": (LISTED, USED)},
        encoders=dict.fromkeys(settings["models"], encoder),
        settings=settings,
        machine_cores=2,
    )
    return {row.stage: row for row in forecast.forecast(forecast_stages.stages(run), cores)}


def core_seconds(row, cores=2):
    return row.hours * 3600 * min(cores, row.jobs)


def test_the_time_of_a_stage_is_the_sum_over_its_views_and_jobs(tmp_path):
    found = {stage: core_seconds(row) for stage, row in rows(tmp_path).items()}
    assert found["preparation"] == pytest.approx(7 + 5 + 3 * 2)
    assert found["decode"] == pytest.approx((LISTED * (5 + 2) + USED * (1 + 2)) / 1000 + 4 * (1.25 + 0.75))
    assert found["augment"] == pytest.approx(USED * (3 + 1 + 2 * (1 + 2)) / 1000 + 8 * 2)
    assert found["pixel metrics"] == pytest.approx(USED * (4 + 6 + 2 * 2 * 1) / 1000 + 8 * 3)
    # Twice the work of ViT-B/32, of which two cores encode 50 views per second; reading a view takes 1 ms.
    assert found["encode clip"] == pytest.approx(USED * 3 * (2 * 2 / 50 + 0.001) + 4 * 5)
    assert found["comparison"] == pytest.approx(USED * (1 + 0 + 1 + 2) / 1000 + 3 * 0.5 + 8 * 1 + 4 + 2.5 + 1.5)
    assert found["figures and paper"] == pytest.approx(100)
    assert "study" not in found


def test_a_stage_uses_as_many_cores_as_its_jobs_have_threads(tmp_path):
    """Jobs that make views share the cores; those that measure pixels have a thread per augmentation at most."""
    on_two, on_many = rows(tmp_path), rows(tmp_path, cores=100)
    for stage in on_two.keys() - {"all"}:
        threads = {"augment": 8, "pixel metrics": 2}.get(stage, 1)
        assert on_many[stage].hours == pytest.approx(on_two[stage].hours * 2 / (on_two[stage].jobs * threads))
    encode = rows(tmp_path, cores=100, encode_threads=3)["encode clip"]
    assert encode.hours == pytest.approx(on_two["encode clip"].hours * 2 / 12)
    assert encode.memory_mb == pytest.approx(4 * 1100)


def test_encoding_jobs_share_the_cores_unless_their_threads_are_given(tmp_path):
    one, shared = (rows(tmp_path, cores=8, encode_threads=threads)["encode clip"] for threads in (1, None))
    assert one.hours == pytest.approx(shared.hours * 8 / 4)
    assert shared.memory_mb == one.memory_mb == pytest.approx(4 * 1100)
    on_two = rows(tmp_path, cores=2, encode_threads=None)["encode clip"]
    assert on_two == rows(tmp_path, cores=2, encode_threads=1)["encode clip"]


def test_the_whole_run_is_the_sum_of_its_stages_and_needs_the_memory_of_the_largest(tmp_path):
    found = rows(tmp_path)
    total = found.pop("all")
    for name in ("jobs", "hours", "disk_mb", "temporary_mb"):
        assert getattr(total, name) == pytest.approx(sum(getattr(row, name) for row in found.values()))
    assert total.jobs == sum(JOBS.values())
    # Two encoding jobs at the same time, with 50 MB more weights than in the benchmark, which count twice.
    assert total.memory_mb == found["encode clip"].memory_mb == pytest.approx(2 * (1000 + 2 * 50))


def test_one_job_of_a_dataset_and_encoder_joins_the_long_table_in_memory(tmp_path):
    table = 2 * USED * len(registry.in_order()) * 300 / 1e6
    found = rows(tmp_path, cores=2, jobs={"judge_claims": 1, "plot_l2_kde": 1})
    assert found["comparison"].memory_mb == pytest.approx(300 + table)
    assert found["figures and paper"].memory_mb == pytest.approx(2 * (300 + table)), (
        "several jobs read the table at the same time"
    )
    assert found["augment"].memory_mb == 2 * 200 and found["pixel metrics"].memory_mb == 2 * 150


def test_disk_space_holds_views_outputs_and_tables(tmp_path):
    found = rows(tmp_path)
    assert found["preparation"].disk_mb == pytest.approx(400)
    assert found["decode"].disk_mb == pytest.approx(USED * 0.15)
    assert found["decode"].temporary_mb == pytest.approx(LISTED * 0.15)
    assert found["augment"].disk_mb == pytest.approx(2 * USED * 0.15)
    assert found["encode clip"].disk_mb == pytest.approx(3 * USED * (2 * (2048 + 2352 + 80) + 600) / 1e6)
    assert sum(row.temporary_mb > 0 for row in found.values()) == 2  # Decoding, and the whole run.
    stored = rows(tmp_path, store="results/store")["encode clip"]
    assert stored.disk_mb - found["encode clip"].disk_mb == pytest.approx(3 * USED * (2048 + 2352) / 1e6)
    kinds = ("embedding", "attention", "registered_attention")
    rows_of_a_view = len(registry.in_order()) * 10 + sum(len(registry.of_kind(kind)) for kind in kinds) * 13
    assert found["comparison"].disk_mb == pytest.approx(2 * USED * rows_of_a_view / 1e6)


def test_time_and_disk_space_are_proportional_to_the_area_of_views(tmp_path):
    usual, large = rows(tmp_path), rows(tmp_path, image_size=448)
    assert large["augment"].disk_mb == pytest.approx(4 * usual["augment"].disk_mb)
    seconds = [core_seconds(found["augment"]) - 8 * 2 for found in (usual, large)]
    assert seconds[1] == pytest.approx(4 * seconds[0])


def test_reduced_precision_is_faster_and_adds_its_sample(tmp_path):
    models = {"clip": ENTRY | {"precision": "bf16"}}
    row = rows(tmp_path, models=models, jobs={"encode_precision_sample": 1})["encode clip"]
    assert row.jobs == 5
    expected = USED * 3 * (2 * 2 / 200 + 0.001) + 16 * 3 * (2 * 2 / 50 + 0.001) + 5 * 5
    assert core_seconds(row) == pytest.approx(expected)


def test_the_offline_encoder_has_its_own_speed(tmp_path):
    measured, encoder = costs(tmp_path), replace(ENCODER, gflop=8)
    assert measured.encoding_seconds({"kind": "wheel"}, encoder, "fp32", 2) == pytest.approx(2 / 40)
    assert measured.encoding_seconds({"kind": "local-dir"}, encoder, "fp32", 2) == pytest.approx(2 / 50 * 0.8)


def test_the_study_counts_its_draws_doses_and_references(tmp_path):
    dose = {"none": {"amount": 0}, "setting": 1}
    flip = {"transform": "T", "parameters": {}}
    augmentations = {"blur": flip | {"parameters": {"amount": 2}, "dose": dose}, "flip": flip}
    study = {"images": 5, "draws": 3, "doses": [0, 0.5, 1]}
    jobs = {"make_study_views": 2, "make_equal_damage_views": 1}
    jobs |= {"encode_study_views": 1, "encode_references": 1}
    row = rows(tmp_path, jobs=jobs, study=study, augmentations=augmentations)["study"]
    assert row.jobs == 5
    # Two more draws; doses 0.5 and 1; equal damage by two measures; resized otherwise.
    blur, flip = 5 * (2 + 2 + 2 + 1), 5 * (2 + 1)
    tried = 5 * 2 * forecast_stages.TRIED_DOSES * (3 + 4)
    made = blur * (2 + 3 + 1 + 4 + 1 + 0) + flip * (2 + 1 + 1 + 6 + 1 + 2)
    pairs = 10 * 4
    encoded = (blur + flip + 5 * 5) * (2 * 2 / 50 + 0.001)
    assert core_seconds(row) == pytest.approx((made + tried + pairs) / 1000 + encoded + 2 * 5 + 3 * 2)
    output = (blur + flip) * (2048 + 2352 + 80 + 600)
    assert row.disk_mb == pytest.approx(((blur + flip + 10) * 150_000 + output) / 1e6)


def test_a_custom_augmentation_costs_as_much_as_the_most_expensive(tmp_path):
    measured = costs(tmp_path)
    assert measured.augmentation_seconds("augmentation", "", "vignette") == pytest.approx(0.003)
    assert measured.augmentation_seconds("metrics", "pixels ", "vignette") == pytest.approx(0.006)


def test_an_encoder_without_attention_maps_has_no_attention_metrics(tmp_path):
    encoder = replace(ENCODER, attention_bytes=0)
    assert core_seconds(rows(tmp_path, encoder=encoder)["comparison"]) == pytest.approx(3 * 0.5 + 8 * 1 + 4 + 2.5 + 1.5)


@pytest.mark.parametrize("names", [names for names in BENCH if names[0] != "augmentation"])
def test_the_error_names_a_missing_row(names, tmp_path):
    models = {
        "clip": ENTRY,
        "reduced": ENTRY | {"precision": "bf16"},
        "offline": {"kind": "wheel", "precision": "fp32"},
    }
    section, name = map(re.escape, names)
    with pytest.raises(InputError, match=rf"bench\.csv has no row '{section}', '{name}': run `make bench` again"):
        rows(tmp_path, changes={names: None}, models=models)


def test_the_error_names_the_command_that_makes_the_benchmark(tmp_path):
    with pytest.raises(InputError, match=r"there is no .*bench\.csv: run `make bench` first"):
        benchmark_costs.Costs(tmp_path / "bench.csv", 224)


def test_a_benchmark_without_numbers_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not a benchmark"):
        costs(tmp_path, {("shards", "read"): "fast"})


def test_a_warning_tells_that_the_disk_is_too_small(tmp_path):
    free = shutil.disk_usage(tmp_path).free / 1e6
    fits, too_large = (
        [forecast.Row("all", 1, 0, 0, disk_mb=free * share, temporary_mb=free * 0.3)] for share in (0.5, 0.9)
    )
    assert forecast.disk_warning(fits, tmp_path) is None
    warning = forecast.disk_warning(too_large, tmp_path)
    assert warning.startswith(f"warning: the run needs {free * 1.2 / 1e3:,.1f} GB of disk space, ")
    assert str(tmp_path) in warning
