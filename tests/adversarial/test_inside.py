"""Telling attacks inside the encoder: what the vectors hold, what they tell, and where they are not defined."""

import numpy as np
from captured_towers import SETTINGS, arrays, captured, tower, usual

from embedding_shift.adversarial import detection, inside
from embedding_shift.io import array_files
from embedding_shift.mechanism.shares import end_of_stream

IMAGES = 12
STREAMS = ("stream_class", "stream_patch")


def attacked(folder, of, change, images=IMAGES):
    """Write what is captured of the first images under attack, `change` of the original, in an order of its own."""
    found = {name: array[:images].copy() for name, array in arrays(of, IMAGES, 0).items()}
    change(found)
    keys = [f"image{number:03d}--attack-004" for number in range(images)]
    array_files.write(folder / "attacked.npz", keys[::-1], **{name: array[::-1] for name, array in found.items()})
    return found


def by_one_head(found):
    found["heads"][:, 1, 0] += 0.5


def in_the_last_layer(found):
    for name in STREAMS:
        found[name][:, -1] += 2 * np.random.default_rng(5).normal(size=found[name][:, -1].shape)


def scores_of(folder, of, change, settings=SETTINGS, images=IMAGES):
    views = usual(folder, of, IMAGES)
    attacked(folder, of, change, images)
    found = inside.read(views, folder / "attacked.npz")
    return inside.scores(found, views, settings), inside.layer_table(found, of, settings.bootstrap)


def test_the_shares_of_an_attack_add_up_to_its_shift(tmp_path):
    of = tower()
    vectors, _ = scores_of(tmp_path, of, by_one_head)
    found = attacked(tmp_path, of, by_one_head)
    ends = [of.read_out(end_of_stream(parts, of)) for parts in (arrays(of, IMAGES, 0), found)]
    one, other = (end / np.linalg.norm(end, axis=1, keepdims=True) for end in ends)
    np.testing.assert_allclose(vectors["ledger"].attacks[4].sum(axis=1), 1 - (one * other).sum(axis=1), atol=1e-9)


def test_a_head_that_writes_every_attack_tells_them(tmp_path):
    vectors, _ = scores_of(tmp_path, tower(), by_one_head)
    table = detection.table(vectors, SETTINGS.bootstrap).set_index(["score", "augmentation"])
    assert table.loc["ledger", "auc"].min() > 0.95 and (table["n"] == IMAGES).all()


def test_the_layer_in_which_the_attack_grows_is_the_first(tmp_path):
    vectors, layers = scores_of(tmp_path, tower(), in_the_last_layer)
    table = detection.table(vectors, SETTINGS.bootstrap).set_index(["score", "augmentation"])
    assert table.loc[("layer", "weak"), "auc"] == 1
    weak = layers[layers["augmentation"] == "weak"]
    assert weak.loc[weak["is_first"], ["token", "layer"]].to_numpy().tolist() == [["class", 2], ["patch_mean", 2]]
    assert weak.loc[weak["layer"] == 2, "auc"].tolist() == [1, 1]
    assert (weak.loc[weak["layer"] == 1, "auc"] == 0).all()
    # The input of the first block of the class token is the same in all views.
    assert weak.loc[(weak["layer"] == 0) & (weak["token"] == "class"), "auc"].tolist() == [0.5]
    assert not layers.loc[layers["augmentation"] == "strong", "is_first"].any()


def test_only_images_that_are_attacked_and_captured_count(tmp_path):
    vectors, layers = scores_of(tmp_path, tower(), by_one_head, images=5)
    assert set(detection.table(vectors, SETTINGS.bootstrap)["n"]) == set(layers["n"]) == {5}
    fewer, none = scores_of(tmp_path, tower(), by_one_head, images=2)
    assert detection.table(fewer, SETTINGS.bootstrap).empty and none.empty


def test_an_encoder_without_ledger_or_blocks_lacks_their_scores(tmp_path):
    reduced, _ = scores_of(tmp_path, tower(), by_one_head, SETTINGS._replace(precision="bf16"))
    assert set(reduced) == {"layer"}

    def convolutional(found):
        for name in STREAMS:
            del found[name]

    views = {name: arrays(tower(), IMAGES, seed, shift) for name, seed, shift in (("original", 0, 0), ("weak", 2, 1))}
    for found in views.values():
        convolutional(found)
    of = tower(missing={"parts": "no blocks", "stream": "no blocks"})
    attacked(tmp_path, of, convolutional)
    read = inside.read(captured(tmp_path, of, views), tmp_path / "attacked.npz")
    assert inside.scores(read, captured(tmp_path, of, views), SETTINGS) == {}
    assert inside.layer_table(read, of, SETTINGS.bootstrap).empty
