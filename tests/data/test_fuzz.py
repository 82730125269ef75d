"""Fuzz tests of all readers: more than 10,000 inputs, each of which is either accepted or rejected with a message."""

import csv
import io
import json
import tarfile
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipeline import PROJECT

from embedding_shift.config.validation import validated
from embedding_shift.data import webdataset_shards
from embedding_shift.data.image_ids import IMAGE_ID
from embedding_shift.data.ingestion import ingest
from embedding_shift.data.listing import LISTING_COLUMNS, ListedImage
from embedding_shift.data.sources import csv_table, url_table, webdataset
from embedding_shift.errors import InputError
from embedding_shift.io import array_files, atomic, checksums, shards, tables

pytestmark = pytest.mark.slow

SCHEMA = yaml.safe_load((PROJECT / "config/schema.yaml").read_text())
CONFIG = yaml.safe_load((PROJECT / "config.yaml").read_text())
DRAWN = np.random.default_rng(0)


def campaign(examples):
    """Return settings that generate the same examples on every machine."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=checks)


def accepted_or_rejected(function):
    """Return the result of `function`, or None if it raises InputError; it must not raise anything else."""
    try:
        return function()
    except InputError as error:
        assert str(error)
        return None


def damaged(data):
    """Return a strategy for `data` with some bytes changed, removed or inserted."""
    place = st.integers(0, len(data))
    change = st.tuples(place, st.integers(0, 3), st.binary(max_size=4))

    def apply(changes, length):
        result = bytearray(data)
        for start, dropped, inserted in changes:
            result[start : start + dropped] = inserted
        return bytes(result[:length])

    return st.builds(apply, st.lists(change, max_size=4), st.just(None) | place)


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["a", "a.png", "../a.png", "/etc/hostname", "", "\0", "a\nb", '"', ",", "x" * 300, "0" * 64, "é", "\ufeff", "'"]
)
HEADERS = st.lists(st.sampled_from(["image_id", "path", "sha256", "caption", "source"]) | CELLS, max_size=6)


@campaign(2500)
@given(header=HEADERS, rows=st.lists(st.lists(CELLS, max_size=6), max_size=5), bom=st.booleans())
def test_tables_of_images(tmp_path, header, rows, bom):
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    table = tmp_path / "images.csv"
    table.write_text("\ufeff" * bom + text.getvalue(), encoding="utf-8", newline="")
    listed = accepted_or_rejected(lambda: csv_table.list_images(table).images)
    for image in listed or []:
        assert IMAGE_ID.fullmatch(image.image_id)
    for image, view in ingest(listed or [], 8, 100):
        assert view is None
        assert image.reason
    if listed:
        tables.write_rows(tmp_path / "listing.csv", LISTING_COLUMNS, map(asdict, listed))
        assert [ListedImage(**row) for row in tables.read_rows(tmp_path / "listing.csv")] == listed


@campaign(1500)
@given(st.binary(max_size=200) | damaged(b'image_id,path,caption\na,a.png,"A, b"\nb,b.png,c\n'))
def test_bytes_as_a_table_of_images(tmp_path, data):
    (tmp_path / "images.csv").write_bytes(data)
    accepted_or_rejected(lambda: csv_table.list_images(tmp_path / "images.csv"))


@campaign(1500)
@given(st.binary(max_size=100) | damaged("a ü\thttp://a.example/1\r\nb\thttp://b.example/\n".encode()))
def test_bytes_as_a_table_of_urls(tmp_path, data):
    (tmp_path / "table.tsv").write_bytes(data)
    for caption, url in accepted_or_rejected(lambda: url_table.read(tmp_path / "table.tsv")) or []:
        assert "\t" not in caption + url


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["csv", "folder"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def places(section, path=()):
    """Yield every path of keys in a configuration."""
    yield path
    for key, value in section.items() if isinstance(section, dict) else ():
        yield from places(value, (*path, key))


@campaign(2000)
@given(st.lists(st.tuples(st.sampled_from(list(places(CONFIG))), st.none() | st.text(max_size=8), VALUES), max_size=3))
def test_configurations(changes):
    """The shipped configuration with some values replaced and some keys added."""
    config = json.loads(json.dumps(CONFIG))
    for path, added, value in changes:
        keys = [*path, added] if added is not None else path
        section = config
        for key in keys[:-1]:
            section = section.get(key) if isinstance(section, dict) else None
        if keys and isinstance(section, dict):
            section[keys[-1]] = value
    accepted_or_rejected(lambda: validated(config, SCHEMA))


@campaign(500)
@given(st.dictionaries(st.sampled_from(list(SCHEMA["properties"])) | st.text(max_size=8), VALUES, max_size=5))
def test_arbitrary_configurations(config):
    accepted_or_rejected(lambda: validated(config, SCHEMA))


def tar(members, tar_format):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()[: (len(members) * 2 + 2) * tarfile.BLOCKSIZE]


SAMPLES = {"a.png": b"png", "a.txt": b"A caption", "b/c.jpg": b"jpg", "b/c.json": b'{"caption": "c", "url": "u"}'}


@campaign(1500)
@given(
    damaged(tar(SAMPLES, tarfile.USTAR_FORMAT)) | damaged(tar(SAMPLES, tarfile.GNU_FORMAT)) | st.binary(max_size=600)
)
def test_damaged_webdataset_shards(tmp_path, data):
    path = tmp_path / "shard.tar"
    path.write_bytes(data)
    webdataset_shards.members.cache_clear()
    images = [name for name in accepted_or_rejected(lambda: webdataset_shards.members(path)) or [] if name[-1:] == "g"]
    for texts in accepted_or_rejected(lambda: list(webdataset_shards.texts(path, images))) or []:
        assert isinstance(texts.caption, str)
    for name in images:
        accepted_or_rejected(lambda name=name: webdataset_shards.read(path, name))
    accepted_or_rejected(lambda: webdataset.list_images(str(path), None, None))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Return {name: bytes} of one stored file of every kind, and of their checksums."""
    folder = tmp_path_factory.mktemp("stored")
    pixels = DRAWN.integers(0, 256, (2, 2, 3), dtype=np.uint8)
    shards.write(folder / "views.tar", [shards.View("a", pixels, {"seed": 1}), shards.View("b", pixels)])
    array_files.write(folder / "encoded.npz", ["a", "b"], embedding=np.ones((2, 3), np.float32))
    tables.write_parquet(folder / "table.parquet", pd.DataFrame({"image_id": ["a", "b"], "value": [0.25, 0.5]}))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@campaign(1000)
@given(data=st.data())
def test_damaged_view_shards_with_a_matching_checksum(tmp_path, stored, data):
    """Damage that the checksum does not reveal, such as in a shard written by another program."""
    path = tmp_path / "views.tar"
    path.write_bytes(data.draw(damaged(stored["views.tar"])))
    checksums.path_of(path).write_text(f"{atomic.sha256(path)}  views.tar\n")
    accepted_or_rejected(lambda: list(shards.read(path)))
    path.write_bytes(data.draw(damaged(stored["views.tar"])))
    accepted_or_rejected(lambda: shards.count(path))


def read_views(path):
    return list(shards.read(path))


def read_table(path):
    return tables.read_parquet([path])


@pytest.mark.parametrize(
    ("name", "read"), [("views.tar", read_views), ("encoded.npz", array_files.read), ("table.parquet", read_table)]
)
@campaign(500)
@given(data=st.data())
def test_damaged_stored_files_are_rejected_and_deleted(tmp_path, stored, name, read, data):
    path = tmp_path / name
    whole, found = stored[name], data.draw(damaged(stored[name]))
    path.write_bytes(found)
    if (checksum := checksums.path_of(path)).name in stored:
        checksum.write_bytes(stored[checksum.name])
    assert (accepted_or_rejected(lambda: read(path)) is not None) == (found == whole)
    assert path.exists() == (found == whole)
