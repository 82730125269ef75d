"""Put the page together: markup, style, scripts and data in one file that needs no other."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import vl_convert

from embedding_shift.errors import InputError

# No text of the data reaches the markup, and the page may not load anything.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
MARK = "<!-- {} -->"


def write(content: Mapping[str, Any], assets: Iterable[str | Path]) -> str:
    """Return the page.

    Args:
        content: what the page shows, as JSON values.
        assets: files of the page: one `.html` with the places of the others, one `.css`, and `.js` files in the order
            of their names.

    Raises:
        InputError: the markup lacks a place.
    """
    by_suffix: dict[str, list[Path]] = {}
    for path in sorted(map(Path, assets), key=lambda path: path.name):
        by_suffix.setdefault(path.suffix, []).append(path)
    (markup,) = by_suffix[".html"]
    charts = vl_convert.javascript_bundle()  # type: ignore[call-arg] # Its stub does not know the default.
    parts = {
        "policy": f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        "style": f"<style>\n{_joined(by_suffix['.css'])}</style>",
        "data": f'<script type="application/json" id="data">{as_script_text(content)}</script>',
        "charts": f"<script>(() => {{{charts}}})();</script>",
        "scripts": f'<script>"use strict";\n(() => {{\n{_joined(by_suffix[".js"])}}})();</script>',
    }
    page = markup.read_text(encoding="utf-8")
    for name, part in parts.items():
        before, mark, after = page.partition(MARK.format(name))
        if not mark:
            raise InputError(f"{markup} lacks the line {MARK.format(name)}")
        page = before + part + after
    return page


def as_script_text(content: Mapping[str, Any]) -> str:
    """Return JSON that no HTML parser takes for the end of a script or for a comment."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _joined(paths: Sequence[Path]) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in paths)
