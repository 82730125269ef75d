"""What the tests of figures share."""

from functools import partial

import matplotlib.pyplot as plt
import pytest
from picture_data import write_dataset

from embedding_shift.plots import style


@pytest.fixture
def dataset(tmp_path):
    """A function that writes a dataset of so many plain images and returns (folder, image ids)."""
    return partial(write_dataset, tmp_path)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def styled():
    """Draw in the style of the paper."""
    style.apply()
