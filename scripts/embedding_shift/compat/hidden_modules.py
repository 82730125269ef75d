"""Import a library without modules that take long to load and that the project does not use."""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any


@contextlib.contextmanager
def hidden(*modules: str) -> Iterator[None]:
    """Within this context, importing one of `modules` fails as if it were not installed.

    Python raises ModuleNotFoundError for a module whose entry in `sys.modules` is None. Modules that are already
    loaded stay visible. Hide only packages that the imported library itself treats as optional.

    Args:
        modules: full names.
    """
    absent = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type] # None is allowed, see above.
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextlib.contextmanager
def deferred(module: str, *functions: str, **constants: Any) -> Iterator[None]:
    """Within this context, importing `module` does not load it: each of `functions` loads it when it is called.

    Taking another name from the imported module loads it at once. A module that is already loaded stays.

    Args:
        module: full name.
        functions: names of functions or classes of the module that the imported library imports by name. It may call
            the classes, but do nothing else with them.
        constants: constants of the module that the imported library imports by name, and their values.
    """
    if module in sys.modules:
        yield
        return
    stand_in = ModuleType(module)

    def loaded() -> ModuleType:
        if sys.modules.get(module) is stand_in:
            del sys.modules[module]
        return importlib.import_module(module)

    def calling(name: str) -> Callable[..., Any]:
        return lambda *arguments, **options: getattr(loaded(), name)(*arguments, **options)

    def other(name: str) -> Any:
        if name.startswith("__"):  # Python itself asks every loaded module for names such as `__file__`.
            raise AttributeError(name)
        return getattr(loaded(), name)

    vars(stand_in).update({name: calling(name) for name in functions}, **constants, __getattr__=other)
    sys.modules[module] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(module) is stand_in:
            del sys.modules[module]
