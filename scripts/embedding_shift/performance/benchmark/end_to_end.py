"""The whole pipeline, in single precision and in bfloat16, compared with the original paper's scripts."""

import yaml

from embedding_shift.data import decoding
from embedding_shift.performance.benchmark import pipeline
from embedding_shift.performance.benchmark.encoding import PRECISIONS
from embedding_shift.performance.benchmark.original_scripts import PublishedWay
from embedding_shift.performance.benchmark.timing import Row, cores, median_seconds
from embedding_shift.performance.benchmark_costs import VIT_B_32

SECTION = "pipeline"
PLANNED_IMAGES, PLANNED_ENCODERS, PLANNED_SHARDS = 13_312, 3, 8


class Benchmark:
    """Whole runs in a folder.

    Args:
        project: folder of the Snakefile.
        work: folder to work in.
        bundle: folder of the encoder's bundle.
        augmentations: that section of the configuration.
        sources: bytes of the photographs that images are cut from.
    """

    def __init__(self, project, work, bundle, augmentations, sources):
        self._project, self._work, self._bundle = project, work, bundle
        self._augmentations, self._sources = augmentations, sources

    def rows(self, count, published_count, speeds):
        """Yield times of whole runs.

        Args:
            count: images of a run.
            published_count: images that the original scripts are measured on; their time is scaled up to `count`.
            speeds: views per second by name and precision of the encoder.
        """
        one = self._run("one", 1, "fp32")
        one.seconds_of("--", *pipeline.TABLES)
        yield from pipeline.start_up_rows(one)
        yield Row("figures and paper", "all", cores() * one.seconds_of(), "s")
        yield Row(SECTION, f"planning {PLANNED_IMAGES:,} images, {PLANNED_ENCODERS} encoders", self._plan(one), "s")
        published = count * self._published(published_count)
        yield Row(SECTION, f"{count} images, original scripts", published, "s")
        for precision in PRECISIONS:
            run = self._run(precision, count, precision)
            name = f"{count} images, {precision}"
            seconds = run.seconds_of("--", *pipeline.TABLES)
            encoding = count * (1 + len(self._augmentations)) / speeds[f"{VIT_B_32} {precision}"]
            rest = seconds - encoding
            yield Row(SECTION, name, seconds, "s", "original scripts", seconds / published)
            yield Row(SECTION, f"{name}: speed-up", published / seconds, "times")
            yield Row(SECTION, f"{name}: encoding", encoding, "s")
            yield Row(SECTION, f"{name}: overhead", rest, "s", "encoding", rest / encoding)
            for rule, jobs in sorted(run.jobs().items()):
                yield Row(f"seconds of jobs, {precision}", rule, sum(seconds for seconds, _ in jobs), "s")
            if precision == "fp32":
                yield from pipeline.memory_rows(run)

    def _run(self, name, count, precision):
        photographs = self._work / "photographs" / str(count)
        if not photographs.exists():
            pipeline.write_photographs(self._sources, photographs, count)
        configuration = pipeline.configuration(photographs, self._bundle, self._augmentations, precision)
        return pipeline.Run(self._project, self._work / "runs" / name, configuration)

    def _published(self, count):
        """Return the seconds per image of the original scripts."""
        way = PublishedWay(self._bundle, self._augmentations)

        def measure():
            way.measure([decoding.resize(decoding.decode(data, 10**8).pixels, 224) for data in self._sources[:count]])

        return median_seconds(measure, 1) / count

    def _plan(self, run):
        """Return the seconds of a dry run at the seed paper's scale with several encoders."""
        model = {"kind": "local-dir", "path": str(self._bundle)}
        plan = {
            "shards": PLANNED_SHARDS,
            "datasets": {"photographs": {"n_images": PLANNED_IMAGES}},
            "models": {f"encoder_{place}": model for place in range(PLANNED_ENCODERS)} | {"encoder": None},
        }
        path = run.folder / "plan.yaml"
        path.write_text(yaml.safe_dump(plan))
        return run.seconds_of("--dry-run", "--forceall", "--configfile", str(path))
