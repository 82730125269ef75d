"""Files of prompts and texts: what is read, and what is refused in one line."""

import numpy as np
import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.errors import InputError
from embedding_shift.words import prompts, text_files

DEFAULT = PROJECT / "config/prompts.yaml"


def test_the_defaults_name_every_augmentation_of_the_default_run():
    found = prompts.read(DEFAULT)
    augmentations = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
    assert list(found.prompts) == list(augmentations)
    assert len(found.words) * (len(found.words) - 1) > 999
    assert not any("{" in text for text in found.texts().values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"neutral": "a photo"}, r"'neutral' has no \{noun\}: 'a photo'"),
        ({"prompts": {"blur": "a blurry photo"}}, r"'blur' has no \{noun\}: 'a blurry photo'"),
        ({"random": "a photo of {noun}"}, r"'random' has no \{word\}"),
        ({"prompts": {"blur": 3}}, "'blur' must be a text"),
        ({"prompts": {}}, "'prompts' must hold one text per name"),
        ({"nouns": []}, "'nouns' must be a list of texts"),
        ({"nouns": ["a dog", True]}, "'nouns' must be a list of texts"),
        ({"words": ["red", "red"]}, "'words' holds 'red' more than once"),
        ({"words": ["red"]}, "'words' needs at least two words"),
        ({"noun": ["a dog"]}, "must have exactly the keys neutral, random, prompts, nouns, words"),
    ],
)
def test_prompts_that_are_refused(tmp_path, change, message):
    path = tmp_path / "prompts.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(DEFAULT.read_text()) | change))
    with pytest.raises(InputError, match=message):
        prompts.read(path)


def test_files_that_are_no_prompts(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        prompts.read(tmp_path / "nowhere.yaml")
    (tmp_path / "prompts.yaml").write_text("neutral: [")
    with pytest.raises(InputError, match="is not YAML"):
        prompts.read(tmp_path / "prompts.yaml")


def test_captions_of_every_kind_are_read(tmp_path):
    manifest = tmp_path / "manifest.csv"
    captions = {"a": "", "b": "  ", "c": "狗", "d": "🐕", "e": "long " * 50_000, "f": "狗"}
    manifest.write_text("image_id,caption\n" + "".join(f"{name},{text}\n" for name, text in captions.items()))
    found = text_files.texts_of("captions", manifest)
    assert list(found) == ["c", "d", "e", "f"]
    text_files.write(tmp_path / "texts.npz", found, np.ones((4, 3), np.float32))
    read = text_files.read(tmp_path / "texts.npz")
    assert read.text_ids.tolist() == ["c", "d", "e", "f"]
    assert read.embedding.shape == (4, 3)
    assert (tmp_path / "texts.npz").stat().st_size < 20_000
    manifest.write_text("image_id\na\n")
    assert text_files.texts_of("captions", manifest) == {}


def test_an_encoder_without_text_has_none(tmp_path):
    text_files.write(tmp_path / "texts.npz", {"a": "a dog"}, None)
    assert text_files.read(tmp_path / "texts.npz") is None
    text_files.write(tmp_path / "texts.npz", {}, np.zeros((0, 3), np.float32))
    assert text_files.read(tmp_path / "texts.npz").embedding.shape == (0, 3)


def test_classes_are_lines(tmp_path):
    (tmp_path / "classes.txt").write_text("dog\n\n cat \ndog\n")
    assert text_files.texts_of("classes", tmp_path / "classes.txt") == {
        "dog": "a photo of a dog.",
        "cat": "a photo of a cat.",
    }
    (tmp_path / "classes.txt").write_text("\ufeff犬\n{🐕}\n", encoding="utf-8")
    assert list(text_files.texts_of("classes", tmp_path / "classes.txt").values()) == [
        "a photo of a 犬.",
        "a photo of a {🐕}.",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "must name at least two classes, one per line; it names 0"),
        (b" dog \ndog\n", "it names 1"),
        ("Bär\nKatze".encode("latin-1"), "cannot be read as UTF-8"),
        (None, r"there is no file .*classes.txt with classes \(config: words.classes\)"),
    ],
)
def test_other_files_of_classes_are_refused(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "classes.txt").write_bytes(content)
    with pytest.raises(InputError, match=reason):
        text_files.texts_of("classes", tmp_path / "classes.txt")


def test_labels_are_those_of_the_manifest(tmp_path):
    (tmp_path / "manifest.csv").write_text("image_id,label\na,dog\nb,\n007,🐕\n", encoding="utf-8")
    assert text_files.labels(tmp_path / "manifest.csv") == {"a": "dog", "007": "🐕"}
    (tmp_path / "manifest.csv").write_text("image_id,caption\na,dog\n", encoding="utf-8")
    assert text_files.labels(tmp_path / "manifest.csv") == {}


def test_the_logit_scale_is_kept(tmp_path):
    for scale, expected in ((17.5, 17.5), (None, text_files.USUAL_SCALE)):
        text_files.write(tmp_path / "texts.npz", {"dog": "a dog"}, np.ones((1, 3), np.float32), scale)
        assert text_files.read(tmp_path / "texts.npz").logit_scale == expected
