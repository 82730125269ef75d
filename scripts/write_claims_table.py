"""Write the original paper's claims and those on attacks with their verdicts into the README, between their marks."""

from embedding_shift import cli
from embedding_shift.claims import published_claims, table, verdicts
from embedding_shift.io import generated_text


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--published-claims", required=True, help="YAML file of the claims")
    parser.add_argument("--verdicts", required=True, help="claims.csv of a run")
    parser.add_argument("--attack-verdicts", help="attack_claims.csv of the run; its table has marks of its own")
    parser.add_argument("--readme", default="README.md", help="Markdown file to change in place")
    arguments = parser.parse_args()
    published = published_claims.read(arguments.published_claims)
    judged = table.joined(published, verdicts.read(arguments.verdicts))
    generated_text.replace_in(arguments.readme, "claims", table.markdown(judged))
    if arguments.attack_verdicts:
        judged = table.joined(published.on_attacks, verdicts.read(arguments.attack_verdicts))
        generated_text.replace_in(arguments.readme, "attack-claims", table.markdown(judged, table.ON_ATTACKS))


if __name__ == "__main__":
    cli.run(main)
