"""The arguments of scripts that read what was captured inside an encoder."""

import argparse

from embedding_shift.mechanism.captured_views import CapturedViews
from embedding_shift.mechanism.registry import Settings
from embedding_shift.mechanism.tower import Tower
from embedding_shift.statistics import bootstrap


def add_arguments(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add the arguments that the functions below read; where they are not `required`, a run without them has none."""
    parser.add_argument("--views", nargs="+", required=required, help="names of the views")
    parser.add_argument("--captured", nargs="+", required=required, help="npz files: the shards of each view in turn")
    parser.add_argument("--tower", required=required, help="npz file, weights of the encoder's read-out")
    parser.add_argument("--precision", required=required, help="precision in which the encoder computed")
    parser.add_argument("--neighbours", type=int, required=required, help="number of nearest neighbours")
    bootstrap.add_arguments(parser)


def captured_views(arguments: argparse.Namespace) -> CapturedViews:
    """Return the captured views that a command line names."""
    shards = len(arguments.captured) // len(arguments.views)
    paths = {
        view: arguments.captured[place * shards : (place + 1) * shards] for place, view in enumerate(arguments.views)
    }
    return CapturedViews(paths, Tower.read(arguments.tower))


def settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings of read-outs that a command line gives."""
    return Settings(arguments.precision, arguments.neighbours, bootstrap.settings(arguments))
