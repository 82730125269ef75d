"""The stages of a run, and what each takes, from the benchmark's costs and the numbers of images, views and jobs."""

from dataclasses import dataclass

# The modules of metrics are imported for what they enter in the registry.
from embedding_shift.metrics import registry
from embedding_shift.performance.forecast import MB, Stage
from embedding_shift.study import study_views

# Which rules belong to which stage; `figures and paper` has all others.
RULES = {
    "preparation": ["acquire_images", "describe_augmentations", "list_images", "prepare_bundle", "write_manifest"],
    "decode": ["ingest_images", "pack_originals"],
    "augment": ["augment_views"],
    "pixel metrics": ["compute_pixel_metrics"],
    "encode": ["encode_views", "encode_precision_sample"],
    "comparison": [
        "merge_encoded",
        "compute_registered_attention",
        "compute_metrics",
        "summarise_metrics",
        "compute_pairwise_distance",
    ],
    "study": [
        "make_study_references",
        "make_study_views",
        "compute_study_pixels",
        "encode_study_views",
        "encode_references",
        "compute_study_metrics",
        "tabulate_study",
        "audit_method",
    ],
}
OTHERS = "figures and paper"
# Those of them that read the whole long table.
TABLE_READERS = [
    "compare_augmentations",
    "judge_claims",
    "plot_cosine_distribution",
    "plot_cosine_samples",
    "plot_l2_kde",
]
ENCODED_REFERENCES = 4  # of each of the study's images: again, in other batches, in another precision, and as JPEG
# Measured on tables of 2,000 and 6,000 images: on the disk, and in memory while the long table is joined.
LONG_TABLE_BYTES, PART_BYTES, JOINING_BYTES = 10, 13, 300
ID_BYTES = 80  # of an image id of 20 characters in NumPy's arrays, as those of URLs are
VIT_B_32_BYTES = 351_396_864  # the image tower's weights in single precision, which the benchmark loads


@dataclass(frozen=True)
class Run:
    """What is to be run.

    Attributes:
        costs: the benchmark's Costs.
        jobs: {rule: number of jobs}.
        images: {dataset: (images that are decoded, images that are used)}.
        towers: {model: as of `tower_work.describe`}.
        settings: of the configuration `datasets`, `models`, `augmentations`, `study`, `precision_sample` and
            `encode_threads`.
        machine_cores: processors of this machine.
    """

    costs: object
    jobs: dict
    images: dict
    towers: dict
    settings: dict
    machine_cores: int

    @property
    def used(self):
        """Images of all datasets."""
        return sum(used for _, used in self.images.values())

    @property
    def augmentations(self):
        """{name: entry} of the augmentations."""
        return self.settings["augmentations"]

    @property
    def views(self):
        """Views of each image, the original among them."""
        return 1 + len(self.augmentations)

    def count(self, *rules):
        """Return the number of jobs of the rules together."""
        return sum(self.jobs.get(rule, 0) for rule in rules)

    def start_ups(self, rules):
        """Return the seconds that the jobs of the rules need to start."""
        return sum(self.count(rule) * self.costs.start_up(rule) for rule in rules)

    def encoding(self, model, precision=None):
        """Return the core seconds of encoding one view, in the model's own precision if none is named."""
        entry = self.settings["models"][model]
        precision = precision or entry["precision"]
        seconds = self.costs.encoding(entry, self.towers[model], precision, self.machine_cores)
        return seconds + self.costs.of_pixels("shards", "read")

    def registered_seconds(self, augmentation):
        """Return the seconds of comparing the attention of one view, as it is and with the geometry undone."""
        plain = self.costs.of_pixels("metrics", "attention")
        return plain + self.costs.of_augmentation("metrics", "registered attention ", augmentation)

    def encoding_memory(self, model):
        """Return the peak memory in MB of an encoding job; weights larger than ViT-B/32's are there twice."""
        return self.costs.memory("encode_views") + 2 * max(0, self.towers[model]["tower_bytes"] - VIT_B_32_BYTES) / MB

    def joining_memory(self):
        """Return the peak memory in MB of a job that joins the long table of the largest dataset."""
        rows = max(used for _, used in self.images.values()) * len(self.augmentations) * _metrics(*registry.KINDS)
        return self.costs.memory("compute_metrics") + rows * JOINING_BYTES / MB


def stages(run):
    """Yield the Stages of a Run, in their order."""
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


def _preparation(run):
    name = "preparation"
    bundles = run.count("prepare_bundle")
    jobs = run.count(*RULES[name])
    seconds = run.costs.start_up("Snakemake") + bundles * run.costs.start_up("encode_views")
    seconds += (jobs - bundles) * run.costs.start_up("augment_views")
    memory = max(map(run.encoding_memory, run.towers))
    disk = sum(tower["bundle_bytes"] for tower in run.towers.values())
    return Stage(name, jobs, seconds, memory, disk, large_jobs=bundles)


def _decode(run):
    name, costs = "decode", run.costs
    read, write = (costs.of_pixels("shards", way) for way in ("read", "write"))
    listed = sum(listed for listed, _ in run.images.values())
    # How long decoding takes, the size of the photographs decides, not that of the views.
    seconds = listed * (costs.value("images", "decode and resize") / 1000 + write) + run.used * (read + write)
    jobs, view = run.count(*RULES[name]), costs.view_bytes()
    seconds += run.start_ups(RULES[name])
    return Stage(name, jobs, seconds, costs.memory("augment_views"), run.used * view, listed * view)


def _augment(run):
    name, costs = "augment", run.costs
    around = costs.of_pixels("shards", "read") + costs.of_pixels("shards", "write")
    seconds = sum(run.used * (around + costs.of_augmentation("augmentation", "", each)) for each in run.augmentations)
    jobs = run.count(*RULES[name])
    seconds += jobs * costs.start_up("augment_views")
    disk = run.used * len(run.augmentations) * costs.view_bytes()
    return Stage(name, jobs, seconds, costs.memory("augment_views"), disk)


def _pixel_metrics(run):
    name, costs = "pixel metrics", run.costs
    read = 2 * costs.of_pixels("shards", "read")
    seconds = sum(run.used * (read + costs.of_augmentation("metrics", "pixels ", each)) for each in run.augmentations)
    jobs = run.count(*RULES[name])
    seconds += jobs * costs.start_up("compute_pixel_metrics")
    rows = run.used * len(run.augmentations) * _metrics("pixels", "registered_pixels")
    return Stage(name, jobs, seconds, costs.memory("compute_pixel_metrics"), rows * PART_BYTES)


def _encode(run, model):
    tower, threads = run.towers[model], run.settings["encode_threads"]
    jobs = run.count("encode_views") // len(run.towers)
    views = run.used * run.views
    seconds = views * run.encoding(model)
    if run.settings["models"][model]["precision"] != "fp32":
        reduced = [entry for entry in run.settings["models"].values() if entry["precision"] != "fp32"]
        jobs += run.count("encode_precision_sample") // len(reduced)
        sample = sum(min(used, run.settings["precision_sample"]) for _, used in run.images.values())
        seconds += sample * run.views * run.encoding(model, "fp32")
    seconds += jobs * run.costs.start_up("encode_views")
    output = tower["embedding_bytes"] + tower["attention_bytes"]
    disk, temporary = views * (output + 2 * ID_BYTES), views * (output + ID_BYTES)
    return Stage(f"encode {model}", jobs, seconds, run.encoding_memory(model), disk, temporary, threads)


def _comparison(run):
    name = "comparison"
    with_maps = sum(tower["attention_bytes"] > 0 for tower in run.towers.values())
    seconds = sum(with_maps * run.used * run.registered_seconds(each) for each in run.augmentations)
    seconds += run.start_ups(RULES[name])
    rows = len(run.augmentations) * _metrics(*registry.KINDS)
    registered = with_maps * run.used * len(run.augmentations) * _metrics("registered_attention")
    disk = len(run.towers) * run.used * rows * LONG_TABLE_BYTES + registered * PART_BYTES
    large_jobs = run.count("compute_metrics")
    return Stage(name, run.count(*RULES[name]), seconds, run.joining_memory(), disk, large_jobs=large_jobs)


def _study(run):
    name, costs, study = "study", run.costs, run.settings["study"]
    images = [min(used, study["images"]) for _, used in run.images.values()]
    read, write = (costs.of_pixels("shards", way) for way in ("read", "write"))
    seconds, views = 0, 0
    for each, entry in run.augmentations.items():
        variants = study_views.variants(entry["parameters"], entry.get("dose"), study["draws"], study["doses"])
        made = sum(images) * len(list(variants))
        views += made
        pixels = read + costs.of_augmentation("metrics", "pixels ", each)
        seconds += made * (write + costs.of_augmentation("augmentation", "", each) + pixels)
        seconds += made * sum(run.registered_seconds(each) for tower in run.towers.values() if tower["attention_bytes"])
    pairs = sum(number * (number - 1) // 2 for number in images)  # the noise floor compares every two images
    seconds += pairs * costs.of_augmentation("metrics", "pixels ", next(iter(run.augmentations)))
    for model in run.towers:
        seconds += (views + ENCODED_REFERENCES * sum(images)) * run.encoding(model)
    encoding = run.count("encode_study_views", "encode_references")
    jobs = run.count(*RULES[name])
    seconds += encoding * costs.start_up("encode_views") + (jobs - encoding) * costs.start_up("augment_views")
    disk = (views + 2 * sum(images)) * costs.view_bytes()
    for tower in run.towers.values():
        disk += views * (tower["embedding_bytes"] + tower["attention_bytes"] + ID_BYTES)
    return Stage(name, jobs, seconds, max(map(run.encoding_memory, run.towers)), disk)


def _figures_and_paper(run):
    jobs = sum(run.jobs.values()) - sum(run.count(*rules) for rules in RULES.values())
    seconds = run.costs.value(OTHERS, "all") * len(run.images) * len(run.towers)
    return Stage(OTHERS, jobs, seconds, run.joining_memory(), large_jobs=run.count(*TABLE_READERS))


def _metrics(*kinds):
    """Return how many metrics there are of these kinds."""
    return sum(len(registry.of_kind(kind)) for kind in kinds)
