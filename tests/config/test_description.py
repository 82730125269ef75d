"""The documentation page of the configuration."""

import json

import yaml
from pipeline import PROJECT

from embedding_shift.config import description

SCHEMA = yaml.safe_load((PROJECT / "config" / "schema.yaml").read_text())


def test_the_committed_page_is_up_to_date():
    page = (PROJECT / "docs" / "configuration.md").read_text()
    assert page == description.describe(SCHEMA), "run `make docs`"


def test_every_key_has_a_row_with_its_default():
    page = description.describe(SCHEMA)
    sections = [SCHEMA]
    while sections:
        section = sections.pop()
        for key, entry in section["properties"].items():
            (row,) = {
                row for row in page.splitlines() if row.startswith(f"| `{key}` |") and entry["description"] in row
            }
            if "default" in entry and entry["default"] not in ({}, None):
                default = entry["default"]
                assert f"`{default if isinstance(default, str) else json.dumps(default)}`" in row
            for inner in (entry, entry.get("additionalProperties")):
                if isinstance(inner, dict) and "properties" in inner:
                    sections.append(inner)
