"""Draw what a benchmark found."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import benchmark, style


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--bench", required=True, help="bench.csv")
    parser.add_argument("--pdf", required=True, help="figure to write")
    parser.add_argument("--png", required=True, help="the same figure to write, at 200 dots per inch")
    arguments = parser.parse_args()
    style.apply()
    style.save(benchmark.bars(pd.read_csv(arguments.bench)), arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
