"""Datasets of kind `csv`."""

import hashlib
import random

import pytest
from image_files import ingested, write_image, write_table

from embedding_shift.data.sources import csv_table
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def test_rows_without_an_id_get_unique_ids(tmp_path):
    for name in ("写真.png", "日本.png", "a.png", "a.jpg"):
        write_image(tmp_path / name)
    rows, views = ingested(csv_table.list_images(write_table(tmp_path, "path\n写真.png\n日本.png\na.png\na.jpg\n.\n")))
    assert {"a-png", "a-jpg"} < set(views) and len(views) == 4
    assert rows["_"].reason == "this is a folder"


def test_all_columns_are_read(tmp_path):
    digest = hashlib.sha256(write_image(tmp_path / "images/a.png").read_bytes()).hexdigest()
    header, row = "image_id,path,sha256,caption,source,label", f'one,images/a.png,{digest},"A ""b"", c",here, 犬 🐕 '
    table = write_table(tmp_path, f"{header}\n{row}\n")
    (row,) = csv_table.list_images(table).images
    assert row.path == (tmp_path / "images/a.png").as_posix()
    assert (row.image_id, row.sha256, row.caption, row.source) == ("one", digest, 'A "b", c', "here")
    assert row.label == "犬 🐕"


def test_only_the_path_is_required(tmp_path):
    rows = csv_table.list_images(write_table(tmp_path, "\ufeffpath\nimages/b.png\nimages/a.png\n")).images
    assert [row.image_id for row in rows] == ["images-a", "images-b"]


def test_the_order_of_the_rows_does_not_matter(tmp_path):
    lines = [f"id{number},images/{number}.png" for number in range(20)]
    listing = csv_table.list_images(write_table(tmp_path, "\n".join(["image_id,path", *lines])))
    random.Random(0).shuffle(lines)
    assert csv_table.list_images(write_table(tmp_path, "\n".join(["image_id,path", *lines]))) == listing


def test_columns_without_a_name_are_ignored(tmp_path):
    """Spreadsheets write such columns."""
    (row,) = csv_table.list_images(write_table(tmp_path, "image_id,path,,\na,1.png,,\n")).images
    assert row.image_id == "a"


UNCLOSED = 'image_id,path,caption\n0,0.png,fine\n1,a.png,"a 5"" tall\n2,b.png,ok\n3,c.png,ok\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image_id,path\na,1.png\na,2.png\n", r"image id 'a' occurs twice, for .*1\.png and .*2\.png"),
        ("image_id,file\na,1.png\n", r"has no column 'path'; its columns are image_id, file"),
        ("image_id,path\n", r"has no rows"),
        ("", r"has no rows"),
        ("image_id,path\na,1.png,more\n", r"line 2: the number of fields differs from that of the header"),
        ("image_id,path\na,1.png\nb\n", r"line 3: the number of fields differs from that of the header"),
        ("image_id,path\na/b,1.png\n", r"image id 'a/b'; allowed are up to 200 letters, digits, '_' and '-'"),
        ("image_id,path\na,\n", r"line 2: the path is empty"),
        ("path\n\n,\n", r"line 3: the number of fields"),
        ('image_id,path,caption\na,1.png,"two\nlines"\nb,,\n', r"line 4: the path is empty"),
        (UNCLOSED, r"line 3: the row cannot be read as CSV: .*a field that begins with a quote must end with one"),
        ('path,caption\n1.png,"a 5" tall\n2.png,ok\n', r"line 2: the row cannot be read as CSV: "),
        ('path,caption\n1.png,"tall\n2.png,"ok"\n', r"line 2: the row cannot be read as CSV: "),
        ('path,"caption\n1.png,ok\n', r"line 1: the row cannot be read as CSV: "),
        ("path,caption,path\n1.png,ok,2.png\n", r"line 1: the column 'path' occurs twice"),
        ("\npath,caption,caption\n1.png,ok,ok\n", r"line 2: the column 'caption' occurs twice"),
        (f"image_id,path,caption\na,1.png,{'x' * 10_001}\n", r"line 2: the caption is longer than 10000"),
        (f"image_id,path\na,{'x' * 1_000_001}\n", r"cannot be read as CSV"),
    ],
)
def test_messages_name_the_file_and_the_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as error:
        csv_table.list_images(write_table(tmp_path, text))
    assert "images.csv" in str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('image_id,path,caption\n1,a.png,"tall\n2,b.png,ok"\n3,c.png,ok\n', 3),
        ('image_id,path,caption\n1,a.png,"tall\n2,b.png,"\n3,c.png,ok\n', 3),
        ('image_id,path,caption\r\n1,a.png,"tall\r\n2,b.png,5"" long\r\n3,c.png,"\r\n', 3),
        ('caption,path\n"tall,a.png\n",b.png\n', 2),
        ('path,caption\na.png,"x, y"\nb.png,"tall\n,\nc.png,ok\n"\n', 5),
        ('path,caption,,\na.png,"tall,,\nb.png,ok,,",,\n', 3),
        ('path\n"a.png\nb.png"\n', 3),
        ('path,caption\nphoto,"tall\nphoto,"\n', 3),
    ],
)
def test_rows_that_a_stray_quote_swallowed_are_found(tmp_path, text, line):
    """The table is CSV, because another quote further down happens to end the field."""
    (tmp_path / "photo").touch()
    table = tmp_path / "images.csv"
    table.write_text(text, newline="")
    with pytest.raises(InputError, match=f"a field in quotes extends over several lines, of which line {line} reads"):
        csv_table.list_images(table)


@pytest.mark.parametrize(
    "caption",
    [
        "two\nlines",
        "A cat, a dog\nand a bird, asleep",
        "left, b.png, right\nleft, c.png, right",
        "a list:\n1, b.png\n2, c.png",
        "a,b\nc,d\n",
        "\n\n",
        '"quoted"\n"lines"',
        "see b.png\nb.png",
        "see also\nb.png, taken at dawn, and c.png",
    ],
)
@pytest.mark.parametrize(
    "columns", [["image_id", "path", "caption"], ["caption", "path", "image_id"], ["path", "caption"]]
)
def test_captions_of_several_lines_are_read(tmp_path, columns, caption):
    rows = [{"image_id": name, "path": f"{name}.png", "caption": caption} for name in "ab"]
    tables.write_rows(tmp_path / "images.csv", columns, rows)
    assert [row.caption for row in csv_table.list_images(tmp_path / "images.csv").images] == [caption] * 2


def test_a_file_that_is_not_a_table_is_rejected(tmp_path):
    (tmp_path / "images.csv").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(InputError, match=r"images\.csv cannot be read as CSV in UTF-8"):
        csv_table.list_images(tmp_path / "images.csv")


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_a_missing_table_and_a_folder_are_rejected(tmp_path, name):
    with pytest.raises(InputError, match=r"there is no file"):
        csv_table.list_images(tmp_path / name)
