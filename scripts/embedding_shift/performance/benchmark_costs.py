"""Costs of views, jobs and encoders on this machine, from its benchmark."""

from collections.abc import Mapping
from pathlib import Path

from embedding_shift.config.entries import ModelSource
from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.performance.encoder_cost import EncoderCost

PIXELS = 224**2  # of a view in the benchmark
VIT_B_32, OFFLINE = "ViT-B/32", "offline encoder"


class Costs:
    """Costs of one view or one job, from the rows of `bench.csv`.

    Attributes:
        area: pixels of a view, relative to a view in the benchmark. The time of work on pixels is proportional to it.
    """

    def __init__(self, path: str | Path, image_size: int) -> None:
        """Read the benchmark at `path` for views of `image_size` × `image_size` pixels.

        Raises:
            InputError: the file does not exist, or a value is not a number.
        """
        if not Path(path).is_file():
            raise InputError(f"there is no {path}: run `make bench` first, which measures this machine")
        self._path = path
        self.area = image_size**2 / PIXELS
        self._values = {(row["section"], row["name"]): self._number(row) for row in tables.read_rows(path)}

    def value(self, section: str, name: str) -> float:
        """Return a measured value, in the unit of its row.

        Raises:
            InputError: the benchmark has no such row.
        """
        if (section, name) not in self._values:
            raise InputError(f"{self._path} has no row {section!r}, {name!r}: run `make bench` again")
        return self._values[section, name]

    def seconds_per_view(self, section: str, name: str) -> float:
        """Return the seconds of work on the pixels of one view."""
        return self.value(section, name) / 1000 * self.area

    def augmentation_seconds(self, section: str, prefix: str, augmentation: str) -> float:
        """Return the seconds per view of work that depends on the augmentation.

        An augmentation that was not measured, such as a custom one, costs as much as the most expensive measured one.

        Args:
            section: section of the rows.
            prefix: start of their names; the name of the augmentation follows.
            augmentation: name of the augmentation.
        """
        names = [name for measured, name in self._values if measured == "augmentation"]
        if augmentation in names or not names:
            return self.seconds_per_view(section, prefix + augmentation)
        return max(self.seconds_per_view(section, prefix + name) for name in names)

    def start_up_seconds(self, script: str) -> float:
        """Return the seconds of a script's job on a single image."""
        return self.value("start-up", script)

    def memory_mb(self, script: str) -> float:
        """Return the peak memory in MB of a script's job."""
        return self.value("memory", script)

    def view_bytes(self) -> float:
        """Return the size of a view in its shard."""
        return self.value("shards", "size") * 1000 * self.area

    def encoding_seconds(self, model: ModelSource, cost: EncoderCost, precision: str, machine_cores: int) -> float:
        """Return the core seconds of encoding one view.

        The offline encoder was measured. The time of any other encoder is proportional to its work, relative to the
        measured ViT-B/32.

        Args:
            model: the encoder's entry in the configuration.
            cost: its work per view.
            precision: name of the precision.
            machine_cores: processors of this machine, all of which the benchmark used.
        """
        measured = OFFLINE if model["kind"] == "wheel" and "name" not in model else VIT_B_32
        seconds = machine_cores / self.value("encoding", f"{measured} {precision}")
        return seconds * cost.gflop / self.value("encoding", f"{measured} work")

    def _number(self, row: Mapping[str, str]) -> float:
        try:
            return float(row["value"])
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{self._path} is not a benchmark: the value of {row} is not a number") from None
