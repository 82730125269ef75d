"""Given pairs: originals are matched with their counterparts, and every file is used, rejected or counted."""

import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_files import ingested, write_image, write_table
from PIL import Image
from test_nothing_is_lost import campaign

from embedding_shift.data import counterparts, manifest
from embedding_shift.data.reject_reasons import without_details
from embedding_shift.data.sources import folder
from embedding_shift.errors import InputError

ORIENTATION = 0x0112  # tag of Exif


def write(root, *names):
    for place, name in enumerate(names):
        write_image(root / name, value=40 * place)


def matched(tmp_path, originals, given_files):
    """{image id: (name of the counterpart's file, reason)}, and {name of another file: reason}."""
    write(tmp_path / "o", *originals)
    write(tmp_path / "c", *given_files)
    found = counterparts.match(folder.list_images(tmp_path / "o").images, "c", tmp_path / "c")
    images = {image.image_id: (Path(image.path).name, image.reason) for image in found.images}
    return images, {Path(entry.path).name: entry.reason for entry in found.left_out}


def test_the_suffix_may_differ_and_folders_count(tmp_path):
    images, others = matched(tmp_path, ["a.png", "f/a.jpg", "b.c.png"], ["a.jpg", "f/a.png", "b.c.bmp"])
    assert images == {"a": ("a.jpg", ""), "f-a": ("a.png", ""), "b-c": ("b.c.bmp", "")}
    assert others == {}


def test_originals_in_a_table_keep_their_captions_and_may_share_a_file(tmp_path):
    write(tmp_path, "o/f/a.png", "o/b.png", "c/f/a.png", "c/b.png", "c/unlisted.png", "secret.png")
    rows = ["path,image_id,caption", "f/a.png,first,A & B", "f/a.png,again,C", "b.png,b,", "../secret.png,s,", ".,dot,"]
    originals = counterparts.list_originals(str(write_table(tmp_path / "o", "\n".join(rows) + "\n")))
    assert {image.image_id: image.caption for image in originals.images}["first"] == "A & B"
    found = counterparts.match(originals.images, "c", tmp_path / "c")
    expected = {"first": "", "again": "", "b": "", "s": "there is none", "dot": "there is none"}
    assert {image.image_id: image.reason for image in found.images} == expected
    assert [Path(entry.path).name for entry in found.left_out] == ["unlisted.png"]
    images = counterparts.joined(ingested(originals)[0].values(), {"c": ingested(found)[0].values()})
    assert {image.image_id for image in images if not image.reason} == {"first", "again", "b"}


def test_names_are_the_same_however_unicode_writes_them(tmp_path):
    images, others = matched(tmp_path, ["Ba\u0308ume.png"], ["B\u00e4ume.png"])
    assert [reason for _, reason in images.values()] == [""] and others == {}


def test_what_has_no_partner_is_told(tmp_path):
    images, others = matched(tmp_path, ["a.png", "b.png"], ["b.jpg", "c_stylised.png"])
    assert images == {"a": ("a", "there is none"), "b": ("b.jpg", "")}
    assert others == {"c_stylised.png": "counterpart c: there is no original"}


def test_the_same_name_twice_is_told_on_either_side(tmp_path):
    images, others = matched(tmp_path, ["a.png", "b.png", "b.jpg"], ["a.png", "a.bmp", "b.png"])
    assert images["a"][1] == "several files fit: a.bmp, a.png"
    assert {name: reason for name, (_, reason) in images.items() if name != "a"} == {
        "b-png": "it fits several originals: b.jpg, b.png",
        "b-jpg": "it fits several originals: b.jpg, b.png",
    }
    assert others == {}


def test_a_raw_file_beside_an_image_does_not_count(tmp_path):
    for path in ("o/a.cr2", "c/a.cr2"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"raw")
    images, others = matched(tmp_path, ["a.png"], ["a.png"])
    assert images["a"] == ("a.png", "") and list(others) == ["a.cr2"]
    assert others["a.cr2"].startswith("counterpart c: ")


@pytest.mark.parametrize("empty", [True, False])
def test_a_folder_without_images_stops_the_run(tmp_path, empty):
    write(tmp_path / "o", "a.png")
    if empty:
        (tmp_path / "c").mkdir()
    with pytest.raises(InputError, match=f"no image in {tmp_path}/c" if empty else f"there is no folder {tmp_path}/c"):
        counterparts.match(folder.list_images(tmp_path / "o").images, "c", tmp_path / "c")


def joined(tmp_path, names):
    """The ingested originals of o/ after they were joined with the counterparts in folders of these names, by id."""
    originals = folder.list_images(tmp_path / "o")
    listings = {name: counterparts.match(originals.images, name, tmp_path / name) for name in names}
    given_images = {name: ingested(listing)[0].values() for name, listing in listings.items()}
    found = counterparts.joined(ingested(originals)[0].values(), given_images)
    return {image.image_id: image for image in found}, listings


def test_an_image_is_used_if_all_its_counterparts_are(tmp_path):
    write(tmp_path / "o", "a.png", "b.png", "c.png", "d.png")
    write(tmp_path / "x", "a.png", "b.png", "c.png", "d.png")
    write(tmp_path / "y", "a.png", "c.png", "d.png")
    write_image(tmp_path / "y" / "c.png", size=(4, 6))
    (tmp_path / "x" / "d.png").write_bytes((tmp_path / "x" / "d.png").read_bytes()[:40])
    (tmp_path / "o" / "e.png").write_text("words")
    images, _ = joined(tmp_path, ["x", "y"])
    reasons = {name: image.reason for name, image in images.items()}
    assert reasons["a"] == ""
    assert reasons["b"] == "counterpart y: there is none"
    assert reasons["c"] == "counterpart y: another size than the original: 6×4 pixels, not 4×6"
    assert reasons["d"].startswith("counterpart x: damaged image: ")
    assert reasons["e"] == "not an image in a known format"
    assert images["b"].sha256 and images["b"].path.endswith("o/b.png")


def test_a_copy_is_used_where_the_first_image_has_no_counterpart(tmp_path):
    write_image(tmp_path / "o" / "a.png")
    write_image(tmp_path / "o" / "b.png")
    write(tmp_path / "x", "b.png")
    used, rejected = manifest.select(manifest.without_duplicates(joined(tmp_path, ["x"])[0].values()))
    assert [image.image_id for image in used] == ["b"] and [image.image_id for image in rejected] == ["a"]


def test_sizes_are_compared_the_right_way_up(tmp_path):
    for root, size, orientation in (("o", (4, 6), 1), ("x", (6, 4), 6), ("y", (4, 6), 6)):
        (tmp_path / root).mkdir()
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        Image.new("RGB", size).save(tmp_path / root / "a.jpg", exif=exif)
    assert joined(tmp_path, ["x"])[0]["a"].reason == ""
    assert "6×4 pixels, not 4×6" in joined(tmp_path, ["y"])[0]["a"].reason


def test_reasons_are_counted_without_names_and_sizes():
    assert without_details("counterpart y: another size than the original: 6×4 pixels, not 4×6") == (
        "counterpart y: another size than the original"
    )
    assert without_details("counterpart y: several files fit: a.bmp, a.png") == "counterpart y: several files fit"
    assert without_details("same pixels as a") == "same pixels as another image"
    assert without_details("counterpart y: there is none") == "counterpart y: there is none"


NAMES = st.sets(st.sampled_from(["a.png", "a.jpg", "a.cr2", "b.png", "f/a.png", "写真.png", "n.txt"]), min_size=1)


@campaign(60)
@given(originals=NAMES, given_files=NAMES)
def test_every_file_is_accounted_for(tmp_path, originals, given_files):
    """Originals have a row each; a counterpart belongs to an original, or is left out with a reason."""
    for root, names in (("o", originals), ("c", given_files)):
        shutil.rmtree(tmp_path / root, ignore_errors=True)
        for place, name in enumerate(sorted(names)):
            (tmp_path / root / name).parent.mkdir(parents=True, exist_ok=True)
            write_image(tmp_path / root / f"{name}.png", 20 * place).rename(tmp_path / root / name)
    try:
        images, listings = joined(tmp_path, ["c"])
    except InputError:
        assert not any(name.endswith((".png", ".jpg")) for name in originals) or not any(
            name.endswith((".png", ".jpg")) for name in given_files
        )
        return
    assert set(images) == {image.image_id for image in folder.list_images(tmp_path / "o").images}
    for image in images.values():
        place = Path(image.path).relative_to(tmp_path / "o").with_suffix("")
        partners = [name for name in given_files if Path(name).with_suffix("") == place and "cr2" not in name]
        rivals = [name for name in originals if Path(name).with_suffix("") == place and "cr2" not in name]
        assert (image.reason == "") == (len(partners) == len(rivals) == 1 and not image.path.endswith("cr2")), asdict(
            image
        )
    places = {Path(name).with_suffix("") for name in originals if not name.endswith("txt")}
    supported = {Path(name).with_suffix("") for name in given_files if "cr2" not in name}
    belonging = [
        name
        for name in given_files
        if Path(name).with_suffix("") in places and ("cr2" not in name or Path(name).with_suffix("") not in supported)
    ]
    left_out = listings["c"].left_out
    assert len(belonging) + sum(entry.files for entry in left_out) == len(given_files)
    assert all(entry.reason for entry in left_out)
