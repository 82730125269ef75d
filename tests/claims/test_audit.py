"""The audit: each flaw of the released scripts is a switch of its own, and the golden values come out of it."""

import numpy as np
import pandas as pd
import pytest
from golden import EXPECTED, golden_picture
from study_tables import study_table

from embedding_shift.claims import audit, published_claims
from embedding_shift.io import shards
from embedding_shift.study import study_pixels, variant_names
from embedding_shift.views.view_record import Step, ViewRecord

CLAIMS = """
augmentations: [noise, blur, elastic]
claims:
  - id: noise-first
    text: Noise shifts more than blur.
    source: here
    contradicted_by: Blur shifts more.
    metric: patch_similarity
    larger_shift: {more: [noise], less: [blur]}
"""


def runs(draws=3, images=6, failure_share=0.05):
    """Runs of noise, blur and elastic in which patch similarity tells the draw, and its registered form is 1."""
    generator = np.random.default_rng(0)
    values = (
        np.array([0.2, 0.4, 0.6])[:, np.newaxis] + 0.01 * generator.random((images, 3, draws)) + 0.1 * np.arange(draws)
    )
    names = {"cosine_similarity": 0, "patch_similarity": 0, "patch_similarity_as_released": 10}
    tables = [study_table(values + extra, name) for name, extra in names.items()]
    tables.append(study_table(np.ones_like(values), "patch_similarity_registered"))
    study = pd.concat(tables)
    image_ids = np.array([f"i{number}" for number in range(images)])
    vectors = [
        {name: (image_ids, generator.normal(size=(images, 4))) for name in ("noise", "blur", "elastic")}
        for _ in range(draws)
    ]
    return audit.Runs(study, vectors, (image_ids, np.ones((images, 4))), failure_share, 1)


def means_of(table, flaw, metric="patch_similarity"):
    return table[(table["flaw"] == flaw) & (table["metric"] == metric)].set_index("augmentation")


def test_each_flaw_is_a_switch_of_its_own():
    table = audit.table(runs())
    assert list(table.columns) == ["flaw", "augmentation", "metric", "as_released", "corrected"]
    shifts = {
        flaw: (means_of(table, flaw)["as_released"] - means_of(table, flaw)["corrected"]).mean()
        for flaw in audit.SINGLE_FLAWS
    }
    assert shifts["wrapped_arithmetic"] == pytest.approx(10)
    assert shifts["new_draws"] == pytest.approx(0.1, abs=0.01)
    assert shifts["unseeded"] == pytest.approx(0.1, abs=0.01)
    assert shifts["unregistered_geometry"] == pytest.approx(-0.6, abs=0.01)
    cosine = means_of(table, "unseeded", "cosine_similarity")
    assert (cosine["as_released"] - cosine["corrected"]).mean() == pytest.approx(0.1, abs=0.01)
    assert means_of(table, "new_draws", "cosine_similarity").empty


def test_all_flaws_add_up():
    """Embeddings of draw 1, pixels of draw 2 in 8 bits, against the registered main view."""
    table = audit.table(runs(failure_share=0))
    patch, cosine = means_of(table, "all"), means_of(table, "all", "cosine_similarity")
    assert patch["corrected"].to_numpy() == pytest.approx(1)
    assert patch["as_released"].to_numpy() == pytest.approx([10.4, 10.6, 10.8], abs=0.01)
    assert (cosine["as_released"] - cosine["corrected"]).to_numpy() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("share", "replaced"), [(0, 0), (0.01, 1), (0.5, 9), (1, 18)])
def test_failures_are_replaced_by_the_image_itself(share, replaced):
    """At least one view of 6 × 3, in numbers and embeddings alike."""
    table, vectors = runs(failure_share=share).as_released("failures_replaced")
    for metric in ("cosine_similarity", "patch_similarity"):
        assert (table[table["metric"] == metric]["value"] == 1).sum() == replaced
    assert sum((array == 1).all(axis=1).sum() for _, array in vectors.values()) == replaced


def test_one_draw_shows_no_other_draw():
    assert set(audit.table(runs(draws=1))["flaw"]) == set(audit.FLAWS) - {"new_draws", "unseeded"}


def test_ranks_tell_a_reversed_order():
    table = pd.DataFrame(
        [("all", name, "patch_similarity", *pair) for name, *pair in (("a", 1, 3), ("b", 2, 2), ("c", 3, 1))],
        columns=audit.COLUMNS,
    )
    (row,) = audit.ranks(table).itertuples(index=False)
    assert tuple(row) == ("all", "patch_similarity", -1, 2)


def test_a_claim_changes_its_verdict(tmp_path):
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    published = published_claims.read(tmp_path / "claims.yaml")
    table = audit.verdicts(runs(failure_share=1), published, 200, 0.95).set_index("flaw")
    assert list(table.columns) == ["claim", "corrected", "as_released"]
    assert tuple(table.loc["failures_replaced"]) == ("noise-first", "supported", "not tested")
    assert tuple(table.loc["new_draws"]) == ("noise-first", "supported", "supported")


@pytest.mark.parametrize("images", [1, 2])
def test_the_audit_of_few_images_has_no_gaps(images, tmp_path):
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    few = runs(images=images)
    verdicts = audit.verdicts(few, published_claims.read(tmp_path / "claims.yaml"), 200, 0.95)
    for table in (audit.table(few), audit.ranks(audit.table(few)), verdicts):
        assert len(table) and not table.isna().any().any()
    assert set(verdicts["corrected"]) == {"not tested"}


def test_the_audit_reproduces_the_released_patch_values():
    """From the golden pictures to the table, over the three images of each augmentation."""
    rows = []
    for row in EXPECTED["pixel_metrics"]:
        original, view = (golden_picture(row["image"], name) for name in ("original", row["augmentation"]))
        values = study_pixels.pixel_rows({row["image"]: original}, [unmoved(row["image"], view)], row["augmentation"])
        rows.append(values.assign(variant=variant_names.MAIN))
    expected = pd.DataFrame(EXPECTED["pixel_metrics"]).groupby("augmentation").mean(numeric_only=True)
    none = {name: (np.array([]), np.zeros((0, 2))) for name in expected.index}
    table = audit.table(audit.Runs(pd.concat(rows), [none], (np.array([]), np.zeros((0, 2))), 0.05, 1))
    found = means_of(table, "wrapped_arithmetic")
    assert found["as_released"].to_dict() == pytest.approx(expected["patch_similarity_as_released"].to_dict(), abs=1e-9)
    assert found["corrected"].to_dict() == pytest.approx(expected["patch_similarity"].to_dict(), abs=1e-9)


def unmoved(image_id, pixels):
    """A view made by a transform that moves no pixel."""
    record = ViewRecord("noise", "", (Step("GaussNoise", {}, 1, {}),), draw=1, shape=pixels.shape[:2])
    return shards.View(variant_names.key(image_id, "draw-1"), pixels, record.as_json())
