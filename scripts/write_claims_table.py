"""Write the claims with their verdicts into the README, between its two marks."""

import pandas as pd

from embedding_shift import claims_ledger, claims_table, command_line, generated_text


def main():
    parser = command_line.parser(__doc__)
    parser.add_argument("--ledger", required=True, help="YAML, the claims")
    parser.add_argument("--verdicts", required=True, help="CSV, the claims' verdicts")
    parser.add_argument("--readme", default="README.md", help="Markdown to change in place")
    arguments = parser.parse_args()
    rows = claims_table.rows(claims_ledger.read(arguments.ledger), pd.read_csv(arguments.verdicts))
    generated_text.replace_in(arguments.readme, "claims", claims_table.markdown(rows))


if __name__ == "__main__":
    command_line.run(main)
