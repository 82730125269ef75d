"""What the README shows works: its settings, its code, its links, its commands."""

import copy
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from embedding_shift.claims import published_claims
from embedding_shift.config import validation
from embedding_shift.metrics import registry
from embedding_shift.views import transforms

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()
SCHEMA = yaml.safe_load((PROJECT / "config" / "schema.yaml").read_text())
SHIPPED = yaml.safe_load((PROJECT / "config.yaml").read_text())


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def own_registries(monkeypatch):
    monkeypatch.setattr(registry, "REGISTRY", copy.copy(registry.REGISTRY))
    monkeypatch.setattr(transforms, "CUSTOM_TRANSFORMS", {})


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_piece_of_configuration_is_valid_on_top_of_the_shipped_one(text):
    config = copy.deepcopy(SHIPPED)
    for section, entries in yaml.safe_load(text).items():
        config[section] |= entries
    full = validation.validated(config, SCHEMA)
    for entry in full["augmentations"].values():
        transforms.build(entry["transform"], entry["parameters"])


def test_the_transform_of_ones_own_is_known_to_the_configuration_and_gives_views(own_registries):
    (code,) = [text for text in blocks("python") if "register_transform" in text]
    exec(code, vars(transforms).copy())
    pixels = np.full((32, 32, 3), 200, np.uint8)
    view, _ = transforms.apply(transforms.build("Vignette", {"strength": 0.5}), pixels, 1)
    assert view.dtype == np.uint8 and view.shape == pixels.shape
    assert view[0, 0, 0] == 100 and view[16, 16, 0] > 195


def test_the_metric_of_ones_own_takes_its_place_among_the_others(own_registries):
    (code,) = [text for text in blocks("python") if "registry.register" in text]
    exec(code, {"registry": registry, "np": np})
    metric = registry.REGISTRY["colour_preservation"]
    assert metric in registry.of_kind("pixels") and metric in registry.in_order()
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    assert metric.function(black, black) == 1 and metric.function(black, white) == 0


def test_all_metrics_that_it_names_exist():
    named = set(re.findall(r"`(\w+_(?:similarity|distance|preservation)(?:_as_released)?)`", README))
    assert len(named) >= 7
    assert named <= set(registry.REGISTRY)


@pytest.mark.parametrize("script", sorted((PROJECT / "scripts").glob("*.py")), ids=lambda path: path.stem)
def test_every_script_answers_help(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(script), run_name="__main__")
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {script.name} ")


def test_links_lead_somewhere():
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", README) if not target.startswith("http")]
    assert len(targets) >= 5
    assert [target for target in targets if not (PROJECT / target).exists()] == []


def test_the_make_targets_that_it_names_exist():
    makefile = (PROJECT / "Makefile").read_text()
    named = set(re.findall(r"`?make ([a-z]+)`?(?= {2,}|`)", README))
    assert {"paper", "test", "report"} <= named
    assert [target for target in named if not re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)] == []


def test_the_table_of_claims_holds_every_published_claim_and_no_other():
    table = README.partition("<!-- claims:start -->")[2].partition("<!-- claims:end -->")[0]
    texts = [line.split(" | ")[0].removeprefix("| ") for line in table.strip().splitlines()[2:]]
    assert texts == [claim.text for claim in published_claims.read(PROJECT / "paper" / "claims.yaml").claims]


def test_pictures_are_small():
    assert all(path.stat().st_size < 400_000 for path in (PROJECT / "docs" / "images").iterdir())
