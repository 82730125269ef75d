"""Judge the claims on attacks by the attack on one encoder."""

from embedding_shift import cli
from embedding_shift.adversarial import measurement
from embedding_shift.adversarial.exchange import COSINE
from embedding_shift.claims import attack_claims, published_claims, verdicts
from embedding_shift.io import array_files, tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.statistics import bootstrap


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--published-claims", required=True, help="YAML file of the claims")
    parser.add_argument("--measured", required=True, help="Parquet file, the metrics of the attacked views")
    parser.add_argument("--metrics", required=True, help="Parquet file, the metrics of the augmented views")
    parser.add_argument("--detection", required=True, help="CSV file, how well scores tell the attack")
    parser.add_argument("--others", nargs="*", default=[], help="other encoders that measure the attacked views")
    parser.add_argument("--originals", nargs="*", default=[], help="npz files, their embeddings of the original views")
    parser.add_argument("--transferred", nargs="*", default=[], help="npz files, the same of the attacked views")
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    pairs = zip(arguments.others, arguments.originals, arguments.transferred, strict=True)
    evidence = attack_claims.Evidence(
        tables.read_parquet([arguments.measured]),
        LongTable(arguments.metrics)[COSINE],
        tables.read_csv(arguments.detection),
        {
            name: measurement.output_rows(
                "embedding", *(array_files.read_array(path, "embedding") for path in (original, transferred))
            )
            for name, original, transferred in pairs
        },
        bootstrap.settings(arguments),
    )
    claims = published_claims.read(arguments.published_claims).attack_claims
    tables.write_csv(arguments.output, verdicts.as_table(attack_claims.judge(claims, evidence)))


if __name__ == "__main__":
    cli.run(main)
