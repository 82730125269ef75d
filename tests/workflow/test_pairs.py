"""Given pairs through the real pipeline: the same numbers as the run that made the views, up to the paper."""

import shutil
from itertools import chain

import pandas as pd
import pypdfium2
import pytest
from PIL import Image
from tiny_run import CONFIG, NINE, PHOTOGRAPHS, RESULTS, tiny_config

from embedding_shift.io import shards, tables
from embedding_shift.views.view_record import ViewRecord

pytestmark = pytest.mark.slow

MOVING = {"shift_scale_rotate", "horizontal_flip", "elastic", "perspective"}
SHOWN = ("label", "color")


def write_pairs(views, folder, names):
    """Write the stored views of a run as PNG files, in a folder for each of `original` and names."""
    for name in ("original", *names):
        for path in sorted((views / name).glob("*.tar")):
            for view in shards.read(path):
                (folder / name).mkdir(parents=True, exist_ok=True)
                Image.fromarray(view.pixels).save(folder / name / f"{view.image_id}.png")


def pairs_config(names, **changes):
    given = {
        name: {"path": f"given/{name}"} | {key: CONFIG["augmentations"][name][key] for key in SHOWN} for name in names
    }
    dataset = {"label": "Four pairs", "kind": "pairs", "path": "given/original", "counterparts": given}
    config = tiny_config(datasets={"tiny": dataset}, **changes)
    del config["augmentations"]
    return config


@pytest.fixture(scope="module")
def measured(prepared, finished, tmp_path_factory):
    """A complete run on the views of the finished run, given as pairs."""
    pipeline = prepared.copy(tmp_path_factory.mktemp("pairs") / "project")
    write_pairs(finished / "results/tiny/views", pipeline / "given", NINE)
    pipeline.config = pairs_config(NINE, mechanism={"images": 4})
    done = pipeline.run()
    assert done.returncode == 0, done.stdout[-5000:]
    return pipeline


def test_pairs_give_the_numbers_of_the_run_that_made_them(measured, finished):
    """Also the registered ones, but where a transform moved pixels: its geometry is not known."""
    found, expected = (pd.read_parquet(run / RESULTS / "metrics.parquet") for run in (measured, finished))
    is_known = ~(expected["metric"].str.endswith("_registered") & expected["augmentation"].isin(MOVING))
    pd.testing.assert_frame_equal(found[is_known], expected[is_known], check_exact=True)
    values = found.set_index(["metric", "image_id", "augmentation"])["value"]
    for metric in [name for name in found["metric"].unique() if name.endswith("_registered")]:
        assert values[metric].equals(values[metric.removesuffix("_registered")])
    for table in ("pairwise_distance.csv", "claims.csv"):
        assert (measured / RESULTS / table).read_bytes() == (finished / RESULTS / table).read_bytes()


def test_the_views_are_those_that_were_given(measured, finished):
    for name in NINE:
        given, made = ([*shards.read(run / f"results/tiny/views/{name}/00000.tar")] for run in (measured, finished))
        assert [view.image_id for view in given] == list(PHOTOGRAPHS)
        for one, other in zip(given, made, strict=True):
            assert (one.pixels == other.pixels).all()
            record = ViewRecord.from_json(one.record)
            assert record.steps == () and len(record.counterpart_sha256) == 64
            assert record.counterpart_sha256 != record.image_sha256


def test_the_paper_says_who_made_the_views(measured):
    with pypdfium2.PdfDocument(measured / "results/paper.pdf") as document:
        text = " ".join("".join(page.get_textpage().get_text_range() for page in document).split())
    assert "Another program applied 9 augmentations to the images" in text
    assert "Another program made the views of this run" in text
    assert "made by another program" in text
    for said in ("through the library Albumentations", "augmented once", "hash(root seed"):
        assert said not in text
    for table in ("layers", "ledger", "fingerprint", "words"):
        assert (measured / RESULTS / f"{table}.csv").stat().st_size


def test_the_record_names_the_rule_that_packed_the_views(measured):
    record = pd.read_json(measured / "results/run.json", typ="series")
    assert "pack_counterparts" in record["rules"] and "augment_views" not in record["rules"]
    assert measured.planned() == {}


@pytest.fixture
def unmeasured(unrun, finished):
    """Four pairs with two counterparts, before any run."""
    write_pairs(finished / "results/tiny/views", unrun / "given", ("blur", "noise"))
    unrun.config = pairs_config(("blur", "noise"))
    return unrun


def test_an_image_with_a_bad_counterpart_is_left_out_with_the_reason(unmeasured):
    first, second, third, fourth = PHOTOGRAPHS
    folder = unmeasured / "given"
    (folder / f"blur/{first}.png").unlink()
    Image.new("RGB", (200, 224)).save(folder / f"noise/{second}.png")
    broken = folder / f"noise/{third}.png"
    broken.write_bytes(broken.read_bytes()[:5000])
    shutil.copy(folder / f"blur/{fourth}.png", folder / "blur/other.png")
    unmeasured.config = unmeasured.config | {"shards": 2}
    written = {
        name: [f"results/tiny/views/{name}/{shard}.tar" for shard in ("00000", "00001")]
        for name in ("original", "blur", "noise")
    }
    done = unmeasured.run(*chain(*written.values()))
    assert done.returncode == 0, done.stdout[-5000:]
    rejects = tables.read_rows(unmeasured / "results/tiny/rejects.csv")
    reasons = {row["image_id"] or row["path"]: row["reason"] for row in rejects}
    assert reasons.pop(third).startswith("counterpart noise: damaged image: ")
    assert reasons == {
        first: "counterpart blur: there is none",
        second: "counterpart noise: another size than the original: 200×224 pixels, not 224×224",
        "given/blur/other.png": "counterpart blur: there is no original",
    }
    for name, paths in written.items():
        (view,) = chain(*(shards.read(unmeasured / path) for path in paths))
        assert view.image_id == fourth, name
    again = unmeasured.planned("--forcerun", "list_images", "--", *written["blur"])
    assert again["list_counterparts"] == 2 and again["pack_counterparts"] == 2


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_folder_without_counterparts_stops_the_run_with_one_sentence(unmeasured, is_empty):
    shutil.rmtree(unmeasured / "given/noise")
    if is_empty:
        (unmeasured / "given/noise").mkdir()
    done = unmeasured.run("results/tiny/manifest.csv")
    assert done.returncode != 0
    message = "error: no image in given/noise; known suffixes" if is_empty else "error: there is no folder given/noise"
    assert message in done.stdout and "Traceback" not in done.stdout


def test_folders_without_a_pair_stop_the_run_with_one_sentence(unmeasured):
    for path in (unmeasured / "given/blur").iterdir():
        path.rename(path.with_name(f"blurred_{path.name}"))
    done = unmeasured.run("results/tiny/manifest.csv")
    assert done.returncode != 0
    expected = "error: none of 4 images is usable; given/original/kodim02.png: counterpart blur: there is none"
    assert expected in done.stdout and "Traceback" not in done.stdout
