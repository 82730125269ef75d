"""Judge the claims of the related work by what the parts of an encoder write of the shifts."""

from embedding_shift import cli
from embedding_shift.claims import judging, published_claims, verdicts
from embedding_shift.io import tables
from embedding_shift.statistics import bootstrap


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--published-claims", required=True, help="YAML file of the claims")
    parser.add_argument("--shares", required=True, help="CSV file, what parts write of the shift of every image")
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    shares = tables.read_csv(arguments.shares)
    claims = published_claims.read(arguments.published_claims).related_claims
    found = judging.judge_related(claims, shares, bootstrap.settings(arguments))
    tables.write_csv(arguments.output, verdicts.as_table(found))


if __name__ == "__main__":
    cli.run(main)
