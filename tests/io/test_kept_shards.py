"""Shards under a second name: what is given back is what was kept, or nothing."""

import os

import numpy as np
import pytest

from embedding_shift.io import checksums, kept_shards, shards

KEY, OTHER_KEY = kept_shards.key("blur", 3), kept_shards.key("blur", 5)


@pytest.fixture
def shard(tmp_path):
    """A shard that was kept."""
    path = tmp_path / "blur/00001.tar"
    shards.write(path, [shards.View("one", np.full((4, 4, 3), 7, np.uint8))])
    kept_shards.keep(path, KEY, checksums.read(path))
    return path


def deleted(path):
    for name in (path, checksums.path_of(path)):
        name.unlink()
    return path


def test_keys_differ_with_any_value_and_with_its_type():
    keys = {kept_shards.key(*values) for values in (["a", 1], ["a", "1"], ["a1"], ["a", 1.5], [["a"], 1], [1, "a"])}
    assert len(keys) == 6
    assert kept_shards.key({"b": 1, "a": 2}) == kept_shards.key({"a": 2, "b": 1})


def test_a_deleted_shard_is_given_back_as_new(shard):
    content = shard.read_bytes()
    os.utime(shard, (1, 1))
    assert kept_shards.restore(deleted(shard), KEY)
    assert shard.read_bytes() == content and shard.stat().st_mtime > 1
    assert [view.image_id for view in shards.read(shard)] == ["one"]
    assert shard.stat().st_nlink == 2, "a kept shard takes no space of its own"


def test_a_shard_that_is_there_is_replaced(shard):
    shard.unlink()
    shard.write_bytes(b"something else")
    assert kept_shards.restore(shard, KEY)
    assert kept_shards.restore(shard, KEY), "the two names may be one file"
    assert len(list(shards.read(shard))) == 1
    assert {path.name for path in shard.parent.iterdir()} == {kept_shards.FOLDER, shard.name, f"{shard.name}.sha256"}


def test_nothing_is_given_back_under_another_key(shard):
    assert kept_shards.is_kept(shard, KEY) and not kept_shards.is_kept(shard, OTHER_KEY)
    assert not kept_shards.restore(deleted(shard), OTHER_KEY)
    assert not shard.exists()


def test_the_last_shard_of_a_path_is_kept_and_no_other(shard):
    neighbour = shard.with_name("00002.tar")
    shards.write(neighbour, [])
    kept_shards.keep(neighbour, KEY, checksums.read(neighbour))
    shards.write(shard, [])
    kept_shards.keep(shard, OTHER_KEY, checksums.read(shard))
    assert not kept_shards.restore(deleted(shard), KEY)
    kept = [path.name.partition(".")[0] for path in (shard.parent / kept_shards.FOLDER).iterdir()]
    assert kept == ["00002", "00002"]


@pytest.mark.parametrize("part", ["", ".sha256"], ids=["shard", "checksum"])
def test_a_damaged_shard_counts_as_missing(shard, part):
    (kept,) = (shard.parent / kept_shards.FOLDER).glob(f"00001.{KEY}{part}")
    os.truncate(kept, kept.stat().st_size // 2)
    assert not kept_shards.restore(deleted(shard), KEY)
    assert not shard.exists() and not checksums.path_of(shard).exists()
    assert not list((shard.parent / kept_shards.FOLDER).iterdir())


def test_what_another_job_wrote_meanwhile_is_not_kept(shard):
    made = checksums.read(shard)
    shards.write(shard, [])
    kept_shards.keep(shard, OTHER_KEY, made)
    assert not kept_shards.is_kept(shard, OTHER_KEY)
    assert not list((shard.parent / kept_shards.FOLDER).iterdir())


def test_a_shard_without_a_checksum_is_not_kept(shard):
    made = checksums.read(shard)
    checksums.path_of(shard).unlink()
    kept_shards.keep(shard, OTHER_KEY, made)
    assert not list((shard.parent / kept_shards.FOLDER).iterdir())


def test_a_file_system_without_hard_links_keeps_nothing(shard, monkeypatch):
    def refused(*names):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    kept_shards.keep(shard, OTHER_KEY, checksums.read(shard))
    assert not kept_shards.restore(shard, OTHER_KEY)
    assert len(list(shards.read(shard))) == 1
