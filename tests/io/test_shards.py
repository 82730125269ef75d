"""Shards hold the same bytes for the same views, other programs can read them, and damage is detected."""

import hashlib
import io
import itertools
import json
import os
import tarfile

import numpy as np
import pytest
import webdataset
from PIL import Image

from embedding_shift.errors import InputError
from embedding_shift.io import checksums, shards, uncompressed_png


def views(number=5, seed=0):
    generator = np.random.default_rng(seed)
    return [
        shards.View(f"id_{i}", generator.integers(0, 256, (8, 8, 3), dtype=np.uint8), {"seed": i, "drawn": [0.5, "ü"]})
        for i in range(number)
    ]


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "00000.tar"
    shards.write(path, views())
    return path


def assert_same_views(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert (one.image_id, one.record) == (other.image_id, other.record)
        assert np.array_equal(one.pixels, other.pixels)


def test_reading_returns_the_written_views(shard):
    assert_same_views(shards.read(shard), views())
    assert shards.count(shard) == 5


def test_records_are_read_without_decoding_pixels(shard, monkeypatch):
    monkeypatch.setattr(uncompressed_png, "decode", None)
    assert list(shards.read_records(shard)) == [(view.image_id, view.record) for view in views()]


def test_the_same_views_give_the_same_bytes(shard, tmp_path):
    again = tmp_path / "elsewhere" / "00000.tar"
    shards.write(again, iter(views()))
    assert again.read_bytes() == shard.read_bytes()
    assert checksums.path_of(again).read_bytes() == checksums.path_of(shard).read_bytes()


@pytest.mark.parametrize("bounds", [[0, 5], [0, 2, 5], [0, 0, 1, 1, 4, 5, 5]])
def test_parts_are_joined_to_what_is_written_in_one_piece(shard, tmp_path, bounds):
    parts = [tmp_path / str(number) for number in range(len(bounds) - 1)]
    for part, share in zip(parts, itertools.starmap(slice, itertools.pairwise(bounds)), strict=True):
        shards.write_part(part, shards.read_share(shard, share))
    shards.join(tmp_path / "joined/00000.tar", parts)
    assert (tmp_path / "joined/00000.tar").read_bytes() == shard.read_bytes()
    assert checksums.read(tmp_path / "joined/00000.tar") == checksums.read(shard)


@pytest.mark.parametrize("numbers", [[], [0], [1, 3], [0, 1, 2, 3, 4]])
def test_selected_views_are_copied_as_if_they_were_written_alone(tmp_path, numbers):
    names = ["id_0", "x" * 200, "größe", "id_3", "x" * 96]  # three of them do not fit a plain header
    named = [shards.View(name, view.pixels, view.record) for name, view in zip(names, views(), strict=True)]
    shards.write(tmp_path / "all.tar", named)
    shards.write(tmp_path / "expected.tar", [named[number] for number in numbers])
    selected = {names[number] for number in numbers} | {"not there"}
    shards.write_selected(tmp_path / "selected.tar", tmp_path / "all.tar", selected)
    assert (tmp_path / "selected.tar").read_bytes() == (tmp_path / "expected.tar").read_bytes()
    assert checksums.read(tmp_path / "selected.tar") == checksums.read(tmp_path / "expected.tar")


def test_views_of_a_damaged_shard_are_not_copied(shard, tmp_path):
    flip_a_byte(shard)
    with pytest.raises(InputError, match="damaged"):
        shards.write_selected(tmp_path / "selected.tar", shard, {"id_0"})
    assert not (tmp_path / "selected.tar").exists()


def test_a_shard_can_be_empty(tmp_path):
    shards.write(tmp_path / "empty.tar", [])
    assert list(shards.read(tmp_path / "empty.tar")) == []
    assert shards.count(tmp_path / "empty.tar") == 0


def test_the_checksum_has_the_format_of_sha256sum(shard):
    digest = hashlib.sha256(shard.read_bytes()).hexdigest()
    assert checksums.path_of(shard).read_text() == f"{digest}  00000.tar\n"


def test_webdataset_reads_the_same_pixels_and_records(shard):
    dataset = webdataset.WebDataset(str(shard), shardshuffle=False, empty_check=False).decode("rgb8")
    samples = list(dataset)
    assert [sample["__key__"] for sample in samples] == [view.image_id for view in views()]
    for sample, view in zip(samples, views(), strict=True):
        assert np.array_equal(sample["png"], view.pixels)
        assert sample["json"] == view.record


def test_webdataset_reads_ids_longer_than_a_plain_tar_name(tmp_path):
    (view,) = views(1)
    shards.write(tmp_path / "long.tar", [shards.View("x" * 200, view.pixels, view.record)])
    (sample,) = webdataset.WebDataset(str(tmp_path / "long.tar"), shardshuffle=False).decode("pil")
    assert sample["__key__"] == "x" * 200
    assert np.array_equal(np.asarray(sample["png"]), view.pixels)


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 9, 3), (224, 224, 3)])
def test_pillow_reads_the_png_and_accepts_its_checksums(tmp_path, shape):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    shards.write(tmp_path / "one.tar", [shards.View("a", pixels)])
    with tarfile.open(tmp_path / "one.tar") as archive:
        data = archive.extractfile("a.png").read()
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        assert np.array_equal(np.asarray(image), pixels)
    (view,) = shards.read(tmp_path / "one.tar")
    assert np.array_equal(view.pixels, pixels)


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"compress_level": 0}, {"dpi": (72, 72)}])
def test_pngs_of_other_programs_are_read(tmp_path, options, monkeypatch):
    (view,) = views(1)
    buffer = io.BytesIO()
    Image.fromarray(view.pixels).save(buffer, "PNG", **options)
    monkeypatch.setattr(uncompressed_png, "encode", lambda pixels: buffer.getvalue())
    shards.write(tmp_path / "other.tar", [view])
    assert_same_views(shards.read(tmp_path / "other.tar"), [view])


@pytest.mark.parametrize("number", [0, 1, 20])
def test_the_tar_is_the_one_that_tarfile_writes(tmp_path, number):
    """The last three ids do not fit a plain header: one is far too long, one a little, and one is not ASCII."""
    names = [f"id_{i}" for i in range(number)] + ["x" * 94, "x" * 200, "x" * 96, "größe"] * (number > 0)
    shards.write(tmp_path / "mine.tar", [shards.View(name, views(1)[0].pixels, {"seed": 1}) for name in names])
    with tarfile.open(tmp_path / "mine.tar") as mine, tarfile.open(tmp_path / "other.tar", "w") as other:
        for member in mine:
            other.addfile(member, mine.extractfile(member))
    assert (tmp_path / "mine.tar").read_bytes() == (tmp_path / "other.tar").read_bytes()


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tars_of_other_programs_are_read(tmp_path, shard, tar_format):
    path = tmp_path / "other.tar"
    with tarfile.open(shard) as mine, tarfile.open(path, "w", format=tar_format) as other:
        for member in mine:
            member.mtime, member.uname = 1.5, "somebody"
            other.addfile(member, mine.extractfile(member))
    checksums.write(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert_same_views(shards.read(path), views())


def test_the_tar_holds_no_owner_and_no_time(shard):
    with tarfile.open(shard) as archive:
        for member in archive:
            assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path):
    os.truncate(path, path.stat().st_size - 1)


def empty(path):
    os.truncate(path, 0)


@pytest.mark.parametrize("read", [shards.read, shards.read_records])
@pytest.mark.parametrize("damage", [flip_a_byte, truncate, empty])
def test_damage_is_detected_and_the_shard_deleted(shard, damage, read):
    damage(shard)
    with pytest.raises(InputError, match=r"00000\.tar is damaged: its SHA-256 is .* It was deleted; run again"):
        next(read(shard))
    assert not shard.exists()
    assert not checksums.path_of(shard).exists()


@pytest.mark.parametrize("damage", [flip_a_byte, empty, os.unlink])
def test_a_damaged_checksum_counts_as_damage(shard, damage):
    damage(checksums.path_of(shard))
    with pytest.raises(InputError, match=r"00000\.tar is damaged"):
        next(shards.read(shard))
    assert not shard.exists()


def test_a_shard_appears_whole_or_not_at_all(tmp_path):
    def failing():
        yield from views(2)
        raise InputError("no more")

    with pytest.raises(InputError, match="no more"):
        shards.write(tmp_path / "00000.tar", failing())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def three_shards(tmp_path):
    """30 views in three shards."""
    paths = [tmp_path / f"{number:05d}.tar" for number in range(3)]
    for number, path in enumerate(paths):
        shards.write(path, [view for view in views(30) if shards.shard_of(view.image_id, 3) == number])
    return paths


def test_every_shard_gets_views_and_none_is_lost(three_shards):
    found = [view for path in three_shards for view in shards.read(path)]
    assert sorted(view.image_id for view in found) == sorted(view.image_id for view in views(30))
    assert all(shards.count(path) for path in three_shards)


def test_the_shard_of_an_image_depends_on_its_id_alone():
    expected = [int(hashlib.sha256(name.encode()).hexdigest()[:16], 16) % 7 for name in ("a", "b", "c")]
    assert [shards.shard_of(name, 7) for name in ("a", "b", "c")] == expected
    assert shards.shard_of("a", 1) == 0


def test_selected_views_come_in_the_requested_order(three_shards):
    wanted = ["id_20", "id_3", "id_11"]
    found = shards.read_selected(three_shards, wanted)
    assert list(found) == wanted
    assert_same_views(found.values(), [views(30)[i] for i in (20, 3, 11)])


def test_only_the_shards_with_selected_images_are_read(three_shards):
    own = shards.shard_of("id_20", 3)
    for number, path in enumerate(three_shards):
        if number != own:
            path.unlink()
    assert list(shards.read_selected(three_shards, ["id_20"])) == ["id_20"]


def test_the_error_names_a_missing_image(three_shards):
    with pytest.raises(InputError, match="no image 'unknown' in "):
        shards.read_selected(three_shards, ["id_1", "unknown"])


def test_records_are_plain_json(shard):
    with tarfile.open(shard) as archive:
        assert json.load(archive.extractfile("id_0.json")) == views()[0].record
