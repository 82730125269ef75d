"""The manifest and the rejects."""

import random
from dataclasses import asdict

import pytest

from embedding_shift.data import pinning
from embedding_shift.data.listing import LeftOut, columns_in_use
from embedding_shift.data.manifest import (
    INGESTED_COLUMNS,
    MANIFEST_COLUMNS,
    REJECT_COLUMNS,
    IngestedImage,
    reject_rows,
    select,
    without_duplicates,
)
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def test_rows_are_read_as_they_were_written(tmp_path):
    images = [
        IngestedImage("a", "a.png", "0" * 64, "f" * 64, 4, 3, "c", "s", "r to s", label="d"),
        IngestedImage("b", "b.png", reason="no"),
    ]
    tables.write_rows(tmp_path / "t.csv", INGESTED_COLUMNS, map(asdict, images))
    assert [IngestedImage.from_row(row) for row in tables.read_rows(tmp_path / "t.csv")] == images


def test_a_table_without_labels_has_no_column_for_them():
    assert columns_in_use(MANIFEST_COLUMNS, ["", ""]) == MANIFEST_COLUMNS[:-1]
    assert columns_in_use(MANIFEST_COLUMNS, iter(["", "dog"])) == MANIFEST_COLUMNS


def usable(image_id):
    return IngestedImage(image_id, f"{image_id}.png")


def test_a_dataset_without_usable_images_is_rejected_with_the_first_reason():
    rows = [IngestedImage("b", "b.png", reason="empty"), IngestedImage("a", "a.png", reason="damaged")]
    with pytest.raises(InputError, match=r"none of 2 images is usable; a\.png: damaged"):
        select(rows)


def test_the_order_of_the_images_does_not_matter():
    rows = [usable(f"id{number}") for number in range(30)]
    expected = select(rows, 10)
    random.Random(0).shuffle(rows)
    assert select(rows, 10) == expected


def test_removing_an_image_changes_the_selection_by_at_most_one():
    rows = [usable(f"id{number}") for number in range(30)]
    chosen = {row.image_id for row in select(rows, 10)[0]}
    assert len(chosen) == 10
    for removed in rows:
        rest = [row for row in rows if row is not removed]
        now = {row.image_id for row in select(rest, 10)[0]}
        assert len(now - chosen) == (removed.image_id in chosen)


def test_a_smaller_selection_is_a_subset_of_a_larger_one():
    rows = [usable(f"id{number}") for number in range(30)]
    smaller, larger = ({row.image_id for row in select(rows, n)[0]} for n in (5, 20))
    assert smaller < larger


def test_all_images_are_used_if_there_are_too_few():
    assert len(select([usable("a"), usable("b")], 10)[0]) == 2


def with_pixels(image_id, pixels, **found):
    return IngestedImage(image_id, f"{image_id}.png", pixels_sha256=pixels, **found)


def test_of_images_with_the_same_pixels_the_first_is_used():
    rows = [with_pixels(image_id, pixels) for image_id, pixels in (("c", "1"), ("a", "1"), ("b", "2"), ("d", "1"))]
    rows += [IngestedImage("e", "e.png", reason="damaged"), IngestedImage("f", "f.png", reason="empty")]
    for _ in range(5):
        random.Random(0).shuffle(rows)
        used, rejected = select(without_duplicates(rows))
        assert [image.image_id for image in used] == ["a", "b"]
        assert {image.image_id: image.reason for image in rejected} == {
            "c": "same pixels as a",
            "d": "same pixels as a",
            "e": "damaged",
            "f": "empty",
        }


def test_pinned_images_go_before_others_with_the_same_pixels():
    rows = [with_pixels(image_id, "1", sha256=image_id) for image_id in "abc"]
    found = without_duplicates(rows, first={"b": "b"})
    assert {image.image_id: image.reason for image in found} == {
        "a": "same pixels as b",
        "b": "",
        "c": "same pixels as b",
    }
    assert [image.image_id for image in pinning.select(found, {"b": "b"})] == ["b"]
    with pytest.raises(
        InputError, match="1 have the same pixels as another\nrepeated: c: same pixels as b; `duplicates"
    ):
        pinning.select(without_duplicates(rows, first={"b", "c"}), {"b": "b", "c": "c"})


def test_rejects_and_other_files_are_counted_in_one_table():
    rows = list(reject_rows([IngestedImage("a", "a.png", reason="damaged")], [LeftOut("d", "not an image: .txt", 7)]))
    assert [[row[column] for column in REJECT_COLUMNS] for row in rows] == [
        ["a", "a.png", "damaged", 1],
        ["", "d", "not an image: .txt", 7],
    ]


def test_tables_are_read_as_they_were_written(tmp_path):
    rows = [{"image_id": "a", "caption": 'line\nbreak, "quotes", ü'}, {"image_id": "b", "caption": ""}]
    tables.write_rows(tmp_path / "t.csv", ["image_id", "caption"], rows)
    assert tables.read_rows(tmp_path / "t.csv") == rows
