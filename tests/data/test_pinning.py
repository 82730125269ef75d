"""Pinned datasets."""

import hashlib
import json
import subprocess
import sys

import http_server as web
import pytest
from image_files import photograph
from pipeline import PROJECT

from embedding_shift.data import pinning
from embedding_shift.data.image_ids import id_of_url
from embedding_shift.data.manifest import IngestedImage
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def ingested():
    usable = [IngestedImage(name, f"{name}.png", hashlib.sha256(name.encode()).hexdigest()) for name in "abc"]
    return [*usable, IngestedImage("d", "d.png", reason="dead: HTTP 404")]


def test_exactly_the_pinned_images_are_used():
    rows = ingested()
    pinned = {row.image_id: row.sha256 for row in (rows[2], rows[0])}
    assert [row.image_id for row in pinning.select(rows, pinned)] == ["a", "c"]


def test_missing_and_changed_images_are_named():
    rows = ingested()
    pinned = {"a": rows[0].sha256, "b": "0" * 64, "d": "1" * 64, "e": "2" * 64}
    with pytest.raises(InputError) as caught:
        pinning.select(rows, pinned)
    assert str(caught.value).splitlines() == [
        "of 4 pinned images 2 are missing and 1 have changed",
        f"changed: b: its SHA-256 is {rows[1].sha256}, not {'0' * 64}",
        "missing: d: dead: HTTP 404",
        "missing: e: not in the dataset",
    ]


def test_a_manifest_can_be_used_as_a_pin():
    pinned = pinning.read(PROJECT / "resources/kodak/manifest.csv")
    assert len(pinned) == 24
    assert pinned["kodim01"] == hashlib.sha256(photograph(1)).hexdigest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image_id\na\n", "no column 'sha256'"),
        ("image_id,sha256\n", "has no rows"),
        ("image_id,sha256\na,\n", "'a' has no SHA-256"),
        ("image_id,sha256\na,1\na,1\n", "'a' occurs twice"),
    ],
)
def test_malformed_tables_are_rejected(tmp_path, text, message):
    (tmp_path / "pin.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        pinning.read(tmp_path / "pin.csv")


def test_only_pinned_urls_are_requested(tmp_path):
    with web.LocalServer() as server:
        server.answers = {f"/{number}": web.image(photograph(number)) for number in (1, 2)}
        urls = [server.url("/1"), server.url("/2")]
        (tmp_path / "table.tsv").write_text("".join(f"x\t{url}\n" for url in urls))
        (tmp_path / "pin.csv").write_text(f"image_id,sha256\n{id_of_url(urls[1])},{'0' * 64}\n")
        arguments = [
            *(sys.executable, PROJECT / "scripts/acquire_images.py", "--kind", "tsv", "--max-pixels", "1000000"),
            *("--path", tmp_path / "table.tsv", "--downloads", tmp_path / "downloads", "--pin", tmp_path / "pin.csv"),
            *("--options", json.dumps({"allow_private_addresses": ["127.0.0.1"]})),
            *("--output", tmp_path / "acquisition.csv", "--summary", tmp_path / "summary.csv"),
        ]
        subprocess.run(arguments, check=True, capture_output=True)
        assert dict(server.requests) == {"/2": 1}
    assert [(row["status"], row["reason"]) for row in tables.read_rows(tmp_path / "acquisition.csv")] == [
        ("skipped", "not pinned"),
        ("ok", ""),
    ]
