"""Datasets of kind `webdataset`, and reading their tar files."""

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile

import http_server as web
import pytest
import webdataset
from image_files import photograph, write_tar
from pipeline import PROJECT

from embedding_shift.data import webdataset_shards
from embedding_shift.data.acquisition.options import FOR_SHARDS, Options
from embedding_shift.data.ingestion import ingest
from embedding_shift.data.sources import webdataset as webdataset_source
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def test_shards_written_by_webdataset_are_read_with_captions(tmp_path):
    with webdataset.TarWriter(str(tmp_path / "000.tar"), encoder=False) as writer:
        writer.write({"__key__": "a", "png": photograph(1), "txt": b"a caption\n"})
        record = json.dumps({"caption": "another", "url": "http://a.example/b.png"}).encode()
        writer.write({"__key__": "sub/b", "png": photograph(2), "json": record})
    rows = webdataset_source.list_images(str(tmp_path), None, None).images
    assert [(row.image_id, row.caption, row.source) for row in rows] == [
        ("000-a", "a caption", str(tmp_path / "000.tar")),
        ("000-sub-b", "another", "http://a.example/b.png"),
    ]


def test_a_sample_may_hold_several_images(tmp_path):
    files = {"1.left.png": b"x", "1.right.png": b"y", "1.txt": b"both"}
    rows = webdataset_source.list_images(str(write_tar(tmp_path / "s.tar", files)), None, None).images
    assert [(row.image_id, row.caption) for row in rows] == [("s-1-left", "both"), ("s-1-right", "both")]


def test_captions_of_keys_with_dots(tmp_path):
    """22.05.png is the image 22.05 in most tars, and the part 05 of the sample 22 for WebDataset."""
    files = {"22.05.png": b"x", "22.06.png": b"y", "22.05.txt": b"May", "22.06.json": b'{"caption": "June"}'}
    files |= {"f.g/23.05.png": b"z", "f.g/23.txt": b"all year", "f.g/23.07.TXT": b"July", "f.txt": b"not this"}
    rows, left_out = webdataset_source.list_images(str(write_tar(tmp_path / "s.tar", files)), None, None)
    found = [("s-22-05", "May"), ("s-22-06", "June"), ("s-f-g-23-05", "all year")]
    assert [(row.image_id, row.caption) for row in rows] == found
    assert [(entry.reason, entry.files) for entry in left_out] == [
        ("belongs to an image: .json", 1),
        ("belongs to an image: .txt", 2),
        ("not an image: .txt", 2),
    ]


def test_images_of_all_kinds_are_listed_and_hidden_members_counted(tmp_path):
    names = [
        "a.jfif",
        "c.HEIC",
        "d.cr2",
        "d.png",
        "日本/写真.jpg",
        "日本/写実.jpg",
        "__MACOSX/._a.jfif",
        "._c.HEIC",
        "e.npy",
    ]
    rows, left_out = webdataset_source.list_images(
        str(write_tar(tmp_path / "s.tar", dict.fromkeys(names, b"x"))), None, None
    )
    assert {row.image_id: row.reason for row in rows} == {
        "s-a": "",
        "s-c": "",
        "s-d": "",
        "s-d-cr2": "unsupported image: .cr2",
        "s-RiBen-XieShi": "",
        "s-RiBen-XieZhen": "",
    }
    assert [(entry.path, entry.reason, entry.files) for entry in left_out] == [
        (str(tmp_path / "s.tar"), "hidden file: ._*", 1),
        (str(tmp_path / "s.tar"), "in a system folder: __MACOSX", 1),
        (str(tmp_path / "s.tar"), "not an image: .npy", 1),
    ]


def test_of_names_that_differ_only_in_the_case_of_the_suffix_none_is_lost(tmp_path):
    path = write_tar(tmp_path / "s.tar", {"a.png": b"x", "a.PNG": b"y"})
    with pytest.raises(InputError, match=r"'s-a' occurs twice, for .*a\.png and .*a\.PNG"):
        webdataset_source.list_images(str(path), None, None)


def test_members_are_read_without_unpacking(tmp_path):
    files = {"x/1.png": photograph(1), "x/1.txt": b"one", "2.JPG": photograph(2), "2.json": b'{"caption": "two"}'}
    path = write_tar(tmp_path / "s.tar", files)
    rows = webdataset_source.list_images(str(path), None, None).images
    assert [(row.image_id, row.path, row.caption) for row in rows] == [
        ("s-2", f"{path}#2.JPG", "two"),
        ("s-x-1", f"{path}#x/1.png", "one"),
    ]
    found = [(row, view) for row, view in ingest(rows, 8, 10**6)]
    assert [row.sha256 for row, _ in found] == [hashlib.sha256(photograph(n)).hexdigest() for n in (2, 1)]
    assert all(view.pixels.shape == (8, 8, 3) for _, view in found)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["s.tar"]


def test_members_of_a_pax_tar_are_read(tmp_path):
    long_name = "/".join(["folder" * 10] * 5) + "/ü.bin"
    files = {"empty.bin": b"", "odd.bin": b"x" * 513, long_name: b"y" * 1024}
    path = write_tar(tmp_path / "s.tar", files, format=tarfile.PAX_FORMAT)
    assert {name: webdataset_shards.read(path, name) for name in webdataset_shards.members(path)} == files


@pytest.mark.parametrize("name", ["/etc/passwd.png", "../out.png", "a/../../out.png"])
def test_members_that_leave_the_shard_are_rejected(tmp_path, name):
    path = write_tar(tmp_path / "s.tar", {name: b"x"})
    with pytest.raises(InputError, match="leaves the shard"):
        webdataset_shards.members(path)


def test_links_are_rejected(tmp_path):
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        member = tarfile.TarInfo("a.png")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(InputError, match=r"'a.png' is not a plain file"):
        webdataset_shards.members(tmp_path / "s.tar")


def test_a_name_that_occurs_twice_is_rejected(tmp_path):
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        for _ in range(2):
            archive.addfile(tarfile.TarInfo("a.png"))
    with pytest.raises(InputError, match="occurs twice"):
        webdataset_shards.members(tmp_path / "s.tar")


@pytest.mark.parametrize("size", [0, 100, 512, 700, 1024, 1500, 2048, 2500])
def test_a_truncated_shard_is_rejected(tmp_path, size):
    path = write_tar(tmp_path / "s.tar", {"a.txt": b"x" * 600, "b.txt": b"y" * 600})
    (tmp_path / "cut.tar").write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputError, match="truncated"):
        webdataset_shards.members(tmp_path / "cut.tar")


def test_a_damaged_header_does_not_hide_what_follows(tmp_path):
    path = write_tar(tmp_path / "s.tar", {"a.txt": b"x", "b.txt": b"y"})
    data = bytearray(path.read_bytes())
    data[1024 + 10] ^= 255
    (tmp_path / "bad.tar").write_bytes(data)
    with pytest.raises(InputError, match="damaged at byte 1024"):
        webdataset_shards.members(tmp_path / "bad.tar")


def test_compressed_shards_are_rejected(tmp_path):
    (tmp_path / "s.tar").write_bytes(gzip.compress(write_tar(tmp_path / "t.tar", {"a.png": b"x"}).read_bytes()))
    with pytest.raises(InputError, match="not an uncompressed tar"):
        webdataset_shards.members(tmp_path / "s.tar")


def test_shards_without_images_and_colliding_ids_are_rejected(tmp_path):
    path = write_tar(tmp_path / "s.tar", {"a.txt": b"x"})
    with pytest.raises(InputError, match="no image in"):
        webdataset_source.list_images(str(path), None, None)
    path = write_tar(tmp_path / "t.tar", {"a.png": b"x", "a.jpg": b"y"})
    with pytest.raises(InputError, match="'t-a' occurs twice"):
        webdataset_source.list_images(str(path), None, None)


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
def test_malformed_texts_are_rejected(tmp_path, name, data):
    files = {"a.png": b"x", "a.json": data} if name == "a.png" else {"a.png": b"x", name: data}
    path = write_tar(tmp_path / "s.tar", files)
    with pytest.raises(InputError, match=name):
        webdataset_source.list_images(str(path), None, None)


@pytest.mark.parametrize("size", [2**60, 2**70, -512])
def test_a_header_with_an_impossible_size_is_rejected(tmp_path, size):
    for name in ("long name", "member"):
        member = tarfile.TarInfo("a.png" if name == "member" else "././@LongLink")
        member.type = tarfile.REGTYPE if name == "member" else tarfile.GNUTYPE_LONGNAME
        member.size = size
        data = member.tobuf(tarfile.GNU_FORMAT) + bytes(10_240)
        (tmp_path / "s.tar").write_bytes(data)
        webdataset_shards.members.cache_clear()
        with pytest.raises(InputError, match=r"damaged|not a plain file|truncated"):
            webdataset_shards.members(tmp_path / "s.tar")


def test_a_large_member_is_rejected_without_being_read(tmp_path, monkeypatch):
    path = write_tar(tmp_path / "s.tar", {"1.png": photograph(1)})
    monkeypatch.setattr(webdataset_shards, "LARGEST_FILE", 1000)
    ((row, _),) = ingest(webdataset_source.list_images(str(path), None, None).images, 8, 10**6)
    assert "at most 1000 are read" in row.reason


def test_patterns_are_expanded(tmp_path):
    for name in ("00.tar", "01.tar", "02.tar", "x.txt"):
        (tmp_path / name).write_bytes(b"")
    every = [str(tmp_path / f"0{number}.tar") for number in range(3)]
    assert webdataset_source.expand(str(tmp_path)) == every
    assert webdataset_source.expand(f"{tmp_path}/*.tar") == every
    assert webdataset_source.expand(f"{tmp_path}/{{00..01}}.tar") == every[:2]
    assert webdataset_source.expand("https://a.example/{08..10}.tar?b=c") == [
        f"https://a.example/{number}.tar?b=c" for number in ("08", "09", "10")
    ]


@pytest.mark.parametrize("path", ["none.tar", "{00..02}.tar", "a#b.tar", "*.tar"])
def test_missing_shards_are_rejected(tmp_path, path):
    (tmp_path / "00.tar").touch() if path != "*.tar" else None
    with pytest.raises(InputError, match=r"there is no shard|must not contain"):
        webdataset_source.expand(f"{tmp_path}/{path}")


def test_shards_over_http(tmp_path):
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
        rows = webdataset_source.list_images(server.url("/00.tar"), *listing).images
        assert [row.image_id for row in rows] == ["00-1", "00-2"]
        assert [row.reason for row, _ in ingest(rows, 8, 10**6)] == ["", ""]
        with pytest.raises(InputError, match=r"01.tar could not be fetched: unusable, not a usable tar"):
            webdataset_source.list_images(server.url("/{00..01}.tar"), *listing)


def test_the_limits_of_shards_are_wider():
    assert Options.of({"deadline": None}, **FOR_SHARDS).deadline == 3600
    assert Options.of({"deadline": 7}, **FOR_SHARDS).deadline == 7
