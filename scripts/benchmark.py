"""Benchmark this machine: matrix products, encoding, the cost of a view, and whole runs."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TORCHINDUCTOR_FREEZING"] = "1"  # torch.compile is measured at its fastest: the weights are constants.

import csv
import dataclasses
import shutil
from collections.abc import Iterable
from pathlib import Path

import yaml

from embedding_shift import cli
from embedding_shift.io import atomic
from embedding_shift.performance import benchmark_costs
from embedding_shift.performance.benchmark import encoding, end_to_end, machine, matrix_products, report, views
from embedding_shift.performance.benchmark.timing import COLUMNS, Row

PROJECT = Path(__file__).resolve().parents[1]
ORIGINAL_IMAGES = 24  # for the original scripts, whose time is scaled up


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--photographs", required=True, help="folder of PNG photographs, from which images are cropped")
    parser.add_argument("--offline-bundle", required=True, help="folder of the offline encoder's bundle")
    parser.add_argument("--images", type=int, default=512, help="number of images of a whole run")
    parser.add_argument("--work", required=True, help="folder for temporary files; it is deleted before and after")
    parser.add_argument("--output", required=True, help="CSV to write")
    arguments = parser.parse_args()
    work = Path(arguments.work)
    shutil.rmtree(work, ignore_errors=True)
    photographs = [path.read_bytes() for path in sorted(Path(arguments.photographs).glob("*.png"))]
    augmentations = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
    bundle = encoding.write_random_bundle(work / "bundle")
    rows: list[Row] = []

    def measure(measured: Iterable[Row]) -> None:
        for row in measured:
            if not rows or rows[-1].section != row.section:
                print(f"\n{row.section}", flush=True)
            print(report.as_text(row), flush=True)
            rows.append(row)

    measure(machine.rows())
    measure(matrix_products.rows())
    peaks = {row.name: row.value for row in rows if row.section == matrix_products.SECTION}
    bundles = {benchmark_costs.VIT_B_32: bundle, benchmark_costs.OFFLINE: Path(arguments.offline_bundle)}
    measure(encoding.rows(bundles, peaks))
    measure(views.rows(photographs, augmentations))
    speeds = {row.name: row.value for row in rows if row.section == encoding.SECTION}
    runs = end_to_end.Benchmark(PROJECT, work.resolve(), bundle.resolve(), augmentations, photographs)
    measure(runs.rows(arguments.images, min(ORIGINAL_IMAGES, len(photographs)), speeds))
    shutil.rmtree(work)
    with atomic.whole(arguments.output) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *map(dataclasses.astuple, rows)])


if __name__ == "__main__":
    cli.run(main)
