"""The manifest and the rejects."""

import random
from dataclasses import asdict

import pytest

from embedding_shift.data.manifest import INGESTED_COLUMNS, IngestedImage, select
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def test_rows_are_read_as_they_were_written(tmp_path):
    images = [IngestedImage("a", "a.png", "0" * 64, 4, 3, "c", "s", "r to s"), IngestedImage("b", "b.png", reason="no")]
    tables.write_rows(tmp_path / "t.csv", INGESTED_COLUMNS, map(asdict, images))
    assert [IngestedImage.from_row(row) for row in tables.read_rows(tmp_path / "t.csv")] == images


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


def test_tables_are_read_as_they_were_written(tmp_path):
    rows = [{"image_id": "a", "caption": 'line\nbreak, "quotes", ü'}, {"image_id": "b", "caption": ""}]
    tables.write_rows(tmp_path / "t.csv", ["image_id", "caption"], rows)
    assert tables.read_rows(tmp_path / "t.csv") == rows
