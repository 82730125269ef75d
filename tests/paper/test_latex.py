"""LaTeX from names, texts, numbers and tables."""

import math
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_shift.config import macro_names
from embedding_shift.errors import InputError
from embedding_shift.paper import latex

COMMANDS = re.compile(r"\\[A-Za-z]+|\\[^A-Za-z]|[{}]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50 % & more_#1", r"50 \% \& more\_\#1"),
        ("a_word_of_20_characters", r"a\_\allowbreak{}word\_\allowbreak{}of\_\allowbreak{}20\_\allowbreak{}characters"),
        ("\\", r"\textbackslash{}"),
        ("{$x^2$}", r"\{\$x\textasciicircum{}2\$\}"),
        ("a~b", r"a\textasciitilde{}b"),
        ("Gaußsche Unschärfe", r"Gau\ss{}sche Unsch\"{a}rfe"),
        ("Dvořák", r"Dvo\v{r}\'{a}k"),
        ("A–B × 2", r"A\textendash{}B \ensuremath{\times} 2"),
        ("--", "-{}-"),
        ("---", "-{}-{}-"),
        ("日本", r"\drawn{65E5}\allowbreak{}\drawn{672C}"),
        ("文、字", r"\drawn{6587-3001}\allowbreak{}\drawn{5B57}"),
        ("Шум 1", r"\drawn{0428-0443-043C} 1"),
        ("\u05d0 \u05d1", r"\drawn{05D0-0020-05D1}"),
        ("Ελ α", r"\drawn{0395-03BB} \ensuremath{\alpha}"),
        ("\U0001f600!", r"\drawn{1F600}!"),
        ("\x00", r"\drawn{0000}"),
        ("ﬁ ½", r"fi \drawn{00BD}"),
        ("two\nlines\t here ", "two lines here"),
        ("[1]*", "{[}1{]}{*}"),
    ],
)
def test_escape(text, expected):
    assert latex.escape(text) == expected


@pytest.mark.slow
@given(st.text())
def test_escape_gives_balanced_printable_ascii(text):
    escaped = latex.escape(text)
    assert escaped.isascii() and escaped.isprintable()
    depth = 0
    for token in COMMANDS.findall(escaped):
        depth += {"{": 1, "}": -1}.get(token, 0)
        assert depth >= 0
    assert depth == 0


@given(st.text(string.ascii_letters + string.digits + " .:;()=+/", max_size=40))
def test_escape_leaves_plain_text_alone(text):
    assert latex.escape(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (13312, "13{,}312"),
        (0.31946, "0.3195"),
        (1.0, "1.000"),
        (9.99996, "10.00"),
        (51.618, "51.62"),
        (1234.56, "1235"),
        (12345.6, "12346"),
        (0.0161497, "0.0161"),
        (-0.5, "$-$0.5000"),
        (0.0, "0.0000"),
        (3.21e-7, r"$3.21\times10^{-7}$"),
        (-4.5e9, r"$-4.50\times10^{9}$"),
        (math.nan, "n/a"),
        (math.inf, r"$\infty$"),
    ],
)
def test_number(value, expected):
    assert latex.number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (0.000864531, r"$8.65\times10^{-4}$"),
        (0.00123456, "0.00123"),
        (0.99996, "1.000"),
        (51.618, "51.6"),
        (1234.5, "1234"),
        (-0.25, "$-$0.250"),
        (3e7, r"$3.00\times10^{7}$"),
        (math.nan, "n/a"),
    ],
)
def test_three_digits_that_count(value, expected):
    assert latex.significant(value) == expected


def test_an_interval_has_bounds_or_is_absent():
    assert latex.interval(-0.5, 1.25) == "[$-$0.5000, 1.250]"
    assert latex.interval(math.nan, math.nan) == "n/a"


def test_macro_names_are_letters_only():
    assert macro_names.macro_name("mean", "l2_distance", "color_jitter") == "MeanLTwoDistanceColorJitter"
    assert macro_names.macro_name("num", "x-10") == "NumXOneZero"


def test_macros_refuse_two_values_under_one_name():
    with pytest.raises(InputError, match=r"a_b.*a b.*\\AB"):
        latex.macros([(("a_b",), "1"), (("a", "b"), "2")])


def test_tabular_has_a_rule_between_groups():
    text = latex.tabular("lr", ["A", "B"], [[["x", "1"], ["y", "2"]], [["z", "3"]]])
    assert text.splitlines() == [
        r"\begin{tabular}{@{}lr@{}}",
        r"\toprule",
        r"A & B \\",
        r"\midrule",
        r"x & 1 \\",
        r"y & 2 \\",
        r"\midrule",
        r"z & 3 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_longtable_breaks_between_groups_alone():
    text = latex.longtable("l", ["A"], [[["x"], ["y"]], [["z"]]], "Caption", "tab:label")
    assert "\\endhead\n\\\\[-6pt]\\endfoot\n\\bottomrule\n\\endlastfoot\n" in text
    assert text.endswith("x \\\\*\ny \\\\*\n\\midrule\nz \\\\\n\\end{longtable}\n")
    assert r"\caption{Caption}\label{tab:label}" in text
    assert text.startswith("\\FloatBarrier\n")


def test_longtable_breaks_within_a_group_that_no_page_holds():
    text = latex.longtable("l", ["A"], [[["x"]] * 50, [["y"]] * 2], "Caption", "tab:label")
    assert text.count("x \\\\\n") == 49 and text.count("x \\\\*\n\\midrule") == 1
    assert "y \\\\*\ny \\\\\n" in text
