"""Measure whole runs of the pipeline, in several precisions, against the original paper's scripts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
import yaml

from embedding_shift.config.entries import AugmentationEntry
from embedding_shift.performance.benchmark import gpu, pipeline, views
from embedding_shift.performance.benchmark.original_scripts import OriginalScripts
from embedding_shift.performance.benchmark.timing import Row, cores, median_seconds
from embedding_shift.performance.benchmark_costs import VIT_B_32

SECTION = "pipeline"
ORIGINAL_SCRIPTS = "original scripts"
PLANNED_IMAGES, PLANNED_ENCODERS, PLANNED_SHARDS = 13_312, 3, 8


class Benchmark:
    """Whole runs in a folder.

    Args:
        project: folder of the Snakefile.
        work: folder for the runs.
        bundle: folder of the encoder's bundle.
        augmentations: the section `augmentations` of the configuration.
        sources: content of the photograph files that images are cropped from.
    """

    def __init__(
        self,
        project: Path,
        work: Path,
        bundle: Path,
        augmentations: Mapping[str, AugmentationEntry],
        sources: Sequence[bytes],
    ) -> None:
        self._project, self._work, self._bundle = project, work, bundle
        self._augmentations, self._sources = augmentations, sources

    def rows(self, images: int, original_images: int, speeds: Mapping[str, float]) -> Iterator[Row]:
        """Yield the times of whole runs.

        Args:
            images: number of images of a run.
            original_images: number of images for the original scripts; their time is scaled to `images`.
            speeds: views per second by name and precision of the encoder.
        """
        one = self._run("one", 1, "fp32")
        one.seconds_of("--", *pipeline.TABLES)
        yield from pipeline.start_up_rows(one)
        yield Row("figures and paper", "all", cores() * one.seconds_of(), "s")
        yield Row(SECTION, f"planning {PLANNED_IMAGES:,} images, {PLANNED_ENCODERS} encoders", self._plan(one), "s")
        original_seconds = images * self._original_seconds_per_image(original_images)
        yield Row(SECTION, f"{images} images, {ORIGINAL_SCRIPTS}", original_seconds, "s")
        for precision in gpu.precisions(torch.cuda.is_available()):
            run = self._run(precision, images, precision)
            name = f"{images} images, {precision}"
            with gpu.busy() as utilisation:
                seconds = run.seconds_of("--", *pipeline.TABLES)
                percent = utilisation()
            if percent is not None:
                yield Row(SECTION, f"{name}: GPU busy", percent, "%")
            encoding = images * (1 + len(self._augmentations)) / speeds[f"{VIT_B_32} {precision}"]
            overhead = seconds - encoding
            yield Row(SECTION, name, seconds, "s", ORIGINAL_SCRIPTS, seconds / original_seconds)
            yield Row(SECTION, f"{name}: speed-up", original_seconds / seconds, "times")
            yield Row(SECTION, f"{name}: encoding", encoding, "s")
            yield Row(SECTION, f"{name}: overhead", overhead, "s", "encoding", overhead / encoding)
            for script, jobs in sorted(run.jobs().items()):
                yield Row(f"seconds of jobs, {precision}", script, sum(job.seconds for job in jobs), "s")
            if precision == "fp32":
                yield from pipeline.memory_rows(run)

    def _run(self, name: str, images: int, precision: str) -> pipeline.Run:
        photographs = self._work / "photographs" / str(images)
        if not photographs.exists():
            pipeline.write_photographs(self._sources, photographs, images)
        configuration = pipeline.configuration(photographs, self._bundle, self._augmentations, precision)
        return pipeline.Run(self._project, self._work / "runs" / name, configuration)

    def _original_seconds_per_image(self, images: int) -> float:
        scripts = OriginalScripts(self._bundle, self._augmentations)

        def run() -> None:
            scripts.run(views.load(self._sources[:images]))

        return median_seconds(run, 1) / images

    def _plan(self, run: pipeline.Run) -> float:
        """Return the seconds of a dry run with as many images as the original paper, and several encoders."""
        model = {"kind": "local-dir", "path": str(self._bundle)}
        plan = {
            "shards": PLANNED_SHARDS,
            "datasets": {"photographs": {"n_images": PLANNED_IMAGES}},
            "models": {f"encoder_{place}": model for place in range(PLANNED_ENCODERS)} | {"encoder": None},
        }
        path = run.folder / "plan.yaml"
        path.write_text(yaml.safe_dump(plan))
        return run.seconds_of("--dry-run", "--forceall", "--configfile", str(path))
