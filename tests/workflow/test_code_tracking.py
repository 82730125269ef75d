"""An edit of the code runs the jobs again that depend on it, and no others.

An added comment counts as an edit.
"""

import pytest
from pipeline import PROJECT
from rule_graph import RuleGraph
from rule_sets import (
    ATTACKING,
    ATTENTION_PICTURES,
    AUDIT_FIGURE,
    AUGMENTATIONS,
    CARD,
    COMPARED_ATTACKS,
    DENDROGRAM,
    DETECTED_ATTACKS,
    DISTANCES,
    DRAWN,
    ENCODED_TEXTS,
    ENCODERS,
    ENCODING,
    EVERYTHING,
    FIGURES,
    FIGURES_OF_SUMMARIES,
    FROM_CAPTURE,
    FROM_ENCODING,
    FROM_IMAGES,
    FROM_METRICS,
    FROM_PHRASES,
    FROM_SCORES,
    FROM_STUDY_METRICS,
    FROM_STUDY_VIEWS,
    FROM_VIEWS,
    IMAGES,
    LISTS_FIGURE,
    MEASURED_ATTACKS,
    METHOD,
    METRICS,
    NEIGHBOURS_OF_DOSES,
    NOTABLE_IMAGES,
    PAGE,
    PAPER,
    PIXEL_METRICS,
    RANKS_FIGURE,
    RECORD,
    STATISTICS,
    STUDY_ENCODING,
    STUDY_FIGURES,
    STUDY_IMAGES,
    STUDY_PIXEL_METRICS,
    STUDY_STATISTICS,
    STUDY_VIEWS,
    TABULATED_ATTACKS,
    TEXTS,
    VIEWS,
)
from tiny_run import tiny_config

# The edited file, and what runs again.
EDITS = {
    "embedding_shift/cli.py": EVERYTHING,
    "embedding_shift/sampling.py": FROM_IMAGES,
    "embedding_shift/config/validation.py": set(),
    "embedding_shift/config/macro_names.py": TEXTS | METHOD | PAPER,
    "embedding_shift/compat/onednn.py": ENCODERS | STUDY_ENCODING | ATTACKING | FROM_ENCODING,
    "embedding_shift/compat/albumentations_import.py": AUGMENTATIONS | FROM_VIEWS | FROM_STUDY_VIEWS,
    "embedding_shift/compat/snakemake_locks.py": set(),
    "embedding_shift/results/record.py": RECORD,
    # The encoder, which a bundle is tried with, reads views.
    "embedding_shift/io/shards.py": FROM_IMAGES - {"acquire_images", "list_images"} | ENCODERS,
    "embedding_shift/io/tables.py": EVERYTHING - ENCODERS | ENCODED_TEXTS,
    "embedding_shift/io/array_files.py": EVERYTHING - IMAGES - VIEWS - AUGMENTATIONS - ENCODERS | ENCODED_TEXTS,
    "embedding_shift/data/decoding/jpeg.py": FROM_IMAGES,
    "embedding_shift/data/acquisition/fetch.py": FROM_IMAGES,
    "embedding_shift/views/transforms.py": AUGMENTATIONS | FROM_VIEWS | FROM_STUDY_VIEWS,
    "embedding_shift/views/own_transforms/elastic.py": AUGMENTATIONS | FROM_VIEWS | FROM_STUDY_VIEWS,
    "embedding_shift/views/view_record.py": AUGMENTATIONS | ATTACKING | FROM_VIEWS | FROM_STUDY_VIEWS,
    "embedding_shift/views/doses.py": AUGMENTATIONS
    | FROM_STUDY_VIEWS
    | (FIGURES - METHOD - {"plot_attack_strip", "plot_attack_transfer"}),
    "embedding_shift/views/geometry.py": PIXEL_METRICS
    | STUDY_PIXEL_METRICS
    | METRICS
    | FROM_METRICS
    | {"read_out_similarity_maps", "plot_concepts", "map_texts", "plot_text_maps"},
    "embedding_shift/encoders/attention.py": ENCODERS | STUDY_ENCODING | ATTACKING | FROM_ENCODING,
    "embedding_shift/encoders/sources/hub.py": ENCODERS | STUDY_ENCODING | ATTACKING | FROM_ENCODING,
    # Every user of a metric loads them all, but no user of a view or an encoder does.
    "embedding_shift/metrics/pixel_metrics.py": PIXEL_METRICS
    | MEASURED_ATTACKS
    | COMPARED_ATTACKS
    | STUDY_PIXEL_METRICS
    | METRICS
    | ATTENTION_PICTURES
    | FROM_METRICS
    | {"judge_related_claims", "judge_word_claims", "plot_text_maps"},
    "embedding_shift/metrics/representation_metrics.py": PIXEL_METRICS
    | MEASURED_ATTACKS
    | COMPARED_ATTACKS
    | STUDY_PIXEL_METRICS
    | METRICS
    | ATTENTION_PICTURES
    | FROM_METRICS
    | {"judge_related_claims", "judge_word_claims", "plot_text_maps"},
    "embedding_shift/views/image_difference.py": FROM_STUDY_VIEWS
    | MEASURED_ATTACKS
    | TABULATED_ATTACKS
    | COMPARED_ATTACKS,
    "embedding_shift/metrics/joining.py": {"compute_metrics"} | FROM_METRICS,
    "embedding_shift/statistics/bootstrap.py": STATISTICS
    | NEIGHBOURS_OF_DOSES
    | TABULATED_ATTACKS
    | COMPARED_ATTACKS
    | DETECTED_ATTACKS
    | FROM_CAPTURE
    | FROM_SCORES
    | STUDY_STATISTICS
    | FIGURES_OF_SUMMARIES
    | RANKS_FIGURE
    | METHOD
    | STUDY_FIGURES
    | LISTS_FIGURE
    | AUDIT_FIGURE
    | TEXTS
    | PAPER,
    "embedding_shift/statistics/notable_images.py": NOTABLE_IMAGES | TEXTS | PAPER,
    "embedding_shift/statistics/pairwise_distance.py": DISTANCES | DENDROGRAM | TEXTS | PAPER,
    "embedding_shift/statistics/rank_agreement.py": {"compare_models", "plot_model_comparison"} | TEXTS | PAPER,
    "embedding_shift/study/variants/reference_views.py": STUDY_IMAGES | {"encode_references"} | FROM_STUDY_VIEWS,
    "embedding_shift/study/variants/draws_and_doses.py": FROM_STUDY_VIEWS,
    "embedding_shift/study/variants/equal_doses.py": {"make_equal_damage_views", "encode_study_views"}
    | NEIGHBOURS_OF_DOSES
    | STUDY_PIXEL_METRICS
    | FROM_STUDY_METRICS,
    "embedding_shift/study/measurement/study_pixels.py": STUDY_PIXEL_METRICS | FROM_STUDY_METRICS,
    "embedding_shift/study/tables/noise_floor.py": {"tabulate_study"} | STUDY_FIGURES | CARD | TEXTS | PAPER,
    "embedding_shift/study/tables/equal_damage.py": {"tabulate_study"} | STUDY_FIGURES | CARD | TEXTS | PAPER,
    "embedding_shift/study/tables/step_contributions.py": {"tabulate_steps"} | LISTS_FIGURE | TEXTS | PAPER,
    "embedding_shift/study/tables/precision.py": {"measure_precision"} | TEXTS | PAPER,
    "embedding_shift/adversarial/attack.py": ATTACKING
    | MEASURED_ATTACKS
    | TABULATED_ATTACKS
    | COMPARED_ATTACKS
    | DETECTED_ATTACKS
    | CARD
    | TEXTS
    | PAPER,
    "embedding_shift/adversarial/detection.py": DETECTED_ATTACKS | TEXTS | PAPER,
    "embedding_shift/adversarial/exchange.py": TABULATED_ATTACKS | COMPARED_ATTACKS | CARD | TEXTS | PAPER,
    "embedding_shift/mechanism/captured_views.py": FROM_CAPTURE | TEXTS | PAPER,
    "embedding_shift/mechanism/similarity.py": {"read_out_layers", "plot_layer_profile", "compare_mechanisms"}
    | DETECTED_ATTACKS
    | TEXTS
    | PAPER,
    "embedding_shift/words/shift_in_words.py": FROM_SCORES | TEXTS | PAPER,
    "embedding_shift/words/named_parts/text_span.py": {"name_heads", "plot_named_heads"} | TEXTS | PAPER,
    "embedding_shift/words/prompts.py": ENCODED_TEXTS | FROM_SCORES | FROM_PHRASES | TEXTS | PAPER,
    "embedding_shift/claims/judging.py": {"judge_claims", "judge_related_claims", "judge_attack_claims", "audit_method"}
    | AUDIT_FIGURE
    | TEXTS
    | PAPER,
    "embedding_shift/claims/audit.py": {"audit_method"} | AUDIT_FIGURE | TEXTS | PAPER,
    "embedding_shift/claims/released_runs.py": {"audit_method"} | AUDIT_FIGURE | TEXTS | PAPER,
    "embedding_shift/study/variants/other_resize.py": STUDY_IMAGES | {"encode_references"} | FROM_STUDY_VIEWS,
    "embedding_shift/plots/style.py": (FIGURES - METHOD) | DRAWN | PAPER,
    "embedding_shift/augmentation_card/dose_neighbours.py": NEIGHBOURS_OF_DOSES | PAPER,
    "embedding_shift/augmentation_card/half_dose.py": CARD | PAPER,
    "embedding_shift/plots/dendrogram.py": DENDROGRAM | PAPER,
    "embedding_shift/plots/summary/radar.py": {"plot_radar"} | PAPER,
    "embedding_shift/plots/study/audit.py": AUDIT_FIGURE | PAPER,
    "embedding_shift/paper/latex.py": TEXTS | METHOD | PAPER,
    "embedding_shift/paper/number_macros.py": {"write_numbers"} | DRAWN | PAPER - PAGE,
    "embedding_shift/performance/forecast.py": set(),
    "embedding_shift/provenance/why.py": set(),
    "embedding_shift/explorer/page.py": set(),
    "embedding_shift/handover/capsule.py": set(),
    "embedding_shift/run_comparison/changes.py": set(),
    # The metrics read the shards, not the files that join them.
    "merge_encoded.py": {"merge_encoded", "encode_precision_sample", "measure_precision", "judge_claims"}
    | NEIGHBOURS_OF_DOSES
    | MEASURED_ATTACKS
    | TABULATED_ATTACKS
    | COMPARED_ATTACKS
    | DETECTED_ATTACKS
    | NOTABLE_IMAGES
    | {"plot_attention_samples"}
    | NOTABLE_IMAGES
    | DISTANCES
    | DENDROGRAM
    | ATTENTION_PICTURES
    | FROM_SCORES
    | FROM_STUDY_METRICS,
    "summarise_metrics.py": {"summarise_metrics", "measure_precision", "compare_models", "plot_noise_floor"}
    | CARD
    | FIGURES_OF_SUMMARIES
    | METHOD
    | TEXTS
    | PAPER,
    "write_numbers.py": {"write_numbers"} | DRAWN | PAPER - PAGE,
}


def expected(path):
    """Return the rules that run again after an edit."""
    return EDITS[path] | RECORD if EDITS[path] else set()


@pytest.fixture(scope="module")
def rule_graph(prepared, tmp_path_factory):
    """The rules of a run with study, mechanism, attack, a list of transforms, bfloat16 and images from URLs."""
    pipeline = prepared.copy(tmp_path_factory.mktemp("rules") / "project")
    (pipeline / "data/urls.tsv").write_text("A photograph\thttp://127.0.0.1/photograph.png\n")
    config = tiny_config(study={"images": 2}, mechanism={"images": 2}, adversarial={"images": 2})
    config["augmentations"] |= {"list": {"transform": [{"transform": "HorizontalFlip"}, {"transform": "Blur"}]}}
    config["words"] |= {"phrases": "config/phrases.yaml"}
    config["models"]["reduced"] = config["models"]["clip"] | {"label": "The same in bfloat16", "precision": "bf16"}
    config["datasets"]["urls"] = {"kind": "tsv", "path": "data/urls.tsv"}
    pipeline.config = config
    return RuleGraph.of(pipeline)


def test_the_table_covers_every_rule_and_every_package(rule_graph):
    assert set(rule_graph.inputs) == EVERYTHING | RECORD
    library = PROJECT / "scripts/embedding_shift"
    packages = {path.name for path in library.iterdir() if (path / "__init__.py").exists()}
    assert packages <= {path.split("/")[1] for path in EDITS if "/" in path}


@pytest.mark.parametrize("path", EDITS)
def test_what_runs_again_after_an_edit(rule_graph, path):
    assert (PROJECT / "scripts" / path).exists()
    assert rule_graph.redone_after(f"scripts/{path}") == expected(path)


def test_a_metric_concerns_neither_views_nor_encoders(rule_graph):
    of_metrics = {rule for rule, inputs in rule_graph.inputs.items() if any("/metrics/" in path for path in inputs)}
    assert not of_metrics & (IMAGES | STUDY_IMAGES | ENCODERS | VIEWS | STUDY_VIEWS | ENCODING | STUDY_ENCODING)


REAL = (
    "embedding_shift/metrics/pixel_metrics.py",
    "embedding_shift/statistics/pairwise_distance.py",
    "embedding_shift/plots/summary/radar.py",
    "embedding_shift/performance/forecast.py",
    "merge_encoded.py",
)


@pytest.fixture(scope="module")
def rules_of_the_finished_run(finished, tmp_path_factory):
    """It has no study, one encoder in single precision, and no images from URLs."""
    return set(finished.copy(tmp_path_factory.mktemp("forced") / "project").planned("--forceall"))


@pytest.mark.slow
@pytest.mark.parametrize("path", REAL)
def test_a_dry_run_after_an_edit_names_the_same_rules(again, rules_of_the_finished_run, path):
    file = again / "scripts" / path
    file.write_text(file.read_text() + "\n# changed\n")
    assert set(again.planned()) == expected(path) & rules_of_the_finished_run
