"""Transforms with references from a folder: drawn by the seed, recorded, and refused where the folder is at fault."""

import copy

import cv2
import numpy as np
import pytest
from PIL import Image

from embedding_shift.compat.albumentations_import import albumentations
from embedding_shift.config import references
from embedding_shift.config.entries import steps_of
from embedding_shift.errors import InputError
from embedding_shift.views import augment, augmentation_table, geometry
from embedding_shift.views.own_transforms import style_transforms
from embedding_shift.views.view_record import ViewRecord

ARGUMENTS = {
    "FDAFromFolder": {"beta_limit": [0.05, 0.1]},
    "HistogramMatchingFromFolder": {"blend_ratio": [0.5, 1.0]},
    "PixelDistributionAdaptationFromFolder": {"blend_ratio": [0.5, 1.0]},
}
COLOURS = {"blue.png": (20, 40, 220), "green.jpg": (30, 200, 50), "red.png": (230, 30, 20)}


@pytest.fixture
def folder(tmp_path):
    """Three pictures of another size than the views, each with noise around one colour."""
    path = tmp_path / "references"
    path.mkdir()
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        pixels = np.clip(random.normal(colour, 25, (60, 90, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path / name)
    (path / ".hidden").write_text("not looked at")
    return path


@pytest.fixture(autouse=True)
def fresh():
    style_transforms._names.cache_clear()
    style_transforms._read.cache_clear()


def entry_of(transform, folder, **arguments):
    return {"transform": transform, "parameters": {"references": str(folder), **ARGUMENTS[transform], **arguments}}


def views_of(originals, entry, seed=1):
    return list(augment.augment(originals, "style", steps_of(entry), seed))


@pytest.mark.parametrize("transform", ARGUMENTS)
def test_a_view_takes_the_colours_of_the_drawn_reference_and_names_it(transform, folder, kodak_views):
    views = views_of(kodak_views[:8], entry_of(transform, folder))
    assert {view.record["parameters"]["reference"] for view in views} > {"blue.png"}
    nearer = []
    for original, view in zip(kodak_views, views, strict=False):
        drawn = view.record["parameters"]
        colour = np.array(COLOURS[drawn["reference"]])
        before, after = (np.abs(pixels.mean(axis=(0, 1)) - colour).mean() for pixels in (original.pixels, view.pixels))
        nearer.append(after < before)
        low, high = next(iter(ARGUMENTS[transform].values()))
        assert low <= drawn["strength"] <= high
        assert geometry.correspondence(ViewRecord.from_json(view.record)) is None
    assert sum(nearer) >= 7  # principal axes of the colours that turn may be cut off at white
    for one, other in zip(views, views_of(kodak_views[:8], entry_of(transform, folder)), strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
        assert one.record == other.record


def test_the_view_is_that_of_albumentations(folder, kodak_views):
    entry = entry_of("HistogramMatchingFromFolder", folder, blend_ratio=[0.75, 0.75])
    (view,) = views_of(kodak_views[:1], entry)
    pixels = np.asarray(Image.open(folder / view.record["parameters"]["reference"]))
    picture = cv2.resize(pixels, (224, 224), interpolation=cv2.INTER_AREA)
    plain = albumentations.Compose([albumentations.HistogramMatching(blend_ratio=(0.75, 0.75), p=1)])
    expected = plain(image=kodak_views[0].pixels, hm_metadata=[picture])["image"]
    np.testing.assert_array_equal(view.pixels, expected)


def test_a_list_may_take_colours_as_one_of_its_steps(folder):
    listed = [{"transform": "HorizontalFlip", "parameters": {}}, entry_of("FDAFromFolder", folder)]
    (row,) = augmentation_table.rows({"mine": {"transform": listed, "parameters": {}}}, 64)
    assert row["transform"] == "HorizontalFlip + FDAFromFolder"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("words.txt", b"only words", "the reference .*words.txt cannot be decoded as a picture"),
        ("cut.png", None, "the reference .*cut.png cannot be decoded as a picture"),
    ],
)
def test_a_file_that_is_no_picture_is_named_before_the_first_view(folder, name, content, message):
    (folder / name).write_bytes(content or (folder / "red.png").read_bytes()[:2000])
    with pytest.raises(InputError, match=f"^augmentation 'mine': {message}"):
        augmentation_table.rows({"mine": entry_of("HistogramMatchingFromFolder", folder)}, 64)


def test_a_range_out_of_bounds_is_refused_as_albumentations_refuses_it(folder):
    with pytest.raises(InputError, match=r"^augmentation 'mine': FDAFromFolder: beta_limit: .*0.9"):
        augmentation_table.rows({"mine": entry_of("FDAFromFolder", folder, beta_limit=[0.1, 0.9])}, 64)


def test_the_digest_changes_with_names_and_contents_alone(folder):
    before = references.digest(str(folder))
    (folder / ".hidden").write_text("changed")
    assert references.digest(str(folder)) == before
    (folder / "red.png").rename(folder / "rot.png")
    renamed = references.digest(str(folder))
    Image.open(folder / "blue.png").rotate(180).save(folder / "blue.png")
    assert len({before, renamed, references.digest(str(folder))}) == 3


def test_the_configuration_gets_the_digest_of_each_folder(folder):
    given = {
        "plain": entry_of("FDAFromFolder", "pictures"),
        "listed": {"transform": [entry_of("FDAFromFolder", "pictures")], "parameters": {}},
        "fixed": entry_of("FDAFromFolder", "nowhere", sha256="0" * 64),
        "flip": {"transform": "HorizontalFlip", "parameters": {}},
    }
    found = copy.deepcopy(given)
    references.pin(found, lambda path: str(folder.parent / path).replace("pictures", folder.name))
    expected = {"references": str(folder), "sha256": references.digest(str(folder)), "beta_limit": [0.05, 0.1]}
    assert found["plain"]["parameters"] == found["listed"]["transform"][0]["parameters"] == expected
    assert found["fixed"]["parameters"]["sha256"] == "0" * 64 and found["flip"] == given["flip"]


def test_a_folder_with_another_content_than_configured_is_refused(folder, kodak_views):
    entry = entry_of("FDAFromFolder", folder, sha256=references.digest(str(folder)))
    assert views_of(kodak_views[:1], entry)
    style_transforms._names.cache_clear()
    (folder / "new.png").write_bytes((folder / "red.png").read_bytes())
    with pytest.raises(InputError, match=r"the references in .* are not those of the configuration"):
        views_of(kodak_views[:1], entry)


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_folder_without_pictures_is_refused_by_its_key(tmp_path, kind):
    path = tmp_path / kind
    if kind == "empty":
        path.mkdir()
    if kind == "file":
        path.write_text("")
    reason = "holds no pictures" if kind == "empty" else "there is no folder"
    listed = {"transform": [{"transform": "Blur", "parameters": {}}, entry_of("FDAFromFolder", path)]}
    for name, entry, key in (("a", entry_of("FDAFromFolder", path), "a."), ("b", listed, "b.transform.1.")):
        with pytest.raises(
            InputError, match=f"^configuration key 'augmentations.{key}parameters.references': .*{reason}"
        ):
            references.pin({name: entry}, str)
