"""Import a library without optional packages that take long to load and that the project does not use."""

import contextlib
import sys
from collections.abc import Iterator


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
