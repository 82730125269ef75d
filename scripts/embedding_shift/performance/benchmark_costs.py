"""What the benchmark of this machine says that things cost."""

from pathlib import Path

from embedding_shift.errors import InputError
from embedding_shift.io import tables

PIXELS = 224**2  # of the views that the benchmark measures
VIT_B_32, OFFLINE = "ViT-B/32", "offline encoder"


class Costs:
    """Costs of one view or one job, from the rows of `bench.csv`.

    Attributes:
        area: pixels of a view by those of the benchmark's; what is done to pixels takes time in proportion.
    """

    def __init__(self, path, image_size):
        """Read the benchmark at `path` for views of `image_size` pixels a side.

        Raises:
            InputError: there is none, or a value is no number.
        """
        if not Path(path).is_file():
            raise InputError(f"there is no {path}: run `make bench` first, which measures this machine")
        self._path = path
        self.area = image_size**2 / PIXELS
        self._values = {(row["section"], row["name"]): self._number(row) for row in tables.read_rows(path)}

    def value(self, section, name):
        """Return a measured value, in the unit of its row.

        Raises:
            InputError: the benchmark has no such row.
        """
        if (section, name) not in self._values:
            raise InputError(f"{self._path} has no row {section!r}, {name!r}: run `make bench` again")
        return self._values[section, name]

    def of_pixels(self, section, name):
        """Return the seconds of something that is done to a view's pixels."""
        return self.value(section, name) / 1000 * self.area

    def of_augmentation(self, section, prefix, augmentation):
        """Return the seconds per view of something that depends on the augmentation.

        An augmentation that was not measured, as one of a user's own, costs as much as the dearest that was.

        Args:
            section, prefix: of the rows; the augmentation's name follows the prefix.
            augmentation: its name.
        """
        names = [name for measured, name in self._values if measured == "augmentation"]
        if augmentation in names or not names:
            return self.of_pixels(section, prefix + augmentation)
        return max(self.of_pixels(section, prefix + name) for name in names)

    def start_up(self, script):
        """Return the seconds of a job of a script that has nothing to do."""
        return self.value("start-up", script)

    def memory(self, script):
        """Return the peak memory in MB of a job of a script."""
        return self.value("memory", script)

    def view_bytes(self):
        """Return what a view takes in its shard."""
        return self.value("shards", "size") * 1000 * self.area

    def encoding(self, model, tower, precision, machine_cores):
        """Return the core seconds of one view in an encoder.

        The offline encoder was measured; any other takes time in proportion to its work, from that of ViT-B/32.

        Args:
            model: the encoder's entry in the configuration.
            tower: as of `tower_work.describe`.
            precision: name of the precision.
            machine_cores: processors of this machine, all of which the benchmark used.
        """
        measured = OFFLINE if model["kind"] == "wheel" else VIT_B_32
        seconds = machine_cores / self.value("encoding", f"{measured} {precision}")
        return seconds * tower["gflop"] / self.value("encoding", f"{measured} work")

    def _number(self, row):
        try:
            return float(row["value"])
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{self._path} is no benchmark: {row} has no value that is a number") from None
