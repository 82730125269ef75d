"""Find the doses at which all augmentations do the same damage to the pixels, and make the views at these doses."""

import json

import pandas as pd

from embedding_shift import cli
from embedding_shift.io import shards, tables
from embedding_shift.study.variants import equal_doses, reference_views, variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--references", required=True, help="tar file of the study's references, with its originals")
    parser.add_argument(
        "--augmentations", type=json.loads, required=True, help="configuration of those with a dose scale, as JSON"
    )
    parser.add_argument("--doses", type=float, nargs="*", required=True, help="doses, 0 to 1; none for no comparison")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--views", required=True, help="tar file to write")
    parser.add_argument("--table", required=True, help="CSV file of the doses to write")
    arguments = parser.parse_args()
    originals = list(reference_views.read(arguments.references)[variant_names.ORIGINAL].values())
    curves = [
        equal_doses.DamageCurve(originals, name, entry, arguments.doses, arguments.seed)
        for name, entry in (arguments.augmentations.items() if arguments.doses else ())
    ]
    chosen = list(equal_doses.choose(curves))
    tables.write_csv(arguments.table, pd.DataFrame(chosen, columns=equal_doses.EqualDose._fields))
    shards.write(arguments.views, equal_doses.views(curves, chosen))


if __name__ == "__main__":
    cli.run(main)
