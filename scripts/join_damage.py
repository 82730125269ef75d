"""Join the damage of all encoders, with a column for the encoder."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.io import tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="names of the encoders")
    parser.add_argument("--damages", nargs="+", required=True, help="CSV files, the damage for every encoder")
    parser.add_argument("--forecasts", nargs="+", required=True, help="CSV files, its correlation with the shift")
    parser.add_argument("--dose-damages", nargs="+", required=True, help="CSV files, the damage at the study's doses")
    parser.add_argument("--damage", required=True, help="CSV to write")
    parser.add_argument("--forecast", required=True, help="CSV to write")
    parser.add_argument("--dose-damage", required=True, help="CSV to write")
    arguments = parser.parse_args()
    for name in ("damage", "forecast", "dose_damage"):
        parts = dict(zip(arguments.models, map(tables.read_csv, getattr(arguments, f"{name}s")), strict=True))
        tables.write_csv(getattr(arguments, name), pd.concat(parts, names=["model"]).reset_index("model"))


if __name__ == "__main__":
    cli.run(main)
