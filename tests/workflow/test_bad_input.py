"""Bad input to the pipeline: one-line messages, no outputs of the failed job, and the earlier results kept."""

import pytest
from tiny_run import tiny_config, write_data
from typesetting import needs_latex

from embedding_shift.encoders import gpus
from embedding_shift.io import tables

pytestmark = pytest.mark.slow


def test_bad_images_are_rejected_with_their_reason_and_the_run_goes_on(finished):
    rejects = {row["image_id"]: row for row in tables.read_rows(finished / "results/tiny/rejects.csv")}
    assert list(rejects) == ["cut", "repeated", "words"]
    assert rejects["repeated"]["reason"] == "same pixels as kodim02"
    assert rejects["cut"]["reason"].startswith("damaged image: ")
    assert rejects["words"] == {
        "image_id": "words",
        "path": "data/words.jpg",
        "reason": "not an image in a known format",
        "files": "1",
    }


@needs_latex
def test_a_failed_typesetting_leaves_the_earlier_paper(again):
    source, paper = again / "paper/main.tex", again / "results/paper.pdf"
    text, earlier = source.read_text(), paper.read_bytes()
    source.write_text(text.replace("\\begin{document}", "\\begin{document}\\unknowncommand"))
    for _ in range(2):
        done = again.run()
        assert done.returncode != 0
        assert "Undefined control sequence" in done.stdout
        assert paper.read_bytes() == earlier
    source.write_text(text)
    assert again.run().returncode == 0
    assert paper.read_bytes() == earlier
    assert again.planned() == {}


def test_a_wrong_augmentation_is_told_and_leaves_nothing(unrun):
    unrun.config = tiny_config(augmentations={"noise": {"transform": "GaussNoise", "parameters": {"sigma": 1}}})
    done = unrun.run("results/tiny/views/noise/00000.tar")
    assert done.returncode != 0
    message = "error: augmentation 'noise': unknown argument 'sigma' of GaussNoise; allowed are std_range, mean_range"
    assert message in done.stdout
    assert "Traceback" not in done.stdout
    assert not list((unrun / "results").glob("tiny/views/noise/*"))


def test_a_table_with_a_duplicate_id_stops_the_run(unrun):
    write_data(unrun, [("one", "kodim02.png"), ("one", "kodim04.png")])
    done = unrun.run("results/tiny/manifest.csv")
    assert done.returncode != 0
    assert (
        "error: data/images.csv: image id 'one' occurs twice, for data/kodim02.png and data/kodim04.png" in done.stdout
    )
    assert "Traceback" not in done.stdout
    assert not list((unrun / "results").rglob("*.csv"))


def test_a_damaged_shard_is_told_deleted_and_made_anew(again):
    """A flipped byte, found when the shard is read again, as after a change of the code that reads it."""
    path = again / "results/tiny/views/blur/00000.tar"
    whole = path.read_bytes()
    data = bytearray(whole)
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    target = "results/tiny/pixel_metrics/blur/00000.npz"
    done = again.run("--forcerun", "compute_pixel_metrics", "--", target)
    assert done.returncode != 0
    assert "error: results/tiny/views/blur/00000.tar is damaged" in done.stdout
    assert "Traceback" not in done.stdout
    done = again.run(target)
    assert done.returncode == 0, done.stdout[-3000:]
    assert path.read_bytes() == whole


@pytest.mark.skipif(bool(gpus.visible()), reason="this machine has a GPU")
def test_a_missing_gpu_is_told_before_the_first_job(unrun):
    unrun.config = tiny_config(device="cuda")
    done = unrun.run("results/tiny/clip/encoded/original/00000.npz")
    assert done.returncode != 0
    assert (
        "error: configuration key 'device': found 'cuda'; this machine has no GPU that PyTorch can use" in done.stdout
    )
    assert "Traceback" not in done.stdout
    assert not (unrun / "results").exists()
    done = unrun.run("results/tiny/views/original/00000.tar")
    assert done.returncode == 0, done.stdout[-3000:]
