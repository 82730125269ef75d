"""Every file of a dataset is used, rejected or counted by reason, in every kind of dataset."""

import io
import os
from collections import Counter
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_files import ingested, write_image, write_table, write_tar
from PIL import Image

from embedding_shift.data import manifest
from embedding_shift.data.acquisition import report
from embedding_shift.data.acquisition.content_store import content_path
from embedding_shift.data.acquisition.outcome import Outcome
from embedding_shift.data.sources import csv_table, folder, url_table, webdataset
from embedding_shift.errors import InputError
from embedding_shift.io import atomic, tables


def encoded(value, kind="PNG"):
    """Return the bytes of an image of one grey value."""
    file = io.BytesIO()
    Image.new("RGB", (4, 4), (value, value, value)).save(file, kind)
    return file.getvalue()


# Two images, one of them also in another format, and files that no decoder reads.
CONTENTS = [encoded(0), encoded(0, "BMP"), encoded(200), b"words", b'{"caption": "c"}', b""]
FOLDERS = ["", "f", "f.b", "日本", "@eaDir", ".thumbnails", "__MACOSX", "f/.ipynb_checkpoints", "._f", "x.png"]
STEMS = ["a", "b", "22.05", "22.06", "写真", "写実", "ü", ".hidden", "._a", "a b", "no suffix"]
SUFFIXES = [".png", ".PNG", ".jpg", ".jfif", ".HEIC", ".cr2", ".txt", ".json", ".TXT", ".001", ".d", ""]
NAMES = st.builds(
    lambda parent, stem, suffix: f"{parent}/{stem}{suffix}".lstrip("/"),
    st.sampled_from(FOLDERS),
    st.sampled_from(STEMS),
    st.sampled_from(SUFFIXES),
)
FILES = st.dictionaries(NAMES, st.sampled_from(CONTENTS), min_size=1, max_size=12)


def campaign(examples):
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=checks)


def assert_everything_is_accounted_for(found, listing, keep_duplicates):
    """Compare the number of files found with the sums of the tables, and check what the tables say."""
    everything = list(ingested(listing)[0].values())
    assert len(everything) == len(listing.images)
    if not keep_duplicates:
        everything = manifest.without_duplicates(everything)
    try:
        used, rejected = manifest.select(everything)
    except InputError:
        used, rejected = [], everything
    rows = list(manifest.reject_rows(rejected, listing.left_out))
    assert len(used) + sum(row["files"] for row in rows) == found
    assert all(row["reason"] for row in rows)
    pixels = Counter(image.pixels_sha256 for image in used)
    assert keep_duplicates or set(pixels.values()) <= {1}


@pytest.mark.parametrize("keep_duplicates", [False, True])
@campaign(60)
@given(files=FILES)
def test_folder(tmp_path_factory, keep_duplicates, files):
    root = tmp_path_factory.mktemp("folder")
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    found = sum(len(names) for _, _, names in os.walk(root))
    # A folder whose name is that of an image is listed, and rejected as a folder.
    found += (root / "x.png").is_dir()
    try:
        listing = folder.list_images(root)
    except InputError as error:
        assert "no image in" in str(error)
        assert not any(name.lower().endswith((".png", ".jpg", ".jfif", ".heic")) for name in visible(files))
        return
    assert_everything_is_accounted_for(found, listing, keep_duplicates)


def visible(files):
    """Return the names without hidden files and without those in hidden or system folders."""
    return [name for name in files if not any(part[0] in ".@_" for part in name.split("/"))]


@campaign(60)
@given(files=FILES)
def test_shards(tmp_path_factory, files):
    path = write_tar(tmp_path_factory.mktemp("shards") / "s.tar", files)
    try:
        listing = webdataset.list_images(str(path), None, None)
    except InputError as error:
        assert any(text in str(error) for text in ("no image in", "occurs twice", "is not JSON", "is not UTF-8"))
        return
    assert_everything_is_accounted_for(len(files), listing, False)


@campaign(40)
@given(names=st.lists(st.sampled_from(["a.png", "b.bmp", "c.png", "words.txt", "absent.png", ".", "日本.png"])))
def test_table(tmp_path_factory, names):
    root = tmp_path_factory.mktemp("table")
    for name, data in zip(("a.png", "b.bmp", "c.png", "words.txt"), CONTENTS, strict=False):
        (root / name).write_bytes(data)
    rows = "".join(f"id{number},{name}\n" for number, name in enumerate([*names, "a.png"]))
    listing = csv_table.list_images(write_table(root, f"image_id,path\n{rows}"))
    assert_everything_is_accounted_for(len(names) + 1, listing, False)


OUTCOMES = {"ok": "", "dead": "HTTP 404", "failed": "timed out", "skipped": "enough images without it"}


@campaign(40)
@given(outcomes=st.lists(st.tuples(st.sampled_from([*OUTCOMES]), st.sampled_from(CONTENTS[:4])), min_size=1))
def test_table_of_urls(tmp_path_factory, outcomes):
    root = tmp_path_factory.mktemp("urls")
    found = {}
    for number, (status, data) in enumerate(outcomes):
        url = f"http://a.example/{number % 8}"
        (root / "part").write_bytes(data)
        digest = atomic.sha256(root / "part") if status == "ok" else ""
        if digest:
            content_path(root, digest).parent.mkdir(exist_ok=True)
            os.replace(root / "part", content_path(root, digest))
        found.setdefault(url, Outcome(url, status, OUTCOMES[status], digest))
    urls = [f"http://a.example/{number % 8}" for number in range(len(outcomes))]
    (root / "table.tsv").write_text("".join(f"caption\t{url}\n" for url in urls))
    tables.write_rows(root / "acquisition.csv", report.COLUMNS, map(asdict, report.outcomes_of_rows(urls, found, "")))
    listing = url_table.list_images(root / "table.tsv", root / "acquisition.csv", root)
    assert_everything_is_accounted_for(len(urls), listing, False)


def test_what_a_folder_holds_besides_images_is_counted_by_reason(tmp_path):
    write_image(tmp_path / "a.png")
    others = ["notes.txt", "b/more.TXT", "@eaDir/a.png/thumb.jpg", ".thumbnails/a.png", "b/.ipynb_checkpoints/a.png"]
    others += ["__MACOSX/._a.png", "._a.png", "b/._a.png", ".cache/a.png", "README", "scan.0001", "scan.0002"]
    for name in others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    listing = folder.list_images(tmp_path)
    assert [image.image_id for image in listing.images] == ["a"]
    assert [(entry.reason, entry.files) for entry in listing.left_out] == [
        ("hidden file: ._*", 2),
        ("in a hidden folder", 1),
        ("in a system folder: .ipynb_checkpoints", 1),
        ("in a system folder: .thumbnails", 1),
        ("in a system folder: @eaDir", 1),
        ("in a system folder: __MACOSX", 1),
        ("not an image: .txt", 2),
        ("not an image: another suffix", 2),
        ("not an image: no suffix", 1),
    ]
    assert {entry.path for entry in listing.left_out} == {str(tmp_path)}
