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
