"""The LaTeX tables of the study."""

import pandas as pd

from embedding_shift.claims import audit
from embedding_shift.metrics import image_difference
from embedding_shift.paper.tables import layout, study_tables
from embedding_shift.plots import labels
from embedding_shift.study import dose_response, variance, variant_names


def test_every_flaw_reference_and_measure_of_damage_has_a_label():
    assert tuple(labels.FLAWS) == audit.FLAWS
    assert tuple(labels.REFERENCES) == variant_names.REFERENCES
    assert list(labels.DAMAGE) == list(image_difference.MEASURES)


def test_values_and_ranks_at_equal_damage_follow_those_as_configured():
    rows = [
        (measure, 9.5, name, 0.25, "cosine_similarity", value, value - 0.125, value + 0.125, rank, 0.5, 3 - rank)
        for measure in ("rmse", "ssim")
        for name, value, rank in (("blur", 0.25, 1), ("noise", 0.75, 2))
    ]
    frame = pd.DataFrame(rows, columns=dose_response.EQUAL_DAMAGE_COLUMNS)
    table = study_tables.equal_damage(frame, {"noise": "Noise & co", "elastic": "Elastic", "blur": "Blur"})
    assert r"\multicolumn{4}{c}{At RMSE 9.50} & \multicolumn{4}{c}{At SSIM 9.50}" in table
    noise = r"Noise \& co & 0.5000 & 1 & 0.25 & 0.7500 & [0.6250, 0.8750] & 2 & 0.25 & 0.7500 & [0.6250, 0.8750] & 2"
    blur = r"Blur & 0.5000 & 2 & 0.25 & 0.2500 & [0.1250, 0.3750] & 1 & 0.25 & 0.2500 & [0.1250, 0.3750] & 1"
    assert table.index(noise) < table.index(blur)
    assert "Elastic" not in table
    assert study_tables.equal_damage(frame.iloc[:0], {}).count("-- & --") == 1


def test_shares_of_the_variance_are_in_per_cent_and_a_missing_component_is_a_dash():
    rows = [("cosine_similarity", "image", 1.0, 0.25), ("cosine_similarity", "draw", 3.0, 0.75)]
    table = study_tables.variance_shares(pd.DataFrame(rows, columns=variance.COLUMNS))
    assert r"Cosine similarity & 25.0\,\% & -- & -- & 75.0\,\%" in table


def test_a_head_of_two_rows_is_two_lines_of_latex():
    assert layout.two_rows(["", "a"], ["b", "c"]) == [" & a \\\\\nb & c"]
    assert layout.two_lines("Cosine similarity of it") == r"\shortstack{Cosine\\similarity of it}"
