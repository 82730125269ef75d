"""The macros of numbers.tex: read, computed again from the tables, and traced to the tables that they are made from."""

import argparse
import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from embedding_shift.config.macro_names import macro_name
from embedding_shift.errors import InputError
from embedding_shift.paper import number_macros, reading, sentences
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.inputs import Results as PaperResults
from embedding_shift.results import Run

DEFINITION = re.compile(r"^\\newcommand\{\\(?P<name>[A-Za-z]+)\}\{", re.MULTILINE)
WORD = re.compile(r"[A-Z][a-z]*")
PROJECT = Path(__file__).parents[3]
# Attributes of the paper's inputs whose tables have another name.
TABLES = {
    "results": (),  # each of them is traced
    "manifest": ("manifests",),
    "rejected_images": ("rejects",),
    "other_files": ("rejects",),
    "image_counts": ("manifests", "rejects"),
}


@dataclass(frozen=True)
class Macro:
    """A macro as the tables give it.

    Attributes:
        parts: the parts of its name, such as ("mean", "cosine_similarity", "noise").
        text: its LaTeX text.
        inputs: names of the paper's inputs that it is made from, such as "summaries".
    """

    parts: tuple[str, ...]
    text: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """The numbers of a run's paper. Each attribute is computed when it is first asked for.

    Attributes:
        run: a finished run.
    """

    run: Run

    @cached_property
    def written(self) -> dict[str, str]:
        """The text of every macro in numbers.tex, by name."""
        return read(self.run)

    @cached_property
    def inputs(self) -> PaperInputs:
        """What the paper is written from."""
        return paper_inputs(self.run)

    @cached_property
    def computed(self) -> dict[str, Macro]:
        """Every macro as the tables give it now, by name."""
        return computed(self.run, self.inputs)


def read(run: Run) -> dict[str, str]:
    """Return the text of every macro of the run's numbers.tex, by name.

    Raises:
        InputError: there is no such file.
    """
    path = run.folder / "numbers.tex"
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; run `make paper`") from None
    found = list(DEFINITION.finditer(content))
    ends = [match.start() for match in found[1:]] + [len(content)]
    return {
        match["name"]: content[match.end() : end].rstrip("\n").removesuffix("}")
        for match, end in zip(found, ends, strict=True)
    }


def computed(run: Run, inputs: PaperInputs) -> dict[str, Macro]:
    """Return every macro as the tables of the run give it now, by name."""
    read_names: list[str] = []
    traced = _traced(inputs, read_names, {*run.record.paper["inputs"], *run.record.paper["parameters"]})
    found: dict[str, Macro] = {}
    last: tuple[str, ...] = ()
    for parts, text in _macros(traced):
        # What several macros share is read before the first of them.
        last = tuple(dict.fromkeys(read_names)) or last
        found[macro_name(*parts)] = Macro(parts, text, last)
        read_names.clear()
    return found


def known(name: str, names: list[str]) -> str:
    """Return the macro that `name` stands for: its name, with or without backslash, or words that occur in one only.

    `NoiseCosineMean` stands for `MeanCosineSimilarityNoise`.

    Raises:
        InputError: no macro or several fit.
    """
    name = name.strip().removeprefix("\\")
    if name in names:
        return name
    wanted = set(WORD.findall(name))
    fitting = [each for each in names if wanted and wanted <= set(WORD.findall(each))]
    fewest = min((len(WORD.findall(each)) for each in fitting), default=0)
    shortest = [each for each in fitting if len(WORD.findall(each)) == fewest]
    if len(shortest) == 1:
        return shortest[0]
    listed = ", ".join(f"\\{each}" for each in (shortest or names)[:10])
    raise InputError(
        f"numbers.tex has no macro \\{name}; " + (f"these fit: {listed}" if shortest else f"it has {listed}, …")
    )


def paper_inputs(run: Run) -> PaperInputs:
    """Return what the paper of the run is written from, read from its tables.

    Raises:
        InputError: a table is missing.
    """
    parser = argparse.ArgumentParser(exit_on_error=False)
    reading.add_arguments(parser)
    words: list[str] = []
    values = run.record.paper["parameters"] | {name: paths_of(run, name) for name in run.record.paper["inputs"]}
    for name, value in values.items():
        words += [f"--{name.replace('_', '-')}", *(map(str, value) if isinstance(value, list) else [str(value)])]
    return reading.read(parser.parse_args(words))


def paths_of(run: Run, name: str) -> list[Path]:
    """Return the files of an input of the paper."""
    value = run.record.paper["inputs"].get(name, [])
    return [_path(run, each) for each in (value if isinstance(value, list) else [value])]


def _path(run: Run, recorded: str) -> Path:
    in_project = recorded.startswith("project:")
    return PROJECT / recorded.removeprefix("project:") if in_project else run.folder / recorded


def _macros(inputs: PaperInputs) -> Iterator[tuple[tuple[str, ...], str]]:
    return chain(number_macros.numbers(inputs), sentences.all_sentences(inputs))


def _traced(inputs: PaperInputs, read_names: list[str], known_inputs: set[str]) -> PaperInputs:
    """Return the same inputs, which append the name of every input that is read to `read_names`.

    Args:
        inputs: the paper's inputs.
        read_names: list to append to.
        known_inputs: names of all inputs and parameters; any other attribute is a group of tables by name.
    """
    values = _fields(inputs)
    others = set(values) - known_inputs - set(TABLES)
    groups = {name for name in others if isinstance(values[name], dict)}

    class Tables(dict[str, Any]):
        """A group of tables by name."""

        def __getitem__(self, name: str) -> Any:
            read_names.append(name)
            return super().__getitem__(name)

    class Inputs(PaperInputs):
        """The paper's inputs."""

        def __getattribute__(self, name: str) -> Any:
            if name in values and name not in groups:
                read_names.extend(TABLES.get(name, (name,)))
            return super().__getattribute__(name)

    class Results(PaperResults):
        """The results of an encoder on a dataset."""

        def __getattribute__(self, name: str) -> Any:
            if name in ("summary", "value", "augmentations"):
                read_names.append("augmentations" if name == "augmentations" else "summaries")
            return super().__getattribute__(name)

    for name in groups:
        values[name] = Tables(values[name])
    values["results"] = [Results(**_fields(entry)) for entry in inputs.results]
    return Inputs(**values)


def _fields(instance: Any) -> dict[str, Any]:
    return {field.name: getattr(instance, field.name) for field in dataclasses.fields(instance)}
