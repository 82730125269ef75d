"""Tests of encoding with a store: nothing is encoded twice, and the outputs do not depend on what is stored."""

import json
import sys
import threading

import numpy as np
import pytest
from small_models import write_clip_bundle

from embedding_shift.encoders import digests, stored_encoding
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.errors import InputError
from embedding_shift.io import shards
from embedding_shift.io.array_store import Store


class CountingEncoder(Encoder):
    """An encoder that counts the views that it computes."""

    computed = 0

    def load(self, views):
        image_ids, pixels = super().load(views)
        self.computed += len(image_ids)
        return image_ids, pixels


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    write_clip_bundle(folder, layers=1)
    return folder


def views(numbers, draw):
    """Return small views whose pixels depend on the number and the draw."""
    return [
        shards.View(
            f"image{number}",
            np.random.default_rng([number, draw]).integers(0, 256, (32, 32, 3), np.uint8),
            {"of": f"image{number}"},
        )
        for number in numbers
    ]


def write(folder, numbers, draw):
    path = folder / f"{draw}.tar"
    shards.write(path, views(numbers, draw))
    return path


def encode(encoder, paths, folder):
    encoder.computed = 0
    encoded = stored_encoding.encode_shards(encoder, paths, Store(folder) if folder else None, "encoding")
    return {name: sort(output) for name, output in encoded.items()}


def sort(encoded):
    order = np.argsort(encoded.image_ids)
    image_ids, records = (np.array(texts, str)[order] for texts in encoded[:2])
    assert [json.loads(record) for record in records] == [{"of": image_id} for image_id in image_ids]
    return image_ids, encoded.embedding[order], encoded.attention[order]


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, arrays in expected.items():
        for one, other in zip(found[name], arrays, strict=True):
            np.testing.assert_array_equal(one, other)


def test_only_what_is_new_is_encoded(bundle, tmp_path):
    encoder = CountingEncoder(bundle, "cpu", batch_size=4, workers=2)
    paths = {f"draw{draw}": [write(tmp_path, range(7), draw)] for draw in range(3)}
    expected = encode(encoder, paths, None)
    assert encoder.computed == 21
    assert_equal(encode(encoder, paths, tmp_path / "store"), expected)
    assert encoder.computed == 21
    assert_equal(encode(encoder, paths, tmp_path / "store"), expected)
    assert encoder.computed == 0
    write(tmp_path, range(10), 1)
    found = encode(encoder, paths, tmp_path / "store")
    assert encoder.computed == 3
    assert_equal(found, encode(encoder, paths, None))
    for name in expected:
        np.testing.assert_array_equal(found[name][1][:7], expected[name][1])


@pytest.fixture
def switching():
    """Let threads take turns as often as possible."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_threads_add_outputs_side_by_side(switching):
    collected = stored_encoding._Collected()

    def add(start):
        for number in range(start, start + 3000):
            arrays = (np.full(shape, number, np.float32) for shape in ((1, 4), (1, 1, 2, 2)))
            collected.add([str(number)], [f"of {number}"], *arrays)

    threads = [threading.Thread(target=add, args=(start,)) for start in (0, 3000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    image_ids, records, embedding, attention = collected.encoded()
    assert sorted(map(int, image_ids)) == list(range(6000))
    assert records == [f"of {image_id}" for image_id in image_ids]
    np.testing.assert_array_equal(embedding[:, 0], np.array(image_ids, dtype=float))
    np.testing.assert_array_equal(attention[:, 0, 0, 0], np.array(image_ids, dtype=float))


def test_each_shard_gets_the_outputs_of_its_own_views(bundle, tmp_path):
    encoder = Encoder(bundle, "cpu", batch_size=4)
    paths = {f"draw{draw}": [write(tmp_path, range(2 + draw), draw)] for draw in range(3)}
    for draw, (image_ids, embedding, attention) in enumerate(encode(encoder, paths, None).values()):
        alone = encoder.encode(views(range(2 + draw), draw))
        assert list(image_ids) == alone.image_ids
        np.testing.assert_array_equal(embedding, alone.embedding)
        np.testing.assert_array_equal(attention, alone.attention)


def test_shards_that_are_encoded_together_give_the_same_outputs(bundle, tmp_path):
    encoder = CountingEncoder(bundle, "cpu", batch_size=4, workers=2)
    parts = [write(tmp_path / str(part), range(3 * part, 3 * part + 3 * (part != 1)), draw=0) for part in range(3)]
    together = encode(encoder, {"a": parts}, tmp_path / "store")["a"]
    assert encoder.computed == 6
    alone = [encode(encoder, {"a": [part]}, None)["a"] for part in parts]
    for found, expected in zip(together, map(np.concatenate, zip(*alone, strict=True)), strict=True):
        np.testing.assert_array_equal(found, expected)
    encode(encoder, {"a": parts[:1]}, tmp_path / "store")
    assert encoder.computed == 0


def test_a_view_that_is_captured_again_is_not_stored_again(bundle, tmp_path):
    encoder = Encoder(bundle, "cpu", batch_size=4)
    paths = {"a": [write(tmp_path, range(6), 0)]}
    for _ in range(2):
        captured = stored_encoding.CapturedViews(["image1", "image5"])
        stored_encoding.encode_shards(encoder, paths, Store(tmp_path / "store"), "encoding", captured)
        assert captured.shard("a")[0] == ["image1", "image5"]
    (keys,) = (tmp_path / "store").glob("*.keys")
    assert keys.stat().st_size == 6 * 16


def test_a_damaged_store_is_computed_again(bundle, tmp_path):
    encoder = CountingEncoder(bundle, "cpu", batch_size=4)
    paths = {"a": [write(tmp_path, range(6), 0)]}
    expected = encode(encoder, paths, tmp_path / "store")
    (segment,) = (tmp_path / "store").glob("*.npy")
    content = bytearray(segment.read_bytes())
    content[-10] ^= 1  # in the last row
    segment.write_bytes(content)
    assert_equal(encode(encoder, paths, tmp_path / "store"), expected)
    assert encoder.computed == 1


def test_what_was_encoded_before_an_error_is_kept(bundle, tmp_path):
    encoder = CountingEncoder(bundle, "cpu", batch_size=2)
    paths = {"good": [write(tmp_path, range(6), 0)], "damaged": [write(tmp_path, range(6), 1)]}
    (damaged,) = paths["damaged"]
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + b"x")
    with pytest.raises(InputError, match="damaged"):
        encode(encoder, paths, tmp_path / "store")
    encode(encoder, {"good": paths["good"]}, tmp_path / "store")
    assert encoder.computed < 6


def test_a_shard_without_views(bundle, tmp_path):
    paths = {"empty": [write(tmp_path, [], 0)], "one": [write(tmp_path, [1], 1)]}
    found = encode(Encoder(bundle, "cpu", batch_size=4), paths, tmp_path / "store")
    assert [len(arrays[1]) for arrays in found.values()] == [0, 1]
    assert found["empty"][2].shape[1:] == found["one"][2].shape[1:]


def test_what_decides_the_numbers_decides_the_setting(bundle, tmp_path):
    other = tmp_path / "other"
    write_clip_bundle(other, layers=1, seed=1)
    code = tmp_path / "code.py"
    code.write_text("1")

    def setting(folder=bundle, **options):
        files = digests.of_files(folder, [code])
        return stored_encoding.setting(Encoder(folder, "cpu", **options), files)

    before = setting(batch_size=4)
    assert setting(batch_size=4, workers=2) == before
    assert (
        len({before, setting(batch_size=2), setting(batch_size=4, precision="bf16"), setting(other, batch_size=4)}) == 4
    )
    code.write_text("2")
    assert setting(batch_size=4) != before


def test_capturing_changes_no_output_and_captures_the_chosen_images_only(bundle, tmp_path):
    encoder = CountingEncoder(bundle, "cpu", batch_size=4, workers=2)
    paths = {f"draw{draw}": [write(tmp_path, range(7), draw)] for draw in range(2)}
    expected = encode(encoder, paths, tmp_path / "store")
    chosen = sorted(expected["draw0"][0])[1:3]
    captured = stored_encoding.CapturedViews(chosen)
    encoder.computed = 0
    found = stored_encoding.encode_shards(encoder, paths, Store(tmp_path / "store"), "encoding", captured)
    assert encoder.computed == 4  # The store has everything but what is captured.
    assert_equal({name: sort(output) for name, output in found.items()}, expected)
    for name, (all_ids, embedding, _) in expected.items():
        image_ids, arrays = captured.shard(name)
        assert sorted(image_ids) == chosen
        for image_id, row in zip(image_ids, arrays["embedding"], strict=True):
            np.testing.assert_array_equal(row, embedding[list(all_ids).index(image_id)])
        assert {"record", "stream_class", "heads", "mlps", "patches"} <= arrays.keys()


def test_captured_arrays_do_not_depend_on_shards(bundle, tmp_path):
    """The same images in one shard and in two, so that they are captured in other batches."""
    encoder, chosen, found = Encoder(bundle, "cpu", batch_size=4), [f"image{number}" for number in range(1, 7)], []
    for name, parts in (("one", [range(7)]), ("two", [range(2), range(2, 7)])):
        folder = tmp_path / name
        folder.mkdir()
        paths = {}
        for place, numbers in enumerate(parts):
            (folder / str(place)).mkdir()
            paths[str(place)] = [write(folder / str(place), numbers, 0)]
        captured = stored_encoding.CapturedViews(chosen)
        stored_encoding.encode_shards(encoder, paths, None, "encoding", captured)
        rows = {}
        for path in paths:
            image_ids, arrays = captured.shard(path)
            for place, image_id in enumerate(image_ids):
                rows[image_id] = {key: array[place] for key, array in arrays.items() if key != "record"}
        found.append(rows)
    assert found[0].keys() == found[1].keys() == set(chosen)
    for image_id, arrays in found[0].items():
        for key, array in arrays.items():
            np.testing.assert_array_equal(found[1][image_id][key], array)
