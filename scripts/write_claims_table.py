"""Write the original paper's claims with their verdicts into the README, between its two marks."""

from embedding_shift import cli
from embedding_shift.claims import published_claims, table, verdicts
from embedding_shift.io import generated_text


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--published-claims", required=True, help="YAML file of the claims")
    parser.add_argument("--verdicts", required=True, help="claims.csv of a run")
    parser.add_argument("--readme", default="README.md", help="Markdown file to change in place")
    arguments = parser.parse_args()
    published = published_claims.read(arguments.published_claims)
    judged = table.joined(published, verdicts.read(arguments.verdicts))
    generated_text.replace_in(arguments.readme, "claims", table.markdown(judged))


if __name__ == "__main__":
    cli.run(main)
