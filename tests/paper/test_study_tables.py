"""The LaTeX tables of the study."""

import math

import pandas as pd
from paper_run import PROJECT

from embedding_shift.claims import audit, published_claims, released_runs
from embedding_shift.metrics import registry
from embedding_shift.paper import latex
from embedding_shift.paper.tables import audit_tables, layout, study_tables
from embedding_shift.plots import labels
from embedding_shift.study.tables import dose_start, equal_damage, noise_floor, variance
from embedding_shift.study.variants import variant_names
from embedding_shift.views import image_difference


def test_every_flaw_reference_and_measure_of_damage_has_a_label():
    assert tuple(labels.FLAWS) == released_runs.FLAWS
    assert tuple(labels.REFERENCES) == variant_names.REFERENCES
    assert list(labels.DAMAGE) == list(image_difference.MEASURES)


def test_values_and_ranks_at_equal_damage_follow_those_as_configured():
    rows = [
        (measure, 9.5, name, 0.25, "cosine_similarity", value, value - 0.125, value + 0.125, rank, 0.5, 3 - rank)
        for measure in ("rmse", "ssim")
        for name, value, rank in (("blur", 0.25, 1), ("noise", 0.75, 2))
    ]
    frame = pd.DataFrame(rows, columns=equal_damage.COLUMNS)
    labels_of = {"noise": "Noise & co", "elastic": "Elastic", "blur": "Blur"}
    table = study_tables.equal_damage(frame, labels_of)
    assert r"\multicolumn{4}{c}{At RMSE 9.50} & \multicolumn{4}{c}{At SSIM 9.50}" in table
    noise = r"Noise \& co & 0.5000 & 0.25 & 0.7500 & [0.6250, 0.8750] & $1\to2$ & 0.25 & 0.7500"
    blur = r"Blur & 0.5000 & 0.25 & 0.2500 & [0.1250, 0.3750] & $2\to1$ & 0.25 & 0.2500"
    assert table.index(noise) < table.index(blur)
    assert "Elastic" not in table
    assert study_tables.equal_damage(frame.iloc[:0], {}).count("-- & --") == 1
    without = study_tables.equal_damage(frame.iloc[:-1], labels_of)
    assert r"Noise \& co & 0.5000 & 0.25 & 0.7500 & [0.6250, 0.8750] & $1\to2$ & -- & -- & -- & --" in without


def test_a_vanishing_dose_is_a_column_of_the_noise_floor():
    """Even if the augmentation has the name of a reference."""
    floor = [("jpeg_95", metric, 0.875, 0.75, 1.0) for metric in ("cosine_similarity", "ssim")]
    floor += [("jpeg_95", "rmse", 3.0, 2.0, 4.0)]
    starts = [("jpeg_95", "cosine_similarity", 8, 0.5, 0.25, 0.75, 0.2, 0.1, 0.3)]
    frames = pd.DataFrame(floor, columns=noise_floor.COLUMNS), pd.DataFrame(starts, columns=dose_start.COLUMNS)
    table = study_tables.noise_floor(*frames, {"jpeg_95": "Own & odd", "blur": "Blur"})
    assert "Blur" not in table
    references, doses = table.split(r"\medskip")
    assert r"\shortstack{JPEG,\\quality 95}" in references and "0.125" in references and "RMSE &" in references
    assert r"\shortstack{Own \& odd,\\dose\,$\to0$}" in doses and "[0.250, 0.750]" in doses
    assert (references.count("& --"), doses.count("& --")) == (0, 2)


def test_shares_of_the_variance_are_in_per_cent_and_a_missing_component_is_a_dash():
    rows = [
        ("cosine_similarity", split, "noise", 0.5, *component, math.nan if split == "all" else 0.125, 0.875)
        for split in variance.SPLITS
        for component in (("image", 1.0, 0.25), ("draw", 3.0, 0.75))
    ]
    table = study_tables.variance_shares(pd.DataFrame(rows, columns=variance.COLUMNS), {"noise": "Noise & co"})
    first, second = (line for line in table.splitlines() if r"\%" in line)
    assert first.startswith("Cosine similarity & all & ") and first.count("& --") == 2 and "n/a" in first
    assert r"& without Noise \& co (50.0\,\%) & " in second
    assert r"25.0\,\%" in second and r"[12, 88]\,\%" in second


def test_the_largest_change_is_a_range_where_the_draw_is_left_to_chance():
    rows = [
        ("unseeded", "noise", "cosine_similarity", 0.5, 0.25, 0.625, 0.5),
        ("unseeded", "blur", "cosine_similarity", 0.625, 0.625, 0.6875, 0.5),
        ("aliased_resize", "noise", "cosine_similarity", 0.5, 0.5, 0.5, 0.5),
        ("aliased_resize", "blur", "cosine_similarity", 0.25, 0.25, 0.25, 0.5),
    ]
    ranks = [
        ("unseeded", "cosine_similarity", 0.5, 0.25, 1.0, 2, 0, 3),
        ("aliased_resize", "cosine_similarity", 0.5, 0.5, 0.5, 2, 2, 2),
    ]
    frames = pd.DataFrame(rows, columns=audit.COLUMNS), pd.DataFrame(ranks, columns=audit.RANK_COLUMNS)
    table = audit_tables.changes(*frames, {"noise": "Noise", "blur": "Blur & co"})
    unseeded, resize = (line for line in table.splitlines() if "Cosine" in line)
    assert "Nothing seeded & Cosine similarity & $-$0.2500 to 0.1250 & Noise & 0.5000 [0.2500, 1.000]" in unseeded
    assert "2 [0, 3]" in unseeded
    assert r"No antialiasing & Cosine similarity & $-$0.2500 & Blur \& co & 0.5000 & 2" in resize


def test_the_means_of_more_metrics_than_a_page_is_wide_enough_for_are_in_further_tables():
    shown = [metric.name for metric in registry.in_order()][: audit_tables.METRICS_PER_TABLE + 1]
    rows = [("unseeded", "noise", metric, 0.5, 0.5, 0.5, 0.25) for metric in shown]
    tables = audit_tables.numbers(pd.DataFrame(rows, columns=audit.COLUMNS), {"noise": "Noise"})
    assert tables.count(r"\begin{longtable}{@{}l" + "rr" * audit_tables.METRICS_PER_TABLE + "@{}}") == 1
    assert tables.count(r"\begin{longtable}{@{}lrr@{}}") == 1
    assert r"\label{tab:audit_numbers}" in tables and r"\label{tab:audit_numbers_2}" in tables


def test_a_long_label_breaks_into_lines():
    assert layout.label_column(["Noise", "x" * layout.LONG_LABEL], 0.25) == "l"
    assert layout.label_column(["Noise", "x" * (layout.LONG_LABEL + 1)], 0.25) == layout.paragraph(0.25)
    assert layout.label_column([], 0.25) == "l"
    assert "{@{}l}" in layout.heading(3, "x" * layout.LONG_HEADING)
    assert layout.paragraph(0.9) in layout.heading(3, "x " * layout.LONG_HEADING)
    assert latex.slanted("A short label") == r"\rotatebox{60}{A short label}"
    assert latex.slanted("A label that is much too long").startswith(r"\rotatebox{90}{\shortstack[l]{A label")
    assert layout.narrow_head("Shift & scale, rotate", "more") == r"\shortstack{Shift \& scale,\\rotate\\more}"


def test_verdicts_of_many_runs_have_shares():
    published = published_claims.read(PROJECT / "paper" / "claims.yaml")
    first, second = (claim.id for claim in published.claims[:2])
    rows = [
        ("unseeded", first, "supported", "not resolved", 0.25),
        ("unseeded", first, "supported", "supported", 0.75),
        ("unseeded", second, "supported", "supported", 0.95),
        ("unseeded", second, "supported", "not resolved", 0.05),
    ]
    table = audit_tables.claims(pd.DataFrame(rows, columns=audit.CLAIM_COLUMNS), published)
    assert r"& supported & supported (75\,\%), not resolved (25\,\%)" in table
    assert table.count("Nothing seeded") == 1


def test_a_head_of_two_rows_is_two_lines_of_latex():
    assert layout.two_rows(["", "a"], ["b", "c"]) == [" & a \\\\\nb & c"]
    assert layout.two_lines("Cosine similarity of it") == r"\shortstack{Cosine\\similarity of it}"
