"""Read-outs of made-up captured arrays: tables without NaN, whatever is missing, and a read-out of one's own."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from captured_towers import GRID, SETTINGS, arrays, captured, tower, usual

from embedding_shift.claims import published_claims
from embedding_shift.io import tables
from embedding_shift.mechanism import readouts, registry
from embedding_shift.mechanism.captured_views import CapturedViews
from embedding_shift.mechanism.readouts.neighbours import head_spaces

READ_OUTS = sorted(path.stem for path in Path(readouts.__file__).parent.glob("[a-z]*.py"))


def rows(name, views, settings=SETTINGS):
    """Return the rows of a read-out as they are written, with every column and without NaN."""
    read_out = registry.find(name)
    found = list(read_out.function(views, settings))
    for row in found:
        assert set(row) == set(read_out.columns)
        assert not any(isinstance(value, float) and not math.isfinite(value) for value in row.values()), row
    return found


def of(found, **wanted):
    return [row for row in found if all(row[key] == value for key, value in wanted.items())]


def is_number(value):
    return isinstance(value, (int, float))


def test_layers_grow_with_the_shift_and_end_at_the_embedding(tmp_path):
    views = usual(tmp_path)
    found = rows("layers", views)
    for augmentation in ("weak", "strong"):
        embeddings = [views.read(view, "embedding")["embedding"] for view in ("original", augmentation)]
        unit = [values / np.linalg.norm(values, axis=1, keepdims=True) for values in embeddings]
        (last,) = of(found, augmentation=augmentation, token="class", layer=2)
        assert last["lens_distance"] == pytest.approx(1 - np.mean(np.sum(unit[0] * unit[1], axis=1)))
    weak, strong = (of(found, augmentation=name, token="patch_mean", layer=1)[0] for name in ("weak", "strong"))
    assert weak["cka"] > 0.9 > strong["cka"]
    assert weak["relative_l2"] < strong["relative_l2"]


def test_the_first_layer_that_no_augmentation_can_shift_is_undefined(tmp_path):
    (first,) = of(rows("layers", usual(tmp_path)), augmentation="strong", token="class", layer=0)
    assert (first["cka"], first["coherence"], first["p"]) == ("undefined", "undefined", "undefined")
    assert first["relative_l2"] == 0


def test_ledger_adds_up_to_the_mean_cosine_distance(tmp_path):
    views = usual(tmp_path)
    found = rows("ledger", views)
    for augmentation in ("weak", "strong"):
        first, second = (views.read(view, "embedding")["embedding"] for view in ("original", augmentation))
        lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        expected = np.mean(1 - np.sum(first * second, axis=1) / lengths)
        assert sum(row["share"] for row in of(found, augmentation=augmentation)) == pytest.approx(expected, abs=1e-9)
    assert of(found, part="head 2", layer=1, augmentation="weak")
    assert all(row["ci_low"] <= row["share"] <= row["ci_high"] for row in found)


@pytest.mark.parametrize("precision", ["bf16", "fp16", "tf32"])
def test_ledger_is_refused_below_single_precision(tmp_path, precision):
    (first, second) = rows("ledger", usual(tmp_path), SETTINGS._replace(precision=precision))
    assert first["share"] == f"the parts add up in fp32 only, not in {precision}"
    assert (first["augmentation"], second["augmentation"]) == ("weak", "strong")


def test_ledger_of_parts_that_do_not_add_up_says_so(tmp_path):
    of_tower = tower()
    found = {"original": arrays(of_tower, 5, 0), "weak": arrays(of_tower, 5, 1, 0.1)}
    found["original"]["embedding"] = 1.01 * found["original"]["embedding"]
    views = captured(tmp_path, of_tower, found)
    reason = "the parts do not add up to the embedding: the relative difference is 0.01"
    for table, column in (("ledger", "share"), ("image_shares", "total")):
        (row,) = rows(table, views)
        assert row[column] == reason


def test_products_in_the_space_of_a_head_are_those_of_what_it_adds_to_the_embedding(tmp_path):
    of_tower = tower()
    heads = arrays(of_tower, 6, 0)["heads"]
    for name, space in head_spaces(of_tower).items():
        layer, head = (int(number) - 1 for number in name.split("."))
        added = of_tower.centred(heads[:, layer, head] @ of_tower.weights[layer, :, head].T) @ of_tower.matrix
        np.testing.assert_allclose(space.of(heads) @ space.of(heads).T, added @ added.T, atol=1e-10)


def test_a_strong_augmentation_loses_neighbours_that_a_weak_one_keeps(tmp_path):
    found = rows("neighbours", usual(tmp_path, images=24))
    weak, strong = (of(found, augmentation=name, space="whole")[0] for name in ("weak", "strong"))
    assert weak["overlap"] > 0.6 > strong["overlap"]
    assert weak["recall_at_1"] == 1 > strong["recall_at_1"]
    assert weak["recall_among_100"] == "needs 100 images"
    assert {row["space"] for row in found} == {"whole", "1.1", "1.2", "2.1", "2.2"}


def test_too_many_neighbours_for_the_images(tmp_path):
    found = rows("neighbours", usual(tmp_path, images=6))
    assert found[0]["overlap"] == "needs 7 images"
    assert is_number(found[0]["recall_at_1"])


def test_maps_of_a_flip_are_compared_after_it_is_undone(tmp_path):
    of_tower = tower()
    original = arrays(of_tower, 12, 0)
    mirrored = original["patches"].reshape(12, *GRID, -1)[:, :, ::-1].reshape(original["patches"].shape)
    views = {"original": original, "flip": original | {"patches": mirrored}, "none": original}
    flipped, unchanged = rows("similarity_maps", captured(tmp_path, of_tower, views))
    assert flipped["correlation"] > 0.99
    assert flipped["best_patch_kept"] == 1
    assert flipped["peak_in_mask"] == pytest.approx(flipped["peak_original"])
    assert unchanged["correlation"] < 0.5  # its record says that it was flipped, and it was not


def test_concepts_of_an_unchanged_embedding_keep_all_exemplars(tmp_path):
    of_tower = tower()
    same = arrays(of_tower, 12, 0)
    found = rows("concepts", captured(tmp_path, of_tower, {"original": same, "none": same}))
    assert len(found) == same["embedding"].shape[1]
    assert all((row["exemplars_kept"], row["spearman"], row["z"]) == (1, pytest.approx(1), 0) for row in found)
    assert found[0]["chance"] == SETTINGS.neighbours / 12
    assert sum(row["length_share"] for row in found) == pytest.approx(1)


def test_a_parameter_that_the_shift_follows_is_recovered(tmp_path):
    of_tower = tower()
    views = {"original": arrays(of_tower, 24, 0), "weak": arrays(of_tower, 24, 1, 0.1)}
    views["weak"]["stream_class"][:, 1] = views["original"]["stream_class"][:, 1] + np.arange(24)[:, None]
    found = rows("equivariance", captured(tmp_path, of_tower, views))
    assert {row["parameter"] for row in found} == {"strength"}  # the list says the same
    (followed,) = of(found, token="class", layer=1)
    assert followed["recovered_r2"] > 0.7
    assert followed["p"] == 0.005
    assert followed["size_r2"] > 0.9
    (other,) = of(found, token="patch_mean", layer=1)
    assert other["recovered_r2"] < 0.3


def test_a_fingerprint_tells_augmentations_with_a_direction(tmp_path):
    of_tower = tower()
    views = {"original": arrays(of_tower, 12, 0)}
    for place, name in enumerate(("one", "two", "three")):
        views[name] = arrays(of_tower, 12, place, 0.1)
        views[name]["stream_patch"][..., place] += 5
    found = rows("fingerprint", captured(tmp_path, of_tower, views))
    (sure,) = of(found, token="patch_mean", layer=1, augmentation="all")
    (unsure,) = of(found, token="class", layer=1, augmentation="all")
    assert (sure["accuracy"], sure["n"], sure["chance"]) == (1, 36, 1 / 3)
    assert unsure["accuracy"] < 0.7


def test_shares_of_an_image_add_up_and_their_means_are_those_of_the_ledger(tmp_path):
    """Without MLPs that change, heads and the scale write everything; with a single block, it is the last quarter."""
    of_tower = tower(layers=1)
    views = {"original": arrays(of_tower, 12, 0), "weak": arrays(of_tower, 12, 1, 0.1)}
    views["weak"]["mlps"] = views["original"]["mlps"]
    views = captured(tmp_path, of_tower, views)
    found, ledger = rows("image_shares", views), rows("ledger", views)
    assert [row["image_id"] for row in found] == list(views.image_ids)
    for row in found:
        assert row["last_quarter"] + row["rest"] == pytest.approx(row["total"])
        assert row["heads"] == pytest.approx(row["last_quarter"])
        assert row["mlps"] == 0
    means = {key: np.mean([row[key] for row in found]) for key in ("heads", "rest", "total")}
    assert means["heads"] == pytest.approx(sum(row["share"] for row in ledger if row["part"].startswith("head")))
    assert means["rest"] == pytest.approx(sum(row["share"] for row in ledger if row["part"] == "scale"))
    assert means["total"] == pytest.approx(sum(row["share"] for row in ledger))


def test_parts_that_claims_may_name_are_columns_of_the_shares():
    assert set(published_claims.WRITERS) < set(registry.find("image_shares").columns)


def test_nearest_images_are_those_whose_overlap_is_in_the_table_of_neighbours(tmp_path):
    views = usual(tmp_path, images=24)
    found = rows("nearest_images", views)
    assert len(of(found, augmentation="weak", space="whole")) == 3
    (expected,) = of(rows("neighbours", views), augmentation="weak", space="whole")
    assert found[0]["overlap"] == expected["overlap"]
    assert len(found[0]["before"].split()) == SETTINGS.neighbours


@pytest.mark.parametrize("name", READ_OUTS)
def test_shards_do_not_matter(tmp_path, name):
    (tmp_path / "three").mkdir()
    assert rows(name, usual(tmp_path)) == rows(name, usual(tmp_path / "three", shards=3))


@pytest.mark.parametrize("images", [1, 2, 3, 4])
@pytest.mark.parametrize("name", READ_OUTS)
def test_few_images(tmp_path, name, images):
    found = rows(name, usual(tmp_path, images=images))
    if images == 1 and name in ("layers", "ledger", "neighbours", "fingerprint", "similarity_maps"):
        assert "needs 2 images" in {value for row in found for value in row.values()}


@pytest.mark.parametrize("name", READ_OUTS)
@pytest.mark.parametrize("size", [{"layers": 1}, {"heads": 1}, {"layers": 1, "heads": 1}])
def test_one_layer_and_one_head(tmp_path, name, size):
    found = rows(name, usual(tmp_path, tower(**size)))
    assert any(is_number(value) for row in found for value in row.values())


@pytest.mark.parametrize("name", READ_OUTS)
def test_constant_embeddings(tmp_path, name):
    of_tower = tower()
    same = {key: np.repeat(array[:1], 6, axis=0) for key, array in arrays(of_tower, 6, 0).items()}
    other = {key: np.repeat(array[:1], 6, axis=0) for key, array in arrays(of_tower, 6, 1, 1.0).items()}
    assert rows(name, captured(tmp_path, of_tower, {"original": same, "moved": other}))


@pytest.mark.parametrize("name", READ_OUTS)
def test_no_class_token_and_no_parts(tmp_path, name):
    reason = "the tower is no plain vision transformer"
    of_tower = tower(pooling="", missing={"stream": reason, "parts": reason, "read-out": reason})
    keys = ("embedding", "record")
    views = {
        view: {key: arrays(of_tower, 12, seed, shift)[key] for key in keys}
        for view, seed, shift in (("original", 0, 0), ("weak", 1, 0.1))
    }
    found = rows(name, captured(tmp_path, of_tower, views))
    if name in ("layers", "ledger", "neighbours", "similarity_maps", "image_shares"):
        assert any(reason in row.values() for row in found)
    assert found


@pytest.mark.parametrize("name", READ_OUTS)
def test_nan_in_one_layer_of_one_image_stays_there(tmp_path, name):
    of_tower = tower()
    views = {"original": arrays(of_tower, 12, 0), "weak": arrays(of_tower, 12, 1, 0.1)}
    expected = rows(name, captured(tmp_path, of_tower, views))
    for key in ("stream_class", "stream_patch", "heads"):
        views["weak"][key][3, 1] = np.nan
    found = rows(name, captured(tmp_path, of_tower, views))
    assert len(found) == len(expected)
    if name == "layers":
        assert of(found, layer=2, token="class")[0]["cka"] == of(expected, layer=2, token="class")[0]["cka"]


def test_a_read_out_of_ones_own(tmp_path, monkeypatch):
    """A function of captured arrays with one registration is a table."""
    monkeypatch.setattr(registry, "REGISTRY", {})

    @registry.register("augmentation", "length")
    def lengths(views: CapturedViews, settings):
        for augmentation in views.augmentations:
            embedding = views.read(augmentation, "embedding")["embedding"]
            yield {"augmentation": augmentation, "length": float(np.linalg.norm(embedding, axis=1).mean())}

    (name,) = registry.REGISTRY
    read_out = registry.find(name)
    tables.write_rows(tmp_path / "own.csv", read_out.columns, read_out.function(usual(tmp_path), SETTINGS))
    with open(tmp_path / "own.csv") as file:
        assert [row["augmentation"] for row in csv.DictReader(file)] == ["weak", "strong"]
