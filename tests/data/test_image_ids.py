"""Image ids of paths."""

from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_shift.data import image_ids


@settings(deadline=None)
@given(st.sets(st.text("a-é.b/", min_size=1, max_size=220), min_size=1, max_size=8))
def test_every_path_gets_its_own_id(texts):
    names = {PurePosixPath("top", *text.split("/"), "x.png") for text in texts}
    ids = image_ids.unique_ids(sorted(names))
    assert ids.keys() == names
    assert len(set(ids.values())) == len(names)
    assert all(image_ids.IMAGE_ID.fullmatch(image_id) for image_id in ids.values())


def ids_of(*texts):
    return {str(path): own for path, own in image_ids.unique_ids(map(PurePosixPath, texts)).items()}


def test_names_in_other_scripts_are_transliterated():
    assert ids_of("ümlaut 图.PNG", "fotos/Ελλάδα.jpg") == {
        "ümlaut 图.PNG": "umlaut-Tu",
        "fotos/Ελλάδα.jpg": "fotos-Ellada",
    }


def test_names_that_are_spelled_alike_get_ids_of_their_own():
    found = ids_of("ü.png", "u\u0308.png", "û.jpg")
    assert found["û.jpg"] == "u-jpg"
    assert sorted(own[:6] for own in found.values()) == ["u-jpg", "u-png-", "u-png-"]
    assert len(set(found.values())) == 3


def test_a_name_in_another_script_does_not_change_the_id_of_one_in_ascii():
    assert ids_of("umlaut.png", "ümlaut.png") == {"umlaut.png": "umlaut", "ümlaut.png": "umlaut-png"}


def test_ids_that_are_taken_are_not_given_again():
    assert image_ids.unique_ids([PurePosixPath("a.cr2")], taken=["a"]) == {PurePosixPath("a.cr2"): "a-cr2"}
