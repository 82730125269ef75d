"""Compare two runs: the shifts that changed beyond their paired interval, and the claims with another verdict."""

import sys
from pathlib import Path

from embedding_shift import cli, results
from embedding_shift.io import tables
from embedding_shift.plots import run_changes, style
from embedding_shift.run_comparison import changes

FAILURES = ("significant", "verdict")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--results", default="results", help="folder of the newer run")
    parser.add_argument("--against", required=True, help="results folder of the older run")
    parser.add_argument(
        "--output-folder", required=True, help="folder for shifts.csv, claims.csv and changes.pdf, .png"
    )
    parser.add_argument(
        "--fail-on",
        nargs="+",
        default=[],
        choices=FAILURES,
        help="exit with status 1 if a shift changed significantly, or if a claim has another verdict",
    )
    arguments = parser.parse_args()
    before, after = results.read(arguments.against), results.read(arguments.results)
    shifts, claims = changes.of_shifts(before, after), changes.of_claims(before, after)
    folder = Path(arguments.output_folder)
    tables.write_csv(folder / "shifts.csv", shifts)
    tables.write_csv(folder / "claims.csv", claims)
    style.apply()
    style.save(run_changes.draw(shifts), [folder / "changes.pdf", folder / "changes.png"])
    significant, other = shifts[shifts["significant"]], claims[claims["changed"]]
    print(f"before: run {before.record.run_id}, after: run {after.record.run_id}")
    print(f"{int(shifts['beyond_interval'].sum())} of {len(shifts)} means changed beyond their paired interval")
    print(f"{len(significant)} of these changes are significant with Holm's correction")
    for row in significant.to_dict("records"):
        print(
            f"  {row['augmentation']} {row['metric']}: {row['before']:.4g} became {row['after']:.4g} ({row['model']})"
        )
    print(f"{len(other)} of {len(claims)} claims changed their verdict")
    for row in other.to_dict("records"):
        print(f"  {row['claim']}: {row['before']} became {row['after']} ({row['model']})")
    found = {"significant": len(significant), "verdict": len(other)}
    if any(found[name] for name in arguments.fail_on):
        sys.exit(1)


if __name__ == "__main__":
    cli.run(main)
