"""Maps of the similarity of patches to captions, from captured views of a made-up tower."""

import json

import numpy as np
import pytest
from captured_towers import GRID, SETTINGS, SIZE, arrays, captured, tower, usual

from embedding_shift.mechanism import patch_maps
from embedding_shift.mechanism.registry import find
from embedding_shift.words.named_parts import text_maps


def captions_of(views, embedding):
    return dict(zip(views.image_ids.tolist(), embedding.astype(np.float32), strict=True))


def rows(views, captions):
    return list(text_maps.table(views, text_maps.targets_of(views, captions), SETTINGS))


def test_captions_like_the_embedding_give_the_maps_of_the_embedding(tmp_path):
    views = usual(tmp_path)
    captions = captions_of(views, 3 * views.read("original", "embedding")["embedding"])
    found, expected = rows(views, captions), list(find("similarity_maps").function(views, SETTINGS))
    intervals = ("ci_low", "ci_high")  # drawn by other resamples
    for row, other in zip(found, expected, strict=True):
        assert set(row) == set(other) == set(text_maps.COLUMNS)
        for name in set(row) - set(intervals):
            assert row[name] == (pytest.approx(other[name], abs=1e-5) if name != "augmentation" else other[name])


def test_a_patch_that_says_the_caption_is_found_where_the_flip_moves_it(tmp_path):
    of = tower()
    original, caption = arrays(of, 6, 0), np.eye(SIZE)[2]
    patches = np.broadcast_to(
        np.eye(SIZE)[5] + 0.1 * np.random.default_rng(0).normal(size=(6, *GRID, SIZE)), (6, *GRID, SIZE)
    ).copy()
    patches[:, 1, 0] = caption
    views = {
        name: original | {"patches": values.reshape(6, -1, SIZE) / np.linalg.norm(values, axis=-1).reshape(6, -1, 1)}
        for name, values in {"original": patches, "flip": patches[:, :, ::-1], "none": patches}.items()
    }
    of_views = captured(tmp_path, of, views)
    captions = captions_of(of_views, np.tile(caption, (6, 1)))
    flipped, unmoved = rows(of_views, captions)  # the records of both say that they were flipped
    assert flipped["correlation"] > 0.99 > 0.5 > unmoved["correlation"]
    assert (flipped["best_patch_kept"], unmoved["best_patch_kept"]) == (1, 0)
    assert flipped["peak_original"] == pytest.approx(1, abs=1e-3)
    shown = text_maps.shown(of_views, text_maps.targets_of(of_views, captions))
    assert shown.original.shape == (3, *GRID) and shown.after.shape == (2, 3, *GRID)
    np.testing.assert_allclose(shown.after[0], shown.original[:, :, ::-1])
    np.testing.assert_allclose(shown.original[:, 1, 0], 1, atol=1e-3)
    size = patch_maps.MAP_SIZE
    assert shown.expected.shape == (2, 3, size, size)
    peak = np.unravel_index(np.nanargmax(shown.expected[0, 0]), (size, size))
    assert peak[0] / size < 0.5 and peak[1] / size > 0.75
    assert (shown.correlation[0] > 0.99).all()


def test_images_without_a_caption_do_not_count(tmp_path):
    views = usual(tmp_path)
    captions = captions_of(views, np.random.default_rng(0).normal(size=(12, SIZE)))
    for image_id in views.image_ids[:8]:
        del captions[image_id]
    assert [row["n"] for row in rows(views, captions)] == [4, 4]
    shown = text_maps.shown(views, text_maps.targets_of(views, captions))
    assert shown.image_id.tolist() == views.image_ids[[8, 10, 11]].tolist()
    for row in rows(views, {}):
        assert (row["n"], row["correlation"]) == (0, "no image has a caption")
    assert text_maps.shown(views, text_maps.targets_of(views, {})).image_id.tolist() == []


def test_an_encoder_that_reads_no_patches_out_gives_the_reason(tmp_path):
    of = tower(pooling="pooling head")
    found = arrays(of, 4, 0)
    del found["patches"]
    views = captured(tmp_path, of, {"original": found, "none": found})
    captions = captions_of(views, np.ones((4, SIZE)))
    [row] = rows(views, captions)
    assert row["correlation"] == "a pooling head reads no patches out"
    shown = text_maps.shown(views, text_maps.targets_of(views, captions))
    assert shown.image_id.tolist() == [] and len(shown.original) == 0


def test_shards_change_nothing(tmp_path):
    found = []
    for shards in (1, 3):
        (folder := tmp_path / str(shards)).mkdir()
        views = usual(folder, shards=shards)
        captions = captions_of(views, np.random.default_rng(0).normal(size=(12, SIZE)))
        maps = text_maps.shown(views, text_maps.targets_of(views, captions))
        found.append((json.dumps(rows(views, captions)), [array.tobytes() for array in maps]))
    assert found[0] == found[1]
