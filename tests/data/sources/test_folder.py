"""Datasets of kind `folder`."""

import hashlib
import os
from pathlib import Path

import pytest
from image_files import ingested, write_image

from embedding_shift.data.sources import folder as folders
from embedding_shift.errors import InputError
from embedding_shift.io import shards


def test_subfolders_are_searched_and_images_are_sorted(tmp_path):
    write_image(tmp_path / "b.png")
    write_image(tmp_path / "inner/a.JPG")
    (tmp_path / "notes.txt").write_text("no image")
    rows = folders.list_images(tmp_path).images
    assert [row.image_id for row in rows] == ["b", "inner-a"]
    assert rows[1].path == (tmp_path / "inner/a.JPG").as_posix()


def test_files_that_would_share_an_id_keep_their_suffix(tmp_path):
    for name in ("a.png", "a.jpg", "b.png"):
        write_image(tmp_path / name)
    assert [row.image_id for row in folders.list_images(tmp_path).images] == ["a-jpg", "a-png", "b"]


def test_names_in_other_scripts_get_ids_that_a_person_recognises(tmp_path):
    expected = {
        "ümlaut 图.PNG": "umlaut-Tu",
        "日本/写真.jpg": "RiBen-XieZhen",
        "日本/写実.jpg": "RiBen-XieShi",
        "Размытие.png": "Razmytie",
    }
    for name in expected:
        write_image(tmp_path / name)
    rows = folders.list_images(tmp_path).images
    assert {str(Path(row.path).relative_to(tmp_path)): row.image_id for row in rows} == expected


def test_suffixes_of_images_are_recognised_in_every_spelling(tmp_path):
    names = ["a.jfif", "b.HEIC", "c.JPE", "d.hif", "e.pjpeg", "f.APNG", "g.Jxl", "h.j2c", "i.tif"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert [row.image_id for row in folders.list_images(tmp_path).images] == list("abcdefghi")


def test_images_of_unsupported_kinds_are_rejected_and_do_not_change_other_ids(tmp_path):
    for name in ("a.jpg", "a.CR2", "b.psd"):
        (tmp_path / name).write_bytes(b"")
    rows = folders.list_images(tmp_path).images
    expected = {"a": "", "a-CR2": "unsupported image: .cr2", "b": "unsupported image: .psd"}
    assert {row.image_id: row.reason for row in rows} == expected


def test_the_message_on_a_folder_without_images_says_what_it_holds(tmp_path):
    for name in ("a.txt", "b.txt", ".c.png", "d.psd"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"files found: 1 × hidden file, 2 × not an image: \.txt"):
        folders.list_images(tmp_path)


def test_a_folder_without_images_is_rejected(tmp_path):
    with pytest.raises(InputError, match=r"no image in .*; known suffixes are .*\.png"):
        folders.list_images(tmp_path)


def test_a_missing_folder_is_rejected(tmp_path):
    with pytest.raises(InputError, match=r"there is no folder .*absent"):
        folders.list_images(tmp_path / "absent")


def test_the_id_of_a_long_path_works_as_a_key_in_a_shard(tmp_path):
    write_image(tmp_path / ("d" * 90) / ("e" * 90 + ".png"))
    _, views = ingested(folders.list_images(tmp_path))
    shards.write(tmp_path / "shard.tar", views.values())
    (read,) = shards.read(tmp_path / "shard.tar")
    assert read.image_id == "d" * 90 + "-" + "e" * 90


def test_a_path_too_long_for_an_id_is_cut_and_hashed(tmp_path):
    path = write_image(tmp_path / ("d" * 150) / ("e" * 150 + ".png"))
    (row,) = folders.list_images(tmp_path).images
    digest = hashlib.sha256(path.relative_to(tmp_path).as_posix().encode()).hexdigest()
    assert row.image_id == "d" * 150 + "-" + "e" * 32 + "-" + digest[:16]


def test_a_name_that_is_not_utf_8_is_rejected(tmp_path):
    with open(bytes(tmp_path) + b"/\xff.png", "wb"):
        pass
    with pytest.raises(InputError, match=r"not UTF-8"):
        folders.list_images(tmp_path)


def test_a_folder_named_like_an_image_is_rejected(tmp_path):
    (tmp_path / "a.png").mkdir()
    rows, _ = ingested(folders.list_images(tmp_path))
    assert rows["a"].reason == "this is a folder"


def test_a_link_that_leaves_the_folder_is_rejected(tmp_path):
    write_image(tmp_path / "secret.png")
    folder = tmp_path / "folder"
    write_image(folder / "a.png")
    (folder / "b.png").symlink_to(tmp_path / "secret.png")
    (folder / "c.png").symlink_to(folder / "a.png")
    rows, views = ingested(folders.list_images(folder))
    assert rows["b"].reason == "the path leaves the dataset's folder folder"
    assert set(views) == {"a", "c"}


def test_circular_links_are_rejected(tmp_path):
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    rows, views = ingested(folders.list_images(tmp_path))
    assert rows["a"].reason
    assert not views


def test_links_to_folders_and_special_files_are_rejected(tmp_path):
    write_image(tmp_path / "elsewhere/a.png")
    folder = tmp_path / "folder"
    write_image(folder / "a.png")
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "pipe.png")
    rows, views = ingested(folders.list_images(folder))
    assert rows["more"].reason == "a link to a folder is not followed"
    assert rows["pipe"].reason == "this is not a regular file"
    assert set(views) == {"a"}


def test_links_in_hidden_folders_are_counted(tmp_path):
    write_image(tmp_path / "folder/a.png")
    (tmp_path / "folder/.cache").mkdir()
    (tmp_path / "folder/.cache/more").symlink_to(tmp_path)
    rows, left_out = folders.list_images(tmp_path / "folder")
    assert [row.image_id for row in rows] == ["a"]
    assert [(entry.reason, entry.files) for entry in left_out] == [("in a hidden folder", 1)]
