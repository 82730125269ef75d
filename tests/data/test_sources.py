"""Kinds of datasets: tables of URLs, WebDataset shards, pinned images."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile

import http_server as web
import pytest
import webdataset
from pipeline import PROJECT

from embedding_shift.data import manifest, pinning, sources, webdataset_shards
from embedding_shift.data.acquisition import content, report, run
from embedding_shift.data.acquisition.options import FOR_SHARDS, Options
from embedding_shift.errors import InputError
from embedding_shift.io import tables

VALIDATION_SPLIT = PROJECT / "resources/conceptual-captions/Validation_GCC-1.1.0-Validation.tsv.gz"
KODAK = PROJECT / "resources/kodak/images"


def write_tar(path, files, **options):
    """Write {name: bytes} as a tar."""
    with tarfile.open(path, "w", **options) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def photograph(number):
    return (KODAK / f"kodim{number:02d}.png").read_bytes()


class TestUrlTable:
    def test_all_rows_of_the_validation_split_parse(self):
        rows = sources.read_url_table(VALIDATION_SPLIT)
        assert len(rows) == 15_833
        assert rows[0][0] == "author : a life in photography -- in pictures"
        assert all(caption and url.startswith(("http://", "https://")) for caption, url in rows)
        assert len({sources.id_of_url(url) for _, url in rows}) == 15_833
        assert all(manifest.IMAGE_ID.fullmatch(sources.id_of_url(url)) for _, url in rows)

    def test_plain_and_gzipped_are_the_same(self, tmp_path):
        text = 'a "quoted caption\thttp://a.example/1\r\nü\thttp://b.example/2\n'
        (tmp_path / "plain.tsv").write_text(text, encoding="utf-8", newline="")
        (tmp_path / "packed.tsv.gz").write_bytes(gzip.compress(text.encode()))
        expected = [('a "quoted caption', "http://a.example/1"), ("ü", "http://b.example/2")]
        assert sources.read_url_table(tmp_path / "plain.tsv") == expected
        assert sources.read_url_table(tmp_path / "packed.tsv.gz") == expected

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
    def test_mistakes_are_told(self, tmp_path, data, message):
        (tmp_path / "table.tsv").write_bytes(data)
        with pytest.raises(InputError, match=message):
            sources.read_url_table(tmp_path / "table.tsv")

    def test_a_missing_table_and_a_folder(self, tmp_path):
        with pytest.raises(InputError, match="there is no file"):
            sources.read_url_table(tmp_path / "none.tsv")
        with pytest.raises(InputError, match="is a folder"):
            sources.read_url_table(tmp_path)


class TestListUrls:
    def listed(self, tmp_path):
        """Four rows, one dead and one repeated, fetched from a local server, listed and ingested."""
        with web.LocalServer() as server:
            server.answers = {"/1": web.image(photograph(1)), "/2": web.image(photograph(2))}
            urls = [server.url(path) for path in ("/1", "/none", "/2", "/1")]
            (tmp_path / "table.tsv").write_text("".join(f"caption {n}\t{url}\n" for n, url in enumerate(urls)))
            options = Options.of({"allow_private_addresses": ["127.0.0.0/8"]})
            outcomes = run.acquire(urls[:3], tmp_path / "downloads", options, content.ImageCheck(10**6))
        tables.write_rows(tmp_path / "acquisition.csv", report.COLUMNS, report.rows(urls, outcomes, ""))
        return urls, sources.list_urls(tmp_path / "table.tsv", tmp_path / "acquisition.csv", tmp_path / "downloads")

    def test_contents_are_ingested_and_failures_are_rejected_with_their_reason(self, tmp_path):
        urls, rows = self.listed(tmp_path)
        assert [row["image_id"] for row in rows] == sorted(map(sources.id_of_url, urls[:3]))
        by_url = {row["source"]: row for row, _ in manifest.ingest(rows, 8, 10**6)}
        assert by_url[urls[0]]["sha256"] == hashlib.sha256(photograph(1)).hexdigest()
        assert (by_url[urls[2]]["width"], by_url[urls[2]]["caption"]) == (768, "caption 2")
        assert by_url[urls[1]]["reason"] == "dead: HTTP 404"
        assert by_url[urls[1]]["path"] == urls[1]

    def test_a_table_that_changed_since_is_told(self, tmp_path):
        self.listed(tmp_path)
        (tmp_path / "table.tsv").write_text("caption\thttp://a.example/\n")
        with pytest.raises(InputError, match=r"was not made from .*table\.tsv"):
            sources.list_urls(tmp_path / "table.tsv", tmp_path / "acquisition.csv", tmp_path / "downloads")


class TestShards:
    def test_what_webdataset_writes_is_read_with_captions(self, tmp_path):
        with webdataset.TarWriter(str(tmp_path / "000.tar"), encoder=False) as writer:
            writer.write({"__key__": "a", "png": photograph(1), "txt": b"a caption\n"})
            record = json.dumps({"caption": "another", "url": "http://a.example/b.png"}).encode()
            writer.write({"__key__": "sub/b", "png": photograph(2), "json": record})
        rows = sources.list_shards(str(tmp_path), None, None)
        assert [(row["image_id"], row["caption"], row["source"]) for row in rows] == [
            ("000-a", "a caption", str(tmp_path / "000.tar")),
            ("000-sub-b", "another", "http://a.example/b.png"),
        ]

    def test_a_sample_may_hold_several_images(self, tmp_path):
        files = {"1.left.png": b"x", "1.right.png": b"y", "1.txt": b"both"}
        rows = sources.list_shards(str(write_tar(tmp_path / "s.tar", files)), None, None)
        assert [(row["image_id"], row["caption"]) for row in rows] == [("s-1-left", "both"), ("s-1-right", "both")]

    def test_members_are_read_without_unpacking(self, tmp_path):
        files = {"x/1.png": photograph(1), "x/1.txt": b"one", "2.JPG": photograph(2), "2.json": b'{"caption": "two"}'}
        path = write_tar(tmp_path / "s.tar", files)
        rows = sources.list_shards(str(path), None, None)
        assert [(row["image_id"], row["path"], row["caption"]) for row in rows] == [
            ("s-2", f"{path}#2.JPG", "two"),
            ("s-x-1", f"{path}#x/1.png", "one"),
        ]
        found = [(row, view) for row, view in manifest.ingest(rows, 8, 10**6)]
        assert [row["sha256"] for row, _ in found] == [hashlib.sha256(photograph(n)).hexdigest() for n in (2, 1)]
        assert all(view.pixels.shape == (8, 8, 3) for _, view in found)
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["s.tar"]

    def test_bytes_equal_those_of_tarfile(self, tmp_path):
        long_name = "/".join(["folder" * 10] * 5) + "/ü.bin"
        files = {"empty.bin": b"", "odd.bin": b"x" * 513, long_name: b"y" * 1024}
        path = write_tar(tmp_path / "s.tar", files, format=tarfile.PAX_FORMAT)
        assert {name: webdataset_shards.read(path, name) for name in webdataset_shards.members(path)} == files

    @pytest.mark.parametrize("name", ["/etc/passwd.png", "../out.png", "a/../../out.png"])
    def test_members_that_leave_the_shard_are_refused(self, tmp_path, name):
        path = write_tar(tmp_path / "s.tar", {name: b"x"})
        with pytest.raises(InputError, match="leaves the shard"):
            webdataset_shards.members(path)

    def test_links_are_refused(self, tmp_path):
        with tarfile.open(tmp_path / "s.tar", "w") as archive:
            member = tarfile.TarInfo("a.png")
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
        with pytest.raises(InputError, match=r"'a.png' is not a plain file"):
            webdataset_shards.members(tmp_path / "s.tar")

    def test_a_name_that_stands_twice_is_refused(self, tmp_path):
        with tarfile.open(tmp_path / "s.tar", "w") as archive:
            for _ in range(2):
                archive.addfile(tarfile.TarInfo("a.png"))
        with pytest.raises(InputError, match="stands twice"):
            webdataset_shards.members(tmp_path / "s.tar")

    @pytest.mark.parametrize("size", [0, 100, 512, 700, 1024, 1500, 2048, 2500])
    def test_a_shard_that_was_cut_short_is_told(self, tmp_path, size):
        path = write_tar(tmp_path / "s.tar", {"a.txt": b"x" * 600, "b.txt": b"y" * 600})
        (tmp_path / "cut.tar").write_bytes(path.read_bytes()[:size])
        with pytest.raises(InputError, match="cut short"):
            webdataset_shards.members(tmp_path / "cut.tar")

    def test_a_damaged_header_does_not_hide_what_follows(self, tmp_path):
        path = write_tar(tmp_path / "s.tar", {"a.txt": b"x", "b.txt": b"y"})
        data = bytearray(path.read_bytes())
        data[1024 + 10] ^= 255
        (tmp_path / "bad.tar").write_bytes(data)
        with pytest.raises(InputError, match="damaged at byte 1024"):
            webdataset_shards.members(tmp_path / "bad.tar")

    def test_compressed_shards_are_told(self, tmp_path):
        (tmp_path / "s.tar").write_bytes(gzip.compress(write_tar(tmp_path / "t.tar", {"a.png": b"x"}).read_bytes()))
        with pytest.raises(InputError, match="not an uncompressed tar"):
            webdataset_shards.members(tmp_path / "s.tar")

    def test_shards_without_images_and_ids_that_collide_are_told(self, tmp_path):
        path = write_tar(tmp_path / "s.tar", {"a.txt": b"x"})
        with pytest.raises(InputError, match="no image in"):
            sources.list_shards(str(path), None, None)
        path = write_tar(tmp_path / "t.tar", {"a.png": b"x", "a.jpg": b"y"})
        with pytest.raises(InputError, match="'t-a' stands twice"):
            sources.list_shards(str(path), None, None)

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.json", b"{"),
            ("a.json", b"[]"),
            ("a.json", b"[" * 200_000),
            ("a.png", b'{"caption": "\\ud83d"}'),
            ("a.txt", b"\xff"),
        ],
    )
    def test_texts_that_are_none_are_told(self, tmp_path, name, data):
        files = {"a.png": b"x", "a.json": data} if name == "a.png" else {"a.png": b"x", name: data}
        path = write_tar(tmp_path / "s.tar", files)
        with pytest.raises(InputError, match=name):
            sources.list_shards(str(path), None, None)

    @pytest.mark.parametrize("size", [2**60, 2**70, -512])
    def test_a_header_with_a_size_that_cannot_be_is_told(self, tmp_path, size):
        for name in ("long name", "member"):
            member = tarfile.TarInfo("a.png" if name == "member" else "././@LongLink")
            member.type = tarfile.REGTYPE if name == "member" else tarfile.GNUTYPE_LONGNAME
            member.size = size
            data = member.tobuf(tarfile.GNU_FORMAT) + bytes(10_240)
            (tmp_path / "s.tar").write_bytes(data)
            webdataset_shards.members.cache_clear()
            with pytest.raises(InputError, match=r"damaged|not a plain file|cut short"):
                webdataset_shards.members(tmp_path / "s.tar")

    def test_a_large_member_is_rejected_unread(self, tmp_path, monkeypatch):
        path = write_tar(tmp_path / "s.tar", {"1.png": photograph(1)})
        monkeypatch.setattr(webdataset_shards, "LARGEST_FILE", 1000)
        ((row, _),) = manifest.ingest(sources.list_shards(str(path), None, None), 8, 10**6)
        assert "at most 1000 are read" in row["reason"]

    def test_names_of_shards(self, tmp_path):
        for name in ("00.tar", "01.tar", "02.tar", "x.txt"):
            (tmp_path / name).write_bytes(b"")
        every = [str(tmp_path / f"0{number}.tar") for number in range(3)]
        assert sources.shards_of(str(tmp_path)) == every
        assert sources.shards_of(f"{tmp_path}/*.tar") == every
        assert sources.shards_of(f"{tmp_path}/{{00..01}}.tar") == every[:2]
        assert sources.shards_of("https://a.example/{08..10}.tar?b=c") == [
            f"https://a.example/{number}.tar?b=c" for number in ("08", "09", "10")
        ]

    @pytest.mark.parametrize("path", ["none.tar", "{00..02}.tar", "a#b.tar", "*.tar"])
    def test_shards_that_are_not_there(self, tmp_path, path):
        (tmp_path / "00.tar").touch() if path != "*.tar" else None
        with pytest.raises(InputError, match=r"there is no shard|must not hold"):
            sources.shards_of(f"{tmp_path}/{path}")

    def test_shards_over_http(self, tmp_path):
        path = write_tar(tmp_path / "s.tar", {"1.png": photograph(1), "2.png": photograph(2)})
        data = path.read_bytes()
        with web.LocalServer() as server:
            server.answers = {"/00.tar": web.first(web.truncated(data), web.image(data)), "/01.tar": web.html}
            arguments = [
                *(sys.executable, PROJECT / "scripts/acquire_images.py", "--kind", "webdataset"),
                *("--path", server.url("/{00..01}.tar"), "--downloads", tmp_path / "downloads", "--max-pixels", "9"),
                *("--options", json.dumps({"allow_private_addresses": ["127.0.0.1"], "backoff": 0, "deadline": None})),
                *("--output", tmp_path / "acquisition.csv", "--summary", tmp_path / "summary.csv"),
            ]
            subprocess.run(arguments, check=True, capture_output=True)
            found = tables.read_rows(tmp_path / "acquisition.csv")
            assert [(row["status"], row["reason"]) for row in found] == [("ok", ""), ("unusable", "not a usable tar")]
            listing = [tmp_path / "acquisition.csv", tmp_path / "downloads"]
            rows = sources.list_shards(server.url("/00.tar"), *listing)
            assert [row["image_id"] for row in rows] == ["00-1", "00-2"]
            assert [row["reason"] for row, _ in manifest.ingest(rows, 8, 10**6)] == ["", ""]
            with pytest.raises(InputError, match=r"01.tar could not be fetched: unusable, not a usable tar"):
                sources.list_shards(server.url("/{00..01}.tar"), *listing)

    def test_their_limits_are_wider(self):
        assert Options.of({"deadline": None}, **FOR_SHARDS).deadline == 3600
        assert Options.of({"deadline": 7}, **FOR_SHARDS).deadline == 7


class TestPin:
    def ingested(self):
        rows = [dict.fromkeys(manifest.INGESTED_COLUMNS, "") | {"image_id": name} for name in "abcd"]
        for row in rows:
            row["sha256"] = hashlib.sha256(row["image_id"].encode()).hexdigest()
        rows[3] |= {"sha256": "", "reason": "dead: HTTP 404"}
        return rows

    def test_exactly_the_pinned_images_are_used(self):
        rows = self.ingested()
        pinned = {row["image_id"]: row["sha256"] for row in (rows[2], rows[0])}
        assert [row["image_id"] for row in pinning.select(rows, pinned)] == ["a", "c"]

    def test_what_is_missing_or_changed_is_named(self):
        rows = self.ingested()
        pinned = {"a": rows[0]["sha256"], "b": "0" * 64, "d": "1" * 64, "e": "2" * 64}
        with pytest.raises(InputError) as caught:
            pinning.select(rows, pinned)
        assert str(caught.value).splitlines() == [
            "of 4 pinned images 2 are missing and 1 have changed",
            f"changed: b: its SHA-256 is {rows[1]['sha256']}, not {'0' * 64}",
            "missing: d: dead: HTTP 404",
            "missing: e: not in the dataset",
        ]

    def test_a_manifest_is_a_pin(self):
        pinned = pinning.read(PROJECT / "resources/kodak/manifest.csv")
        assert len(pinned) == 24
        assert pinned["kodim01"] == hashlib.sha256(photograph(1)).hexdigest()

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("image_id\na\n", "no column 'sha256'"),
            ("image_id,sha256\n", "has no rows"),
            ("image_id,sha256\na,\n", "'a' has no SHA-256"),
            ("image_id,sha256\na,1\na,1\n", "'a' stands twice"),
        ],
    )
    def test_mistakes_are_told(self, tmp_path, text, message):
        (tmp_path / "pin.csv").write_text(text)
        with pytest.raises(InputError, match=message):
            pinning.read(tmp_path / "pin.csv")

    def test_only_pinned_urls_are_asked_for(self, tmp_path):
        with web.LocalServer() as server:
            server.answers = {f"/{number}": web.image(photograph(number)) for number in (1, 2)}
            urls = [server.url("/1"), server.url("/2")]
            (tmp_path / "table.tsv").write_text("".join(f"x\t{url}\n" for url in urls))
            (tmp_path / "pin.csv").write_text(f"image_id,sha256\n{sources.id_of_url(urls[1])},{'0' * 64}\n")
            arguments = [
                *(sys.executable, PROJECT / "scripts/acquire_images.py", "--kind", "tsv", "--max-pixels", "1000000"),
                *(
                    "--path",
                    tmp_path / "table.tsv",
                    "--downloads",
                    tmp_path / "downloads",
                    "--pin",
                    tmp_path / "pin.csv",
                ),
                *("--options", json.dumps({"allow_private_addresses": ["127.0.0.1"]})),
                *("--output", tmp_path / "acquisition.csv", "--summary", tmp_path / "summary.csv"),
            ]
            subprocess.run(arguments, check=True, capture_output=True)
            assert dict(server.requests) == {"/2": 1}
        assert [(row["status"], row["reason"]) for row in tables.read_rows(tmp_path / "acquisition.csv")] == [
            ("skipped", "not pinned"),
            ("ok", ""),
        ]
