"""The cost of every stage of a run, from the benchmark's costs and the numbers of images, views and jobs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

from embedding_shift.config.entries import AugmentationEntry, DatasetEntry, ModelEntry, StudyEntry, steps_of
from embedding_shift.metrics import registry
from embedding_shift.performance.benchmark_costs import Costs
from embedding_shift.performance.encoder_cost import EncoderCost
from embedding_shift.performance.forecast import MB, Stage
from embedding_shift.study.variants import draws_and_doses
from embedding_shift.views import image_difference

# The rules of every stage; OTHERS has all other rules.
RULES = {
    "preparation": [
        "acquire_images",
        "describe_augmentations",
        "list_counterparts",
        "list_images",
        "prepare_bundle",
        "write_manifest",
    ],
    "decode": ["ingest_images", "ingest_counterparts", "pack_originals"],
    "augment": ["augment_views", "pack_counterparts"],
    "pixel metrics": ["compute_pixel_metrics"],
    "encode": ["encode_views", "encode_precision_sample"],
    "comparison": [
        "merge_encoded",
        "compute_representation_metrics",
        "compute_metrics",
        "summarise_metrics",
        "compute_pairwise_distance",
    ],
    "study": [
        "make_study_references",
        "make_study_views",
        "make_equal_damage_views",
        "compute_study_pixels",
        "encode_study_views",
        "encode_references",
        "compute_study_metrics",
        "tabulate_study",
        "audit_method",
    ],
}
OTHERS = "figures and paper"
SCRIPTS = {"ingest_counterparts": "ingest_images"}  # of rules that have other names than their scripts
ENCODING_THE_STUDY = ["encode_study_views", "encode_references"]
# Rules of OTHERS whose jobs read the whole long table.
TABLE_READERS = [
    "compare_augmentations",
    "judge_claims",
    "plot_cosine_distribution",
    "plot_cosine_samples",
    "plot_l2_kde",
]
# Per image of the study: encoded again, in other batches, in another precision, resized otherwise, and as JPEG.
ENCODED_REFERENCES = 5
# Per augmentation with doses and measure of damage: doses that are tried until the damage is equal.
TRIED_DOSES = 12
# Per row of the long table, of a part of it, and in memory while the parts are joined; measured with 2,000 and 6,000
# images.
LONG_TABLE_BYTES, PART_BYTES, JOINING_BYTES = 10, 13, 300
ID_BYTES = 80  # of an image id of 20 characters in NumPy's arrays; ids of URLs have 20
RECORD_BYTES = 600  # of the record of a view: 320 to 750 with the augmentations of config.yaml
VIT_B_32_BYTES = 351_396_864  # weights in single precision of the image tower that the benchmark loads


class Settings(TypedDict):
    """The part of the configuration that the forecast needs."""

    image_size: int
    datasets: dict[str, DatasetEntry]
    models: dict[str, ModelEntry]
    augmentations: dict[str, AugmentationEntry]
    study: StudyEntry
    precision_sample: int
    encode_threads: int | None
    store: str | None


@dataclass(frozen=True)
class Run:
    """The size of a run.

    Attributes:
        costs: the costs that the benchmark measured.
        jobs: number of jobs by rule.
        images: by dataset, the number of images that are decoded and the number that is used.
        encoders: cost by model.
        settings: the configuration.
        machine_cores: processors of this machine.
    """

    costs: Costs
    jobs: Mapping[str, int]
    images: Mapping[str, tuple[int, int]]
    encoders: Mapping[str, EncoderCost]
    settings: Settings
    machine_cores: int

    @property
    def used(self) -> int:
        """Number of used images of all datasets."""
        return sum(used for _, used in self.images.values())

    @property
    def augmentations(self) -> dict[str, AugmentationEntry]:
        """Entries of the augmentations by name."""
        return self.settings["augmentations"]

    @property
    def views(self) -> int:
        """Number of views of each image, including the original."""
        return 1 + len(self.augmentations)

    def count(self, *rules: str) -> int:
        """Return the number of jobs of the rules together."""
        return sum(self.jobs.get(rule, 0) for rule in rules)

    def start_up_seconds(self, rules: Iterable[str]) -> float:
        """Return the seconds that the jobs of the rules need to start."""
        return sum(self.count(rule) * self.costs.start_up_seconds(SCRIPTS.get(rule, rule)) for rule in rules)

    def encoding_seconds(self, model: str, precision: str | None = None) -> float:
        """Return the core seconds of reading and encoding one view, by default in the precision of the model."""
        entry = self.settings["models"][model]
        precision = precision or entry["precision"]
        seconds = self.costs.encoding_seconds(entry, self.encoders[model], precision, self.machine_cores)
        return seconds + self.costs.seconds_per_view("shards", "read")

    def attention_seconds(self, augmentation: str) -> float:
        """Return the seconds of the attention metrics of one view, registered and not."""
        unregistered = self.costs.seconds_per_view("metrics", "attention")
        return unregistered + self.costs.augmentation_seconds("metrics", "registered attention ", augmentation)

    def encoding_memory_mb(self, model: str) -> float:
        """Return the peak memory in MB of an encoding job; weights beyond those of ViT-B/32 count twice."""
        additional = max(0, self.encoders[model].tower_bytes - VIT_B_32_BYTES)
        return self.costs.memory_mb("encode_views") + 2 * additional / MB

    def joining_memory_mb(self) -> float:
        """Return the peak memory in MB of a job that joins the long table of the largest dataset."""
        rows = max(used for _, used in self.images.values()) * len(self.augmentations) * _metrics(*registry.KINDS)
        return self.costs.memory_mb("compute_metrics") + rows * JOINING_BYTES / MB


def stages(run: Run) -> Iterator[Stage]:
    """Yield the stages of a run in their order."""
    yield _preparation(run)
    yield _decode(run)
    yield _augment(run)
    yield _pixel_metrics(run)
    for model in run.settings["models"]:
        yield _encode(run, model)
    yield _comparison(run)
    if run.count(*RULES["study"]):
        yield _study(run)
    yield _figures_and_paper(run)


def _preparation(run: Run) -> Stage:
    name = "preparation"
    bundles = run.count("prepare_bundle")
    jobs = run.count(*RULES[name])
    seconds = run.costs.start_up_seconds("Snakemake") + bundles * run.costs.start_up_seconds("encode_views")
    seconds += (jobs - bundles) * run.costs.start_up_seconds("augment_views")
    memory = max(map(run.encoding_memory_mb, run.encoders))
    disk = sum(encoder.bundle_bytes for encoder in run.encoders.values())
    return Stage(name, jobs, seconds, memory, disk, large_jobs=bundles)


def _decode(run: Run) -> Stage:
    name, costs = "decode", run.costs
    read, write = (costs.seconds_per_view("shards", way) for way in ("read", "write"))
    listed = sum(listed for listed, _ in run.images.values())
    # The time of decoding depends on the size of the photographs, not on that of the views.
    seconds = listed * (costs.value("images", "decode and resize") / 1000 + write) + run.used * (read + write)
    jobs, view = run.count(*RULES[name]), costs.view_bytes()
    seconds += run.start_up_seconds(RULES[name])
    return Stage(name, jobs, seconds, costs.memory_mb("ingest_images"), run.used * view, listed * view)


def _augment(run: Run) -> Stage:
    name, costs = "augment", run.costs
    made = [each for each, entry in run.augmentations.items() if steps_of(entry)]
    seconds = sum(costs.augmentation_seconds("augmentation", "", each) for each in made)
    copying = costs.seconds_per_view("shards", "read") + costs.seconds_per_view("shards", "write")
    seconds = run.used * (seconds + len(run.augmentations) * copying)
    jobs = run.count(*RULES[name])
    seconds += jobs * costs.start_up_seconds("augment_views")
    disk = run.used * len(run.augmentations) * costs.view_bytes()
    return Stage(name, jobs, seconds, costs.memory_mb("augment_views"), disk, threads=None, most_threads=8)


def _pixel_metrics(run: Run) -> Stage:
    name, costs = "pixel metrics", run.costs
    seconds = sum(costs.augmentation_seconds("metrics", "pixels ", each) for each in run.augmentations)
    seconds = run.used * (seconds + len(run.augmentations) * 2 * costs.seconds_per_view("shards", "read"))
    jobs = run.count(*RULES[name])
    seconds += jobs * costs.start_up_seconds("compute_pixel_metrics")
    rows = run.used * len(run.augmentations) * _metrics("pixels", "registered_pixels")
    memory, sharing = costs.memory_mb("compute_pixel_metrics"), len(run.augmentations)
    return Stage(name, jobs, seconds, memory, rows * PART_BYTES, threads=None, most_threads=sharing)


def _encode(run: Run, model: str) -> Stage:
    encoder, threads = run.encoders[model], run.settings["encode_threads"]
    jobs = run.count("encode_views") // len(run.encoders)
    views = run.used * run.views
    seconds = views * run.encoding_seconds(model)
    if run.settings["models"][model]["precision"] != "fp32":
        reduced = [entry for entry in run.settings["models"].values() if entry["precision"] != "fp32"]
        jobs += run.count("encode_precision_sample") // len(reduced)
        sample = sum(min(used, run.settings["precision_sample"]) for _, used in run.images.values())
        seconds += sample * run.views * run.encoding_seconds(model, "fp32")
    seconds += jobs * run.costs.start_up_seconds("encode_views")
    output = encoder.embedding_bytes + encoder.attention_bytes
    # The shards, and the files that join them without the records.
    disk = views * (2 * (output + ID_BYTES) + RECORD_BYTES)
    if run.settings["store"]:
        disk += views * output
    return Stage(f"encode {model}", jobs, seconds, run.encoding_memory_mb(model), disk, threads=threads)


def _comparison(run: Run) -> Stage:
    name = "comparison"
    with_maps = sum(encoder.attention_bytes > 0 for encoder in run.encoders.values())
    seconds = sum(with_maps * run.used * run.attention_seconds(each) for each in run.augmentations)
    seconds += run.start_up_seconds(RULES[name])
    rows = len(run.augmentations) * _metrics(*registry.KINDS)
    parts = len(run.encoders) * _metrics("embedding") + with_maps * _metrics("attention", "registered_attention")
    disk = run.used * (len(run.encoders) * rows * LONG_TABLE_BYTES + len(run.augmentations) * parts * PART_BYTES)
    large_jobs = run.count("compute_metrics")
    return Stage(name, run.count(*RULES[name]), seconds, run.joining_memory_mb(), disk, large_jobs=large_jobs)


def _study(run: Run) -> Stage:
    name, costs, study = "study", run.costs, run.settings["study"]
    images = [min(used, study["images"]) for _, used in run.images.values()]
    read, write = (costs.seconds_per_view("shards", way) for way in ("read", "write"))
    with_maps = sum(encoder.attention_bytes > 0 for encoder in run.encoders.values())
    seconds, views = 0.0, 0
    for each, entry in run.augmentations.items():
        variants = draws_and_doses.variants(steps_of(entry), entry.get("dose"), study["draws"], study["doses"])
        compared = len(image_difference.MEASURES) if "dose" in entry and study["doses"] else 0
        made = sum(images) * (len(list(variants)) + compared + 1)  # one resized otherwise
        tried = sum(images) * compared * TRIED_DOSES
        views += made
        measuring = costs.augmentation_seconds("metrics", "pixels ", each)
        seconds += (made + tried) * (costs.augmentation_seconds("augmentation", "", each) + measuring)
        seconds += made * (write + read)
        seconds += made * with_maps * run.attention_seconds(each)
    pairs = sum(number * (number - 1) // 2 for number in images)  # the noise floor compares all pairs of images
    seconds += pairs * costs.augmentation_seconds("metrics", "pixels ", next(iter(run.augmentations)))
    for model in run.encoders:
        seconds += (views + ENCODED_REFERENCES * sum(images)) * run.encoding_seconds(model)
    jobs, encoding_jobs = run.count(*RULES[name]), run.count(*ENCODING_THE_STUDY)
    seconds += encoding_jobs * costs.start_up_seconds("encode_views")
    seconds += (jobs - encoding_jobs) * costs.start_up_seconds("augment_views")
    disk = (views + 2 * sum(images)) * costs.view_bytes()
    for encoder in run.encoders.values():
        disk += views * (encoder.embedding_bytes + encoder.attention_bytes + ID_BYTES + RECORD_BYTES)
    return Stage(name, jobs, seconds, max(map(run.encoding_memory_mb, run.encoders)), disk)


def _figures_and_paper(run: Run) -> Stage:
    jobs = sum(run.jobs.values()) - sum(run.count(*rules) for rules in RULES.values())
    seconds = run.costs.value(OTHERS, "all") * len(run.images) * len(run.encoders)
    return Stage(OTHERS, jobs, seconds, run.joining_memory_mb(), large_jobs=run.count(*TABLE_READERS))


def _metrics(*kinds: str) -> int:
    """Return the number of metrics of these kinds."""
    return sum(len(registry.of_kind(kind)) for kind in kinds)
