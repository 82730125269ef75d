"""The read-out of latents: pairs by their number, chance beside them, and where their attention falls."""

import numpy as np
import pytest
from captured_towers import LATENTS, SETTINGS, arrays, captured, tower, usual

from embedding_shift.mechanism.readouts import latents

KEYS = ("embedding", "record")


def rows(views):
    return list(latents.latents(views, SETTINGS))


def changed(folder, change):
    """Return the rows for originals, and for views whose arrays `change` returns."""
    original = arrays(tower(), 12, 0)
    return rows(captured(folder, tower(), {"original": original, "changed": original | change(original)}))


def test_values_equal_those_of_loops_over_images_and_latents(tmp_path):
    views = usual(tmp_path)
    before, after = (views.read(view, "latents", "latent_attention") for view in ("original", "strong"))
    found = [row for row in rows(views) if row["augmentation"] == "strong"]
    assert [row["latent"] for row in found] == ["all", *range(1, LATENTS + 1)]
    for k, row in enumerate(found[1:]):
        own, others = [], []
        for image in range(12):
            view = after["latents"][image, k]
            cosines = [view @ each / np.linalg.norm(view) / np.linalg.norm(each) for each in before["latents"][image]]
            own.append(cosines.pop(k))
            others.append(np.mean(cosines))
        assert row["cosine"] == pytest.approx(np.mean(own))
        assert row["cosine_to_others"] == pytest.approx(np.mean(others))
        for suffix, attention in (("_original", before["latent_attention"]), ("", after["latent_attention"])):
            assert row[f"to_class{suffix}"] == pytest.approx(attention[:, k, 0].mean())
            assert row[f"to_patches{suffix}"] == pytest.approx(attention[:, k, 1].mean())
            assert row[f"to_latents{suffix}"] == pytest.approx(attention[:, k, 2:].sum(1).mean())
            assert row[f"from_latents{suffix}"] == pytest.approx(attention[:, :, 2 + k].mean())
        assert row["ci_low"] < row["cosine"] < row["ci_high"]
    for name in ("cosine", "cosine_to_others", *latents.MASSES):
        assert found[0][name] == pytest.approx(np.mean([row[name] for row in found[1:]]))


def test_masses_of_a_latent_sum_to_one_and_those_from_latents_to_the_mean_to_latents(tmp_path):
    all_latents, *found = changed(tmp_path, lambda original: {})
    for row in (all_latents, *found):
        assert row["to_class"] + row["to_patches"] + row["to_latents"] == pytest.approx(1)
    assert sum(row["from_latents"] for row in found) == pytest.approx(all_latents["to_latents"])


def test_latents_of_an_identical_view_are_the_same(tmp_path):
    for row in changed(tmp_path, lambda original: {}):
        assert row["cosine"] == pytest.approx(1)
        assert row["ci_low"] == pytest.approx(1)
        assert row["to_patches"] == row["to_patches_original"]


def test_latents_have_a_fixed_identity(tmp_path):
    """Latents that change places leave their mean, the embedding, as it is; the table shows it."""
    found = changed(tmp_path, lambda original: {"latents": original["latents"][:, [1, 0, 2]]})
    cosines = [row["cosine"] for row in found[1:]]
    assert max(cosines[:2]) < 0.9
    assert cosines[2] == pytest.approx(1)


def test_an_encoder_without_latents_is_named(tmp_path):
    views = {"original": arrays(tower(), 4, 0), "weak": arrays(tower(), 4, 1, 0.1)}
    views = {view: {key: found[key] for key in KEYS} for view, found in views.items()}
    (row,) = rows(captured(tmp_path, tower(), views))
    assert (row["augmentation"], row["n"]) == ("weak", 0)
    assert {row[name] for name in latents.NAMES} == {"the encoder has no latents"}


def test_a_single_latent_has_no_others_and_a_single_image_no_interval(tmp_path):
    original = arrays(tower(), 1, 0)
    one = {"latents": original["latents"][:, :1], "latent_attention": original["latent_attention"][:, :1, :3]}
    found = rows(captured(tmp_path, tower(), {"original": original | one, "weak": original | one}))
    assert [row["cosine_to_others"] for row in found] == ["needs 2 latents"] * 2
    assert [row["ci_low"] for row in found] == ["needs 2 images"] * 2


def test_an_image_that_is_not_finite_does_not_count(tmp_path):
    def spoilt(original):
        spoilt = original["latents"].copy()
        spoilt[3, 1, 2] = np.nan
        return {"latents": spoilt}

    assert {row["n"] for row in changed(tmp_path, spoilt)} == {11}
