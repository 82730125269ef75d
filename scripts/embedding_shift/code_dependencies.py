"""Find the Python files that a script depends on, so that a changed line reruns only the jobs that use it."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

PACKAGE = "embedding_shift"


def source_files(script: str, scripts_folder: str | Path, modules: Sequence[str] = ()) -> list[str]:
    """Return the script and every file of the library that it imports, directly or through other modules.

    Imports inside functions are followed as well. Importing a module runs the `__init__.py` of every package above it,
    so these files and their imports are included: modules that fill a registry when their package is imported are
    found.

    Args:
        script: name of a script in `scripts_folder`, without its suffix.
        scripts_folder: absolute path of the folder that holds the scripts and the library.
        modules: further modules that the script imports by name at run time, such as "embedding_shift.plots.radar".

    Returns:
        Absolute paths: the script first, then the other files, sorted.
    """
    scripts_folder = Path(scripts_folder)
    start = scripts_folder / f"{script}.py"
    found: set[Path] = set()
    waiting = [start]
    for module in modules:
        waiting += _files_of(module, scripts_folder)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported_files(path, scripts_folder)
    return [str(start), *sorted(str(path) for path in found - {start})]


@cache
def _imported_files(path: Path, scripts_folder: Path) -> set[Path]:
    """Return the files of the library that the imports of a Python file run."""
    return {file for module in _imported_names(path, scripts_folder) for file in _files_of(module, scripts_folder)}


@cache
def _files_of(module: str, scripts_folder: Path) -> list[Path]:
    """Return the files that importing a dotted name runs; the last part may be a name inside a module."""
    parts = module.split(".")
    places = [scripts_folder.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    files = [file for place in places for file in (place / "__init__.py", place.with_suffix(".py"))]
    return [file for file in files if file.exists()]


def _imported_names(path: Path, scripts_folder: Path) -> list[str]:
    """Return the dotted names of the library that the imports of a Python file may refer to."""
    module = path.relative_to(scripts_folder).with_suffix("").parts
    package = module[:-1]  # This holds for an `__init__.py` as well: its last part is `__init__`.
    names: list[str] = []
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*start, *([node.module] if node.module else [])])
            names += [source, *(f"{source}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] == PACKAGE]


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of a syntax tree at any depth, but not their expressions: these hold no imports."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, part, []):
            yield statement
            yield from _statements(statement)
