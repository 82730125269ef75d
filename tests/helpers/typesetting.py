"""Runs of the scripts that typeset the paper, and what they need."""

import re
import shutil
import subprocess
import sys

import matplotlib
import pytest
from paper_run import PROJECT, SETTINGS

matplotlib.use("Agg")
import matplotlib.pyplot as plt

SCRIPTS = PROJECT / "scripts"
ENVIRONMENTS = sorted((PROJECT / "envs").glob("*.yaml"))

# Width and height, in inches, of the figures in the default run.
SIZES = {
    "augmentation_strip": (6.27, 1.05),
    "method": (5.97, 3.66),
    "dendrogram": (6.3, 2.96),
    "notable_images_1": (6.26, 8.34),
    "metric_heatmap": (6.3, 2.9),
    "noise_floor": (6.3, 3.48),
    "dose_response": (6.3, 5.3),
    "equal_damage": (6.3, 3.0),
    "augmentation_card": (6.3, 3.48),
    "shift_ledger": (6.3, 3.32),
    "attention_samples": (6.27, 4.08),
    "attention_grid_1": (5.71, 8.54),
    "attention_grid_2": (5.71, 8.54),
    "attention_grid_3": (5.71, 8.54),
    "cosine_distribution": (6.3, 4.65),
    "l2_kde": (6.3, 2.9),
    "l2_bars": (6.3, 2.6),
    "cosine_samples": (6.3, 2.8),
    "critical_difference": (6.3, 2.89),
    "model_comparison": (6.3, 3.0),
    "damage": (6.3, 2.6),
    "metric_clustermap": (6.3, 4.0),
    "metric_profiles": (6.3, 4.33),
    "metric_comparison": (6.3, 4.28),
    "radar": (6.3, 5.05),
    "audit": (6.3, 6.12),
    "layer_profile": (6.3, 2.43),
    "neighbour_overlap": (6.3, 2.43),
    "nearest_images": (6.27, 5.12),
    "concepts": (6.3, 2.33),
    "fingerprint": (6.3, 2.3),
}

# A page of the paper, in points: the width of A4, the margin beside a text 6.3 inches wide, the height of a line.
PAGE_WIDTH, MARGIN, LINE = 595.28, (595.28 - 6.3 * 72) / 2, 6
TOP, TEXT_HEIGHT = 62, 9.6 * 72
WORD = re.compile(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>')

needs_pdftotext = pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
HAS_LATEX = shutil.which("latexmk") or shutil.which("tectonic")


def needs_latex(test):
    """Mark a test that typesets: it is slow, and skipped where LaTeX is not installed."""
    skip = pytest.mark.skipif(not HAS_LATEX, reason="neither latexmk nor tectonic is installed")
    return pytest.mark.slow(skip(test))


def run(script, *arguments):
    """Run a script as a rule would."""
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def draw_figures(folder):
    """Write a PDF with one word, on its lower edge, for every figure that the paper includes; return the paths."""
    sources = "".join(path.read_text() for path in sorted((PROJECT / "paper").rglob("*.tex")))
    names = set(re.findall(r"\\fitfigure(?:\[[\d.]+\])?\{(\w+)\}", sources))
    pages = range(1, SETTINGS["figures"]["attention_grid_pages"] + 1)
    for name in names | {f"attention_grid_{page}" for page in pages} | {"notable_images_1", "notable_images_2"}:
        figure = plt.figure(figsize=SIZES.get(name, (6.3, 2)))
        figure.text(0.5, 0, name, size=4, ha="center")
        folder.mkdir(exist_ok=True)
        figure.savefig(folder / f"{name}.pdf")
        plt.close(figure)
    return sorted(folder.glob("*.pdf"))


def small_paper(folder, body, preamble=""):
    """Write a paper of one page; return the arguments of `paper.build` without the output."""
    (folder / "paper").mkdir()
    text = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (folder / "paper" / "main.tex").write_text(text)
    (folder / "numbers.tex").write_text("\\newcommand{\\Seed}{1}\n")
    return folder / "paper", folder / "numbers.tex", [], []


def build(folder, arguments):
    """Write the numbers and tables and set the paper, as the rules would; return its text."""
    assert run("write_numbers", *arguments, "--output", folder / "numbers.tex").stderr == ""
    options = ["--environments", *ENVIRONMENTS, "--output-folder", folder / "tables"]
    assert run("write_paper_tables", *arguments, *options).stderr == ""
    sources = [folder / "numbers.tex", *sorted((folder / "tables").glob("*.tex"))]
    drawn = folder / "tables" / "drawn_texts.tex", folder / "drawn_texts.pdf"
    done = run("draw_texts", "--sources", *sources, "--definitions", drawn[0], "--pdf", drawn[1])
    assert (done.stderr, done.returncode) == ("", 0)
    done = run(
        *("build_paper", "--paper-folder", PROJECT / "paper", "--numbers", folder / "numbers.tex", "--tables"),
        *(*sources[1:], drawn[0]),
        *("--figures", *draw_figures(folder / "figures"), drawn[1], "--output", folder / "paper.pdf"),
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert (folder / "paper.pdf").read_bytes().startswith(b"%PDF")
    outside = words_outside_the_text(folder / "paper.pdf")
    assert not outside, outside
    half_empty = [
        (page, share) for page, share in enumerate(fullness(folder / "paper.pdf")[:-1], start=1) if share < 0.5
    ]
    assert not half_empty, half_empty
    return " ".join(pages_of(folder / "paper.pdf"))


def pages_of(pdf):
    """Return the text of every page, with single spaces."""
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
    return [" ".join(page.split()) for page in text.split("\f")]


def words_of_pages(pdf):
    """Return (left, top, right, bottom, text) of the words of every page, in points from the upper left corner."""
    boxes = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, text=True, check=True).stdout
    pages = boxes.split("<page ")[1:]
    return [[(*map(float, bounds), text) for *bounds, text in WORD.findall(page)] for page in pages]


def fullness(pdf):
    """Return the height of what every page holds, from 0 to 1, as a share of the height of the text.

    A figure counts as far down as its lowest word. The page number does not count.
    """
    shares = []
    for number, words in enumerate(words_of_pages(pdf), start=1):
        foot = max(words, key=lambda word: word[3] * (word[4] == str(number)))
        bottom = max((word[3] for word in words if word is not foot), default=TOP)
        shares.append((bottom - TOP) / TEXT_HEIGHT)
    return shares


def words_outside_the_text(pdf):
    """Return (page, word) of every word beside the text of a page, or as low as the page number."""
    outside = []
    for number, words in enumerate(words_of_pages(pdf), start=1):
        lowest = max(word[3] for word in words if word[4] == str(number)) - LINE
        outside += [
            (number, text)
            for left, _, right, bottom, text in words
            if not (left >= MARGIN - 2 and right <= PAGE_WIDTH - MARGIN + 2)
            or (bottom > lowest and text != str(number))
        ]
    return outside
