"""The capsule: everything that rebuilds all figures and the paper without images, encoder and GPU, as one archive.

It holds tables, the views and attention maps of the images that figures show, the code that draws and typesets, the
commands of the workflow, and `rebuild.py`, which runs them.
"""

import json
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from embedding_shift.code_dependencies import source_files
from embedding_shift.errors import InputError
from embedding_shift.handover import archives, rebuild
from embedding_shift.io import array_files, checksums, shards
from embedding_shift.plots.figures import FIGURES
from embedding_shift.plots.pictures import attention_grid, augmentation_strip, reading
from embedding_shift.results import Run
from embedding_shift.results.reading import ORIGINAL

COMMAND = re.compile(r"^Shell command: python (?P<words>.+?)(?: 2>&1 \| tee \S+)?$", re.MULTILINE)
OUTPUT_OPTIONS = ("--output", "--pdf", "--pictures", "--definitions", "--output-folder")
PINS = re.compile(r"^\s+- [A-Za-z0-9][\w.-]*==[^\s#]+", re.MULTILINE)
ENVIRONMENT = "envs/analysis.yaml"
METHOD_NEEDS = ("pypdfium2",)  # of the packages of envs/paper.yaml, what the figure of the method imports


def commands(dry_run: str, script_folder: str = "scripts") -> list[list[str]]:
    """Return the commands of figures and paper that a dry run of the workflow printed.

    Args:
        dry_run: output of `snakemake --dry-run --printshellcmds`.
        script_folder: folder of the scripts.

    Raises:
        InputError: the dry run printed no command of a figure.
    """
    found = [shlex.split(match["words"]) for match in COMMAND.finditer(dry_run)]
    chosen = [words for words in found if rebuild.stage_of(words[0]) is not None]
    if not chosen:
        raise InputError(f"the dry run printed no command that draws or typesets with {script_folder}/*.py")
    return sorted(chosen, key=lambda words: (rebuild.stage_of(words[0]), words))


def pack(run: Run, project: Path, dry_run: str, output: Path) -> None:
    """Write the capsule of a finished run.

    Args:
        run: the run; the working folder holds its results folder, as the commands name it.
        project: folder of the project.
        dry_run: output of a dry run of the workflow that draws and typesets everything.
        output: `.tar.gz` to write.

    Raises:
        InputError: a file that a command reads is missing.
    """
    chosen = commands(dry_run)
    files: dict[str, Path | bytes] = {}
    for path in _code(chosen, project):
        files[path.relative_to(project).as_posix()] = path
    for path in sorted((project / "paper").rglob("*")):
        if path.is_file():
            files[path.relative_to(project).as_posix()] = path
    for path in _read_by(chosen):
        files[_inside(path, project)] = path
    for name in [*run.record.files, "run.json"]:
        files[f"results/{name}"] = run.folder / name
    files["commands.json"] = json.dumps(_relative(chosen, project), indent=1).encode()
    files["requirements.txt"] = _requirements(project)
    files["rebuild.py"] = Path(rebuild.__file__)
    files["README.md"] = README.encode()
    with tempfile.TemporaryDirectory() as created:
        _write_shown(run, shown_images(run), Path(created))
        archives.write(output, files | archives.files_below(Path(created)))


def shown_images(run: Run) -> dict[str, list[str]]:
    """Return the ids of the images that figures show, sorted, by dataset; figures show the first dataset only."""
    dataset, settings = run.datasets[0], run.record.configuration["figures"]
    manifest = run.folder / dataset / "manifest.csv"
    image_ids = reading.read_image_ids(manifest)
    shown = {augmentation_strip.chosen_image(manifest, settings["strip_image"])}
    pages = settings["attention_grid_pages"] * attention_grid.IMAGES_PER_PAGE
    for count in (settings["attention_samples"], pages):
        shown.update(reading.evenly_spread(image_ids, count))
    known = set(image_ids)
    for model in run.models:
        measured = run.of(dataset, model)
        for name in ("notable_images", "nearest_images"):
            if name in measured.tables:
                shown.update(known.intersection(measured.table(name).astype(str).to_numpy().ravel()))
    return {dataset: sorted(shown)}


def _write_shown(run: Run, shown: dict[str, list[str]], folder: Path) -> None:
    """Write the views and the attention maps of the shown images, in the layout of the results folder."""
    for dataset, image_ids in shown.items():
        for view in (ORIGINAL, *run.augmentations):
            paths = run.shards(view, dataset)
            found = shards.read_selected(paths, image_ids)
            for number, path in enumerate(paths):
                own = [each for name, each in found.items() if shards.shard_of(name, len(paths)) == number]
                shards.write(folder / "results" / path.relative_to(run.folder), own)
            for model in run.models:
                maps = run.of(dataset, model).attention(view)
                chosen = [place for place, name in enumerate(maps.image_ids) if name in image_ids]
                target = folder / "results" / dataset / model / "attention" / f"{view}.npz"
                array_files.write(target, maps.image_ids[chosen], attention=maps.values[chosen])


def _code(chosen: Iterable[Sequence[str]], project: Path) -> set[Path]:
    """Return the scripts of the commands and every file of the library that they import."""
    found: set[Path] = set()
    for words in chosen:
        script = Path(words[0]).stem
        modules = [FIGURES[words[1]].module_path] if script == "plot" else []
        found.update(map(Path, source_files(script, project / "scripts", modules)))
    return found


def _read_by(chosen: Iterable[Sequence[str]]) -> Iterator[Path]:
    """Yield the files that the commands read, apart from those that another of them writes."""
    written = {path for words in chosen for path in _outputs(words)}
    for words in chosen:
        for word in words[1:]:
            path = Path(word.split("=", 1)[1] if word.startswith("--") and "=" in word else word)
            if str(path) not in written and path.suffix and _is_file(path):
                yield path
                if checksums.path_of(path).is_file():
                    yield checksums.path_of(path)


def _outputs(words: Sequence[str]) -> Iterator[str]:
    """Yield the values of the options that name outputs."""
    option = ""
    for word in words:
        if word.startswith("--"):
            option = word
        elif option in OUTPUT_OPTIONS:
            yield word


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a setting in JSON that is too long for a path
        return False


def _inside(path: Path, project: Path) -> str:
    """Return the name of a file in the capsule."""
    return path.relative_to(project).as_posix() if path.is_absolute() else path.as_posix()


def _relative(chosen: Iterable[Sequence[str]], project: Path) -> list[list[str]]:
    """Return the commands with paths within the capsule."""
    return [[word.replace(f"{project}/", "") for word in words] for words in chosen]


def _requirements(project: Path) -> bytes:
    """Return the pins of the packages that the commands import, in the format of pip."""
    pins = [line.strip(" -") for line in PINS.findall((project / ENVIRONMENT).read_text())]
    others = PINS.findall((project / "envs/paper.yaml").read_text())
    pins += [line.strip(" -") for line in others if line.strip(" -").split("==")[0] in METHOD_NEEDS]
    return ("\n".join(sorted(set(pins))) + "\n").encode()


README = """# Capsule

Everything that rebuilds the figures and the paper of a finished run, without its images, its encoder and a GPU:

    python3 rebuild.py

The command draws every figure into `results/` and typesets `results/paper.pdf`. It needs Python 3.11 or newer and LaTeX
(latexmk or tectonic). If packages are missing, it installs those of `requirements.txt` into `.venv` first.

- `results/` holds the tables of the run, the views and attention maps of the images that figures show, and `run.json`,
  which identifies the run.
- `commands.json` lists the commands, as the workflow ran them.
- `scripts/` and `paper/` hold the code and the text of the paper.
"""
