"""Say where a number of the paper, a row of a table, or the values of an image come from, and compute it again."""

import sys

from embedding_shift import cli, results
from embedding_shift.errors import InputError
from embedding_shift.provenance import answers, why
from embedding_shift.provenance.answers import Answer
from embedding_shift.provenance.macros import Numbers


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--results", default="results", help="folder of a finished run")
    parser.add_argument("--number", help=r"a macro of numbers.tex, such as \MeanCosineSimilarityNoise, or words of it")
    parser.add_argument("--table", help="file name of a table, such as summary.csv")
    parser.add_argument("--row", help="cells that identify the row, such as 'noise cosine_similarity'")
    parser.add_argument("--column", help="column of summary.csv; all by default")
    parser.add_argument("--image", help="id of an image")
    parser.add_argument("--augmentation", help="augmentation of the image's view")
    parser.add_argument("--dataset", help="by default the one that the paper is about")
    parser.add_argument("--model", help="by default the encoder that the paper is about")
    arguments = parser.parse_args()
    run = results.read(arguments.results)
    measured = run.of(arguments.dataset, arguments.model)
    found: Answer
    if arguments.number:
        found = why.number(Numbers(run), arguments.number)
    elif arguments.table and arguments.row:
        found = why.table_row(run, arguments.table, arguments.row, arguments.column, measured)
    elif arguments.image and arguments.augmentation:
        found = answers.joined(
            answers.image(measured, arguments.image, arguments.augmentation), answers.versions(measured)
        )
    else:
        raise InputError(
            r"ask for NUMBER='\MeanCosineSimilarityNoise', TABLE=summary.csv ROW='noise cosine_similarity', or "
            "IMAGE=kodim05 AUGMENTATION=blur"
        )
    print(found)
    if not found.agrees:
        sys.exit("error: the number does not agree with what it was made from; was a file edited after the run?")


if __name__ == "__main__":
    cli.run(main)
