"""Datasets of kind `tsv`: tables of captions and URLs."""

import gzip
import hashlib
from dataclasses import asdict

import http_server as web
import pytest
from image_files import photograph
from pipeline import PROJECT

from embedding_shift.data.acquisition import content, report, run
from embedding_shift.data.acquisition.options import Options
from embedding_shift.data.image_ids import IMAGE_ID, id_of_url
from embedding_shift.data.ingestion import ingest
from embedding_shift.data.listing import LeftOut
from embedding_shift.data.sources import url_table
from embedding_shift.errors import InputError
from embedding_shift.io import tables

VALIDATION_SPLIT = PROJECT / "resources/conceptual-captions/Validation_GCC-1.1.0-Validation.tsv.gz"


def test_all_rows_of_the_validation_split_are_read():
    rows = url_table.read(VALIDATION_SPLIT)
    assert len(rows) == 15_833
    assert rows[0][0] == "author : a life in photography -- in pictures"
    assert all(caption and url.startswith(("http://", "https://")) for caption, url in rows)
    assert len({id_of_url(url) for _, url in rows}) == 15_833
    assert all(IMAGE_ID.fullmatch(id_of_url(url)) for _, url in rows)


def test_plain_and_gzipped_tables_are_equal(tmp_path):
    text = 'a "quoted caption\thttp://a.example/1\r\nü\thttp://b.example/2\n'
    (tmp_path / "plain.tsv").write_text(text, encoding="utf-8", newline="")
    (tmp_path / "packed.tsv.gz").write_bytes(gzip.compress(text.encode()))
    expected = [('a "quoted caption', "http://a.example/1"), ("ü", "http://b.example/2")]
    assert url_table.read(tmp_path / "plain.tsv") == expected
    assert url_table.read(tmp_path / "packed.tsv.gz") == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a\thttp://a.example/\nno tab\n", "line 2: 1 fields"),
        (b"a\tb\tc\n", "line 1: 3 fields"),
        (b"\n\n", "has no rows"),
        (b"\xff\xfe\tb\n", "cannot be read as a table in UTF-8"),
        (gzip.compress(b"a\tb\n" * 1000, mtime=0)[:-9], "cannot be read as a table"),
        (b"x" * 10_001 + b"\thttp://a.example/\n", "line 1: the caption is longer than 10000"),
    ],
)
def test_messages_name_the_line(tmp_path, data, message):
    (tmp_path / "table.tsv").write_bytes(data)
    with pytest.raises(InputError, match=message):
        url_table.read(tmp_path / "table.tsv")


def test_a_missing_table_and_a_folder_are_rejected(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        url_table.read(tmp_path / "none.tsv")
    with pytest.raises(InputError, match="is a folder"):
        url_table.read(tmp_path)


def listed(tmp_path):
    """Fetch four rows from a local server, of which one is dead and one is repeated, and list them."""
    with web.LocalServer() as server:
        server.answers = {"/1": web.image(photograph(1)), "/2": web.image(photograph(2))}
        urls = [server.url(path) for path in ("/1", "/none", "/2", "/1")]
        (tmp_path / "table.tsv").write_text("".join(f"caption {n}\t{url}\n" for n, url in enumerate(urls)))
        options = Options.of({"allow_private_addresses": ["127.0.0.0/8"]})
        outcomes = run.acquire(urls[:3], tmp_path / "downloads", options, content.ImageCheck(10**6))
    tables.write_rows(
        tmp_path / "acquisition.csv", report.COLUMNS, map(asdict, report.outcomes_of_rows(urls, outcomes, ""))
    )
    arguments = [tmp_path / name for name in ("table.tsv", "acquisition.csv", "downloads")]
    return urls, url_table.list_images(*arguments)


def test_contents_are_ingested_and_failures_are_rejected_with_their_reason(tmp_path):
    urls, (rows, left_out) = listed(tmp_path)
    assert left_out == [LeftOut(str(tmp_path / "table.tsv"), "repeated: same URL as in an earlier row", 1)]
    assert [row.image_id for row in rows] == sorted(map(id_of_url, urls[:3]))
    by_url = {row.source: row for row, _ in ingest(rows, 8, 10**6)}
    assert by_url[urls[0]].sha256 == hashlib.sha256(photograph(1)).hexdigest()
    assert (by_url[urls[2]].width, by_url[urls[2]].caption) == (768, "caption 2")
    assert by_url[urls[1]].reason == "dead: HTTP 404"
    assert by_url[urls[1]].path == urls[1]


def test_a_table_that_has_changed_is_rejected(tmp_path):
    listed(tmp_path)
    (tmp_path / "table.tsv").write_text("caption\thttp://a.example/\n")
    with pytest.raises(InputError, match=r"was not made from .*table\.tsv"):
        url_table.list_images(tmp_path / "table.tsv", tmp_path / "acquisition.csv", tmp_path / "downloads")
