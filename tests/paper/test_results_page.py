"""The entry page of the results."""

import re

from paper_run import NASTY, PROJECT, read, write_results

from embedding_shift.paper import results_page


def test_it_shows_claims_ranking_and_figures_and_its_links_lead_to_files(tmp_path):
    inputs = read(write_results(tmp_path, ["Near", "A | B"], 3))
    folder = tmp_path / "results" / "data" / "m"
    names = ("radar", "method", "notable_images_1")
    paths = [folder / "figures" / f"{name}.{form}" for name in names for form in ("png", "pdf")]
    for path in [*paths, folder / "summary.csv", tmp_path / "results" / "paper.pdf"]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    page = results_page.write(inputs, map(str, paths), [str(folder)], str(tmp_path / "results" / "README.md"))
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) == 1 + 3 * 3 + 2 and all((tmp_path / "results" / link).exists() for link in links)
    assert page.index("### The method") < page.index("page 1") < page.index("### Radar")
    assert r"| 1 | A \| B | 0.9375 | 0.4375 to 1.4375 | 3 |" in page
    assert "| Noise shifts the embedding more than any other augmentation. | section 4 | supported |" in page
    assert page.count("| not tested (this run attacks no encoder) | – | 0 |") == 5


def test_labels_stay_what_they_are_and_one_image_has_no_interval(tmp_path):
    inputs = read(write_results(tmp_path, NASTY, 1))
    page = results_page.write(inputs, [], [str(tmp_path)], str(tmp_path / "README.md"))
    assert page.count("n/a (one image)") == len(NASTY)
    assert r"\\input\{/etc/passwd\}" in page and r"\#3" in page


def test_the_figures_of_the_main_text_come_first_in_its_order():
    shown = [name.removesuffix(r"_\page") for name in figures_of_the_main_text()]
    assert tuple(shown) == results_page.IN_MAIN_TEXT


def figures_of_the_main_text(source="main.tex"):
    """Yield the figures of a source before the appendix, and those of the sections that it inputs, in their order."""
    text = (PROJECT / "paper" / source).read_text().partition(r"\appendix")[0]
    for part in re.finditer(r"\\(input|fitfigure)(?:\[[\d.]+\])?\{(\w[\w/\\]*)\}", text):
        if part[1] == "fitfigure":
            yield part[2]
        elif part[2].startswith("sections/"):
            yield from figures_of_the_main_text(f"{part[2]}.tex")
