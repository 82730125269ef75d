"""What the tests of encoders share."""

import pytest
from small_models import write_clip_bundle


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The bundle of a small CLIP."""
    folder = tmp_path_factory.mktemp("source")
    write_clip_bundle(folder)
    return folder
