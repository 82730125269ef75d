"""The examples, links and commands in the README and in docs/ work."""

import copy
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from configurations import merged

from embedding_shift.claims import published_claims
from embedding_shift.config import validation
from embedding_shift.config.entries import steps_of
from embedding_shift.metrics import registry
from embedding_shift.views import transforms
from embedding_shift.views.steps import Steps
from embedding_shift.words.downstream import damage

PROJECT = Path(__file__).parents[2]
PAGES = {
    path: path.read_text()
    for path in [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
}
README = PAGES[PROJECT / "README.md"]
ALL = "\n".join(PAGES.values())
SCHEMA = yaml.safe_load((PROJECT / "config" / "schema.yaml").read_text())
SHIPPED = yaml.safe_load((PROJECT / "config.yaml").read_text())


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", ALL, re.MULTILINE | re.DOTALL)


@pytest.fixture
def own_registries(monkeypatch):
    monkeypatch.setattr(registry, "REGISTRY", copy.copy(registry.REGISTRY))
    monkeypatch.setattr(transforms, "CUSTOM_TRANSFORMS", {})


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_piece_of_configuration_is_valid_on_top_of_the_shipped_one(text):
    full = validation.validated(merged(copy.deepcopy(SHIPPED), yaml.safe_load(text)), SCHEMA)
    for entry in full["augmentations"].values():
        Steps(steps_of(entry))


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
    metric = registry.REGISTRY["colour_distance"]
    assert metric in registry.of_kind("pixels") and metric in registry.in_order()
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    assert metric.function(black, black) == 0 and metric.function(black, white) == 1
    assert not metric.higher_is_closer and metric.formula and metric.sentence


def test_all_metrics_that_it_names_exist():
    named = set(re.findall(r"`(\w+_(?:similarity|distance|preservation)(?:_as_released)?)`", ALL))
    assert len(named) >= 7
    assert named <= {*registry.REGISTRY, damage.CAPTION_SIMILARITY}


@pytest.mark.parametrize("script", sorted((PROJECT / "scripts").glob("*.py")), ids=lambda path: path.stem)
def test_every_script_answers_help(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(script), run_name="__main__")
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {script.name} ")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", PAGES[page]) if not target.startswith("http")]
    for target in targets:
        file, _, heading = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", linked.read_text(), re.MULTILINE)
            assert heading in [title.lower().replace(" ", "-") for title in titles], target


def test_every_page_is_linked_from_the_readme():
    linked = {PROJECT / target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", README)}
    assert set(PAGES) - linked == {PROJECT / "README.md"}


def test_the_files_and_folders_that_are_named_exist():
    named = set(re.findall(r"`((?:config|docs|envs|paper|profiles|resources|rules|scripts|tests)/[\w./-]*)`", ALL))
    assert len(named) > 20
    tests_of_faults = {name for name in named if name.rpartition("/")[2].startswith("test_")}
    assert [name for name in sorted(named - tests_of_faults) if not (PROJECT / name).exists()] == []


def test_the_make_targets_that_are_named_exist():
    makefile = (PROJECT / "Makefile").read_text()
    named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)[ `]", ALL, re.MULTILINE))
    named = {name for pair in named for name in pair if name}
    assert {"paper", "test", "test-fast", "report", "docs"} <= named
    assert [target for target in named if not re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)] == []


def test_badges_tell_the_truth():
    versions = re.findall(r"badge/(python|snakemake)-%E2%89%A5%20([\d.]+)-", README)
    assert dict(versions) == {
        "python": re.search(r'requires-python = ">=([\d.]+)"', (PROJECT / "pyproject.toml").read_text())[1],
        "snakemake": re.search(r'min_version\("([\d.]+)"\)', (PROJECT / "Snakefile").read_text())[1],
    }
    assert "badge/licence-MIT-" in README and (PROJECT / "LICENSE").read_text().startswith("MIT License")


def test_the_table_of_claims_holds_every_published_claim_and_no_other():
    table = README.partition("<!-- claims:start -->")[2].partition("<!-- claims:end -->")[0]
    texts = [line.split(" | ")[0].removeprefix("| ") for line in table.strip().splitlines()[2:]]
    published = published_claims.read(PROJECT / "paper" / "claims.yaml")
    assert texts == [claim.text for claim in published.claims]
    on_attacks = README.partition("<!-- attack-claims:start -->")[2].partition("<!-- attack-claims:end -->")[0]
    texts = [line.split(" | ")[0].removeprefix("| ") for line in on_attacks.strip().splitlines()[2:]]
    assert texts == [claim.text for claim in published.attack_claims]


def test_pictures_are_small():
    assert all(path.stat().st_size < 400_000 for path in (PROJECT / "docs" / "images").iterdir())
