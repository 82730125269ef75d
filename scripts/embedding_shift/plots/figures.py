"""The table of figures: which module draws each figure, from which files, and with which options.

The module imports no plotting library. The workflow reads the table as well: rules/figures.smk defines one rule per
entry. To add a figure, write a module with a function `draw`, add an entry here, and
describe the figure in report/{name}.rst. A change to this table draws all figures again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from embedding_shift.plots.figure_arguments import flag

PACKAGE = "embedding_shift.plots"
Scope = Literal["encoder", "study", "lists", "mechanism", "adversarial", "words", "named parts", "run", "benchmark"]


@dataclass(frozen=True)
class Figure:
    """One figure.

    The module's function `draw` takes the inputs and options as keyword arguments of these names and returns a
    `matplotlib.figure.Figure`.

    Attributes:
        title: what the report and `--help` call it.
        module: dotted path of its module, below `embedding_shift.plots`.
        inputs: the files that it reads, keys of `figure_arguments.INPUTS`.
        options: keys of `figure_arguments.OPTIONS`.
        scope: what one drawing covers: a dataset and an encoder ("encoder"), the study of them ("study"), what happens
            inside the encoder ("mechanism"), the study of lists of transforms ("lists"), the attack on the encoder
            ("adversarial"), what texts tell about the shift ("words") and about parts of the encoder ("named parts"),
            all encoders of the run ("run"), or a benchmark of this machine ("benchmark").
    """

    title: str
    module: str
    inputs: tuple[str, ...]
    options: tuple[str, ...] = ()
    scope: Scope = "encoder"

    @property
    def module_path(self) -> str:
        """Dotted path of the module from the library's root."""
        return f"{PACKAGE}.{self.module}"


# Figures of photographs would make up most of the report; the explorer shows them.
NOT_IN_REPORT = ("attention_grid", "notable_images", "nearest_images")
AUGMENTATIONS_PER_PAGE = 10  # of the figure of notable images
SUMMARY = ("summary", "augmentations")
VALUES = ("metrics", "augmentations")
PICTURES = ("manifest", "augmentations", "views_folder")

FIGURES = {
    "metric_heatmap": Figure("Metrics by augmentation, sorted", "summary.metric_heatmap", SUMMARY),
    "metric_clustermap": Figure("Metrics by augmentation, clustered", "summary.metric_clustermap", SUMMARY),
    "metric_profiles": Figure("Profile of every augmentation, ranked", "summary.metric_profiles", SUMMARY),
    "metric_comparison": Figure("All metrics side by side", "summary.metric_comparison", SUMMARY),
    "radar": Figure("Radar of every augmentation", "summary.radar", SUMMARY),
    "l2_bars": Figure("Mean L2 distance", "summary.l2_bars", SUMMARY, ("confidence",)),
    "l2_kde": Figure("Density of the L2 distance", "distributions.l2_kde", VALUES),
    "cosine_distribution": Figure("Distribution of cosine similarity", "distributions.cosine_distribution", VALUES),
    "cosine_samples": Figure("Cosine similarity image by image", "distributions.cosine_samples", VALUES, ("samples",)),
    "dendrogram": Figure("Dendrogram of the augmentations", "dendrogram", ("pairwise_distance", "augmentations")),
    "critical_difference": Figure(
        "Critical differences",
        "critical_difference",
        ("mean_ranks", "paired_differences", "augmentations"),
        ("confidence",),
    ),
    "augmentation_strip": Figure(
        "One image and its augmented views", "pictures.augmentation_strip", PICTURES, ("shards", "image")
    ),
    "attention_samples": Figure(
        "Attention over the views",
        "pictures.attention_samples",
        (*PICTURES, "attention_folder", "metrics"),
        ("shards", "images"),
    ),
    "notable_images": Figure(
        "Typical and worst image of every augmentation",
        "pictures.notable_images",
        ("notable_images", "augmentations", "views_folder", "attention_folder"),
        ("shards", "page", "pages"),
    ),
    "attention_grid": Figure(
        "Views and attention",
        "pictures.attention_grid",
        (*PICTURES, "attention_folder"),
        ("shards", "page", "pages"),
    ),
    "noise_floor": Figure(
        "Shift against floor and ceiling",
        "study.noise_floor",
        ("noise_floor", "dose_start", "summary", "augmentations"),
        ("confidence",),
        scope="study",
    ),
    "dose_response": Figure(
        "Dose-response curves",
        "study.dose_response",
        ("dose_response", "augmentations"),
        ("settings", "confidence"),
        scope="study",
    ),
    "equal_damage": Figure(
        "Order at equal damage",
        "study.equal_damage",
        ("equal_damage", "augmentations"),
        ("confidence",),
        scope="study",
    ),
    "augmentation_card": Figure(
        "Card of every augmentation", "study.augmentation_card", ("augmentation_card", "augmentations"), scope="study"
    ),
    "audit": Figure("Audit of the released scripts", "study.audit", ("audit", "augmentations"), scope="study"),
    "steps": Figure(
        "What each transform of a list adds", "study.steps", ("steps", "augmentations"), ("confidence",), scope="lists"
    ),
    "layer_profile": Figure(
        "Shift by layer", "mechanism.layer_profile", ("layers", "augmentations"), scope="mechanism"
    ),
    "shift_ledger": Figure(
        "Which heads and MLPs write the shift", "mechanism.shift_ledger", ("ledger", "augmentations"), scope="mechanism"
    ),
    "neighbour_overlap": Figure(
        "Neighbours kept", "mechanism.neighbour_overlap", ("neighbours", "augmentations"), scope="mechanism"
    ),
    "nearest_images": Figure(
        "Nearest images before and after",
        "mechanism.nearest_images",
        ("nearest_images", "augmentations", "views_folder"),
        ("shards",),
        scope="mechanism",
    ),
    "concepts": Figure(
        "Dimensions and similarity maps",
        "mechanism.concepts",
        ("concepts", "similarity_maps", "augmentations"),
        scope="mechanism",
    ),
    "fingerprint": Figure(
        "What the shift tells about its cause",
        "mechanism.fingerprint",
        ("fingerprint", "equivariance", "augmentations"),
        scope="mechanism",
    ),
    "attack_curve": Figure(
        "The attack, and what augmentations are worth",
        "adversarial.attack_curve",
        ("adversarial", "exchange_rate", "augmentations"),
        ("confidence",),
        scope="adversarial",
    ),
    "attack_strip": Figure(
        "Attacked views",
        "adversarial.attack_strip",
        ("attacked_views", "views_folder"),
        ("shards",),
        scope="adversarial",
    ),
    "attack_detection": Figure(
        "Does the shift tell attacks from augmentations",
        "adversarial.attack_detection",
        ("detection", "augmentations"),
        ("confidence",),
        scope="adversarial",
    ),
    "words": Figure("The shift in words", "words.words", ("words", "augmentations"), scope="words"),
    "named_heads": Figure(
        "What heads named by words write", "words.named_heads", ("named_heads", "augmentations"), scope="named parts"
    ),
    "text_maps": Figure(
        "Where the caption is seen",
        "pictures.text_maps",
        ("text_maps", "augmentations", "views_folder"),
        ("shards",),
        scope="named parts",
    ),
    "damage": Figure(
        "Shift and damage to captions and classes",
        "words.damage",
        ("text_damage", "dose_damage", "damage_forecast", "comparison", "augmentations"),
        ("models", "labels"),
        scope="run",
    ),
    "attack_transfer": Figure(
        "Attacks measured by other encoders",
        "adversarial.attack_transfer",
        ("transfer",),
        ("models", "labels"),
        scope="run",
    ),
    "model_comparison": Figure(
        "Encoders side by side",
        "model_comparison",
        ("comparison", "rank_agreement", "augmentations"),
        ("models", "labels"),
        scope="run",
    ),
    "benchmark": Figure("Benchmark of this machine", "benchmark", ("bench",), scope="benchmark"),
}


def pages_of_notable_images(augmentations: int) -> int:
    """Return the number of pages that show the notable images of this number of augmentations."""
    return -(-augmentations // AUGMENTATIONS_PER_PAGE)


def command_line(name: str, values: Mapping[str, Any]) -> list[str]:
    """Return the arguments of scripts/plot.py for a figure, without its outputs.

    Args:
        name: key of FIGURES.
        values: values by input and option; an option whose value is None is left out, other keys are ignored.
    """
    found = [name]
    for key in (*FIGURES[name].inputs, *FIGURES[name].options):
        if isinstance(values[key], list):
            found += [flag(key), *map(str, values[key])]
        elif values[key] is not None:
            found.append(f"{flag(key)}={values[key]}")
    return found
