"""From a folder or a table to the manifest and the rejects."""

import hashlib
import os
import random
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_shift.data import manifest
from embedding_shift.errors import InputError
from embedding_shift.io import shards, tables


def write_image(path, value=0, size=(6, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))
    return path


def write_table(folder, text):
    table = folder / "images.csv"
    table.write_text(text, encoding="utf-8")
    return table


def ingested(rows, size=8, max_pixels=1000):
    """The ingested rows and views, by image id."""
    pairs = list(manifest.ingest(rows, size, max_pixels))
    return {row["image_id"]: row for row, _ in pairs}, {view.image_id: view for _, view in pairs if view is not None}


def reason_of(table):
    (row,), views = ingested(manifest.list_table(table))[0].values(), ingested(manifest.list_table(table))[1]
    assert not views
    return row["reason"]


def usable(image_id):
    return dict.fromkeys(manifest.INGESTED_COLUMNS, "") | {"image_id": image_id, "path": f"{image_id}.png"}


class TestFolder:
    def test_it_is_searched_recursively_and_sorted(self, tmp_path):
        write_image(tmp_path / "b.png")
        write_image(tmp_path / "inner/a.JPG")
        (tmp_path / "notes.txt").write_text("no image")
        rows = manifest.list_folder(tmp_path)
        assert [row["image_id"] for row in rows] == ["b", "inner-a"]
        assert rows[1]["path"] == (tmp_path / "inner/a.JPG").as_posix()

    def test_files_that_would_share_an_id_keep_their_suffix(self, tmp_path):
        for name in ("a.png", "a.jpg", "b.png"):
            write_image(tmp_path / name)
        assert [row["image_id"] for row in manifest.list_folder(tmp_path)] == ["a-jpg", "a-png", "b"]

    def test_names_that_differ_in_other_characters_alone_are_told_apart_by_a_hash(self, tmp_path):
        for name in ("写真.png", "絵画.png", "a.png"):
            write_image(tmp_path / name)
        rows = manifest.list_folder(tmp_path)
        ids = {Path(row["path"]).name: row["image_id"] for row in rows}
        digests = {name: hashlib.sha256(name.encode()).hexdigest()[:16] for name in ids}
        assert ids == {"a.png": "a"} | {name: f"---png-{digests[name]}" for name in ("写真.png", "絵画.png")}

    @settings(deadline=None)
    @given(st.sets(st.text("a-é.b/", min_size=1, max_size=220), min_size=1, max_size=8))
    def test_every_path_gets_an_id_of_its_own(self, texts):
        names = {PurePosixPath("top", *text.split("/"), "x.png") for text in texts}
        ids = manifest.folder_ids(sorted(names))
        assert ids.keys() == names
        assert len(set(ids.values())) == len(names)
        assert all(manifest.IMAGE_ID.fullmatch(image_id) for image_id in ids.values())

    def test_an_empty_folder_is_told(self, tmp_path):
        with pytest.raises(InputError, match=r"no image in .*; known suffixes are .*\.png"):
            manifest.list_folder(tmp_path)

    def test_an_absent_folder_is_told(self, tmp_path):
        with pytest.raises(InputError, match=r"there is no folder .*absent"):
            manifest.list_folder(tmp_path / "absent")

    def test_a_long_path_makes_a_usable_id(self, tmp_path):
        write_image(tmp_path / ("d" * 90) / ("e" * 90 + ".png"))
        _, views = ingested(manifest.list_folder(tmp_path))
        shards.write(tmp_path / "shard.tar", views.values())
        (read,) = shards.read(tmp_path / "shard.tar")
        assert read.image_id == "d" * 90 + "-" + "e" * 90

    def test_a_path_too_long_for_an_id_is_cut_and_hashed(self, tmp_path):
        path = write_image(tmp_path / ("d" * 150) / ("e" * 150 + ".png"))
        (row,) = manifest.list_folder(tmp_path)
        digest = hashlib.sha256(path.relative_to(tmp_path).as_posix().encode()).hexdigest()
        assert row["image_id"] == "d" * 150 + "-" + "e" * 32 + "-" + digest[:16]

    def test_a_name_that_is_not_utf_8_is_told(self, tmp_path):
        with open(bytes(tmp_path) + b"/\xff.png", "wb"):
            pass
        with pytest.raises(InputError, match=r"not UTF-8"):
            manifest.list_folder(tmp_path)

    def test_a_folder_named_like_an_image_is_rejected(self, tmp_path):
        (tmp_path / "a.png").mkdir()
        rows, _ = ingested(manifest.list_folder(tmp_path))
        assert rows["a"]["reason"] == "this is a folder"

    def test_a_link_that_leaves_it_is_rejected(self, tmp_path):
        write_image(tmp_path / "secret.png")
        folder = tmp_path / "folder"
        write_image(folder / "a.png")
        (folder / "b.png").symlink_to(tmp_path / "secret.png")
        (folder / "c.png").symlink_to(folder / "a.png")
        rows, views = ingested(manifest.list_folder(folder))
        assert rows["b"]["reason"] == "the path leaves the dataset's folder folder"
        assert set(views) == {"a", "c"}

    def test_links_in_a_circle_are_rejected(self, tmp_path):
        (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
        (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
        rows, views = ingested(manifest.list_folder(tmp_path))
        assert rows["a"]["reason"]
        assert not views

    def test_links_to_folders_and_what_is_no_file_are_rejected(self, tmp_path):
        write_image(tmp_path / "elsewhere/a.png")
        folder = tmp_path / "folder"
        write_image(folder / "a.png")
        (folder / "more").symlink_to(tmp_path / "elsewhere")
        os.mkfifo(folder / "pipe.png")
        rows, views = ingested(manifest.list_folder(folder))
        assert rows["more"]["reason"] == "a link to a folder is not followed"
        assert rows["pipe"]["reason"] == "this is no plain file"
        assert set(views) == {"a"}


class TestTable:
    def test_rows_without_an_id_get_one_of_their_own(self, tmp_path):
        for name in ("写真.png", "日本.png", "a.png", "a.jpg"):
            write_image(tmp_path / name)
        rows, views = ingested(
            manifest.list_table(write_table(tmp_path, "path\n写真.png\n日本.png\na.png\na.jpg\n.\n"))
        )
        assert {"a-png", "a-jpg"} < set(views) and len(views) == 4
        assert rows["_"]["reason"] == "this is a folder"

    def test_its_columns_are_taken_over(self, tmp_path):
        digest = hashlib.sha256(write_image(tmp_path / "images/a.png").read_bytes()).hexdigest()
        table = write_table(
            tmp_path, f'image_id,path,sha256,caption,source\none,images/a.png,{digest},"A ""b"", c",here\n'
        )
        (row,) = manifest.list_table(table)
        assert row["path"] == (tmp_path / "images/a.png").as_posix()
        assert (row["image_id"], row["sha256"], row["caption"], row["source"]) == ("one", digest, 'A "b", c', "here")

    def test_only_the_path_is_needed(self, tmp_path):
        rows = manifest.list_table(write_table(tmp_path, "\ufeffpath\nimages/b.png\nimages/a.png\n"))
        assert [row["image_id"] for row in rows] == ["images-a", "images-b"]

    def test_a_shuffled_table_gives_the_same_listing(self, tmp_path):
        lines = [f"id{number},images/{number}.png" for number in range(20)]
        listing = manifest.list_table(write_table(tmp_path, "\n".join(["image_id,path", *lines])))
        random.Random(0).shuffle(lines)
        assert manifest.list_table(write_table(tmp_path, "\n".join(["image_id,path", *lines]))) == listing

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("image_id,path\na,1.png\na,2.png\n", r"image id 'a' stands twice, for .*1\.png and .*2\.png"),
            ("image_id,file\na,1.png\n", r"has no column 'path'; its columns are image_id, file"),
            ("image_id,path\n", r"has no rows"),
            ("", r"has no rows"),
            ("image_id,path\na,1.png,more\n", r"line 2: its number of fields is not that of the header"),
            ("image_id,path\na,1.png\nb\n", r"line 3: its number of fields is not that of the header"),
            ("image_id,path\na/b,1.png\n", r"image id 'a/b'; allowed are up to 200 letters, digits, '_' and '-'"),
            ("image_id,path\na,\n", r"line 2: the path is empty"),
            ("path\n\n,\n", r"line \d: "),
            (f"image_id,path,caption\na,1.png,{'x' * 10_001}\n", r"line 2: the caption is longer than 10000"),
            (f"image_id,path\na,{'x' * 1_000_001}\n", r"cannot be read as CSV"),
        ],
    )
    def test_what_is_wrong_is_told_with_the_file(self, tmp_path, text, message):
        with pytest.raises(InputError, match=message) as error:
            manifest.list_table(write_table(tmp_path, text))
        assert "images.csv" in str(error.value)

    def test_a_file_that_is_no_table_is_told(self, tmp_path):
        (tmp_path / "images.csv").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
        with pytest.raises(InputError, match=r"images\.csv cannot be read as CSV in UTF-8"):
            manifest.list_table(tmp_path / "images.csv")

    @pytest.mark.parametrize("name", ["absent.csv", "."])
    def test_an_absent_table_or_a_folder_is_told(self, tmp_path, name):
        with pytest.raises(InputError, match=r"there is no file"):
            manifest.list_table(tmp_path / name)


class TestIngest:
    def test_a_usable_image_is_described_and_resized(self, tmp_path):
        data = write_image(tmp_path / "a.png", 9, size=(6, 4)).read_bytes()
        rows, views = ingested(manifest.list_folder(tmp_path))
        assert (rows["a"]["width"], rows["a"]["height"], rows["a"]["reason"]) == (4, 6, "")
        assert rows["a"]["sha256"] == hashlib.sha256(data).hexdigest() == views["a"].record["image_sha256"]
        assert np.array_equal(views["a"].pixels, np.full((8, 8, 3), 9, np.uint8))

    def test_an_absent_path_is_rejected(self, tmp_path):
        assert reason_of(write_table(tmp_path, "path\nabsent.png\n")) == "there is no such file"

    @pytest.mark.parametrize("path", ["../secret.png", "/etc/hostname", "inner/../../secret.png"])
    def test_a_path_that_leaves_the_folder_is_rejected(self, tmp_path, path):
        write_image(tmp_path / "secret.png")
        (tmp_path / "data/inner").mkdir(parents=True)
        table = write_table(tmp_path / "data", f"image_id,path\na,{path}\n")
        assert reason_of(table) == "the path leaves the dataset's folder data"

    @pytest.mark.parametrize("path", ["x" * 300 + ".png", "a.png/b.png", "nul\0.png"])
    def test_a_path_that_cannot_be_is_rejected(self, tmp_path, path):
        write_image(tmp_path / "a.png")
        assert reason_of(write_table(tmp_path, f"image_id,path\na,{path}\n"))

    def test_a_wrong_checksum_is_rejected_with_both(self, tmp_path):
        digest = hashlib.sha256(write_image(tmp_path / "a.png").read_bytes()).hexdigest()
        table = write_table(tmp_path, f"path,sha256\na.png,{'0' * 64}\n")
        assert reason_of(table) == f"its SHA-256 is {digest}, not {'0' * 64}"

    def test_a_checksum_in_capitals_is_the_same(self, tmp_path):
        digest = hashlib.sha256(write_image(tmp_path / "a.png").read_bytes()).hexdigest()
        rows, views = ingested(manifest.list_table(write_table(tmp_path, f"path,sha256\na.png,{digest.upper()}\n")))
        assert set(views) == {"a"}
        assert rows["a"]["sha256"] == digest

    def test_bad_images_are_rejected_and_the_others_used(self, tmp_path):
        good = write_image(tmp_path / "good.png", size=(30, 30)).read_bytes()
        (tmp_path / "cut.png").write_bytes(good[:-30])
        (tmp_path / "text.jpg").write_text("only words")
        (tmp_path / "empty.png").touch()
        write_image(tmp_path / "large.png", size=(40, 40))
        rows, views = ingested(manifest.list_folder(tmp_path))
        chosen, rejects = manifest.select(rows.values())
        assert [row["image_id"] for row in chosen] == list(views) == ["good"]
        reasons = {row["image_id"]: row["reason"] for row in rejects}
        assert list(reasons) == ["cut", "empty", "large", "text"]
        assert reasons["cut"].startswith("damaged image: ")
        assert reasons["text"] == "not an image in a known format"
        assert reasons["empty"] == "the file is empty"
        assert reasons["large"] == "40×40 pixels; at most 1000 pixels are allowed"


class TestSelect:
    def test_no_usable_image_is_told_with_the_first_reason(self):
        rows = [usable("b") | {"reason": "empty"}, usable("a") | {"reason": "torn"}]
        with pytest.raises(InputError, match=r"none of 2 images is usable; a\.png: torn"):
            manifest.select(rows)

    def test_order_of_the_rows_does_not_matter(self):
        rows = [usable(f"id{number}") for number in range(30)]
        expected = manifest.select(rows, 10)
        random.Random(0).shuffle(rows)
        assert manifest.select(rows, 10) == expected

    def test_a_subset_hardly_changes_when_an_image_vanishes(self):
        rows = [usable(f"id{number}") for number in range(30)]
        chosen = {row["image_id"] for row in manifest.select(rows, 10)[0]}
        assert len(chosen) == 10
        for vanished in rows:
            rest = [row for row in rows if row is not vanished]
            now = {row["image_id"] for row in manifest.select(rest, 10)[0]}
            assert len(now - chosen) == (vanished["image_id"] in chosen)

    def test_a_smaller_subset_lies_in_a_larger_one(self):
        rows = [usable(f"id{number}") for number in range(30)]
        smaller, larger = ({row["image_id"] for row in manifest.select(rows, n)[0]} for n in (5, 20))
        assert smaller < larger

    def test_more_than_there_are_is_all(self):
        assert len(manifest.select([usable("a"), usable("b")], 10)[0]) == 2


def test_tables_are_read_as_they_were_written(tmp_path):
    rows = [{"image_id": "a", "caption": 'line\nbreak, "quotes", ü'}, {"image_id": "b", "caption": ""}]
    tables.write_rows(tmp_path / "t.csv", ["image_id", "caption"], rows)
    assert tables.read_rows(tmp_path / "t.csv") == rows
