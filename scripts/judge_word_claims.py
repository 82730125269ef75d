"""Judge the claims on the shift in words."""

from embedding_shift import cli
from embedding_shift.claims import published_claims, verdicts, word_claims
from embedding_shift.io import tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--published-claims", required=True, help="YAML file of the claims")
    parser.add_argument("--words", required=True, help="CSV file, the shift in words")
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    claims = published_claims.read(arguments.published_claims).word_claims
    tables.write_csv(arguments.output, verdicts.as_table(word_claims.judge(claims, tables.read_csv(arguments.words))))


if __name__ == "__main__":
    cli.run(main)
