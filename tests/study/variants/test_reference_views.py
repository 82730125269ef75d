"""The images of the study, and their references."""

import runpy
import sys

import numpy as np
from pipeline import PROJECT

from embedding_shift.io import array_files, shards
from embedding_shift.study.measurement import study_metrics
from embedding_shift.study.variants import reference_views, variant_names


def test_images_are_chosen_by_hash_and_more_keep_the_fewer():
    rows = [{"image_id": f"i{number}"} for number in range(50)]
    few, more = reference_views.choose(rows, 5), reference_views.choose(rows[::-1], 20)
    assert len(few) == 5
    assert set(few) < set(more)
    assert reference_views.choose(rows[:3], 5) == ["i0", "i1", "i2"]


def test_references_are_encoded_in_four_ways(tmp_path, monkeypatch, kodak_views):
    from small_models import write_clip_bundle

    write_clip_bundle(tmp_path / "bundle")
    shards.write(tmp_path / "references.tar", reference_views.references(kodak_views[:3], kodak_views[3:6]))
    options = {"references": "references.tar", "bundle": "bundle", "output": "encoded.npz"}
    arguments = [f"--{name}={tmp_path / file}" for name, file in options.items()]
    arguments += ["--batch-size=4", "--threads=1", "--device=cpu"]
    monkeypatch.setattr(sys, "argv", ["encode_references.py", *arguments])
    runpy.run_path(str(PROJECT / "scripts" / "encode_references.py"))["main"]()
    encoded = variant_names.variants_of(*array_files.read_array(tmp_path / "encoded.npz", "embedding"))
    assert set(encoded) == {*variant_names.ENCODER_REFERENCES, variant_names.OTHER_RESIZE}
    assert not np.allclose(encoded[variant_names.OTHER_RESIZE][1], encoded["re-encoding"][1], atol=0.01)
    again = encoded["re-encoding"][1]
    assert np.allclose(encoded["other_batch_size"][1], again, atol=1e-4)
    difference = np.abs(encoded["other_precision"][1] - again).max() / np.abs(again).max()
    assert 0 < difference < 0.05
    rows = study_metrics.reference_shift_rows("embedding", encoded["re-encoding"], ([], again[:0]))
    assert set(rows["reference"]) == {"another_photograph"} and len(rows) == 2 * 3
