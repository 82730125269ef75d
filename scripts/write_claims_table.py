"""Write the claims with their verdicts into the README, between its two marks."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.claims import published_claims, table
from embedding_shift.io import generated_text


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--ledger", required=True, help="YAML, the claims")
    parser.add_argument("--verdicts", required=True, help="CSV, the claims' verdicts")
    parser.add_argument("--readme", default="README.md", help="Markdown to change in place")
    arguments = parser.parse_args()
    rows = table.rows(published_claims.read(arguments.ledger), pd.read_csv(arguments.verdicts))
    generated_text.replace_in(arguments.readme, "claims", table.markdown(rows))


if __name__ == "__main__":
    cli.run(main)
