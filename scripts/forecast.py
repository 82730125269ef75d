"""Forecast the jobs, hours, memory and disk space of every stage of a run."""

import json
import sys
from pathlib import Path

from embedding_shift import cli
from embedding_shift.data import image_counts
from embedding_shift.performance import benchmark_costs, encoder_cost, forecast, forecast_stages


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--bench", required=True, help="CSV, benchmark of this machine")
    parser.add_argument("--plan", required=True, help="JSON, graph of jobs from `snakemake --forceall --d3dag`")
    parser.add_argument(
        "--towers",
        nargs="+",
        required=True,
        help="JSON files, cost of every encoder, in the order of the models",
    )
    parser.add_argument("--settings", type=json.loads, required=True, help="the configuration, as JSON")
    parser.add_argument("--cores", type=int, required=True, help="processors that the run may use")
    parser.add_argument("--machine-cores", type=int, required=True, help="processors of the benchmark")
    parser.add_argument("--output", required=True, help="CSV to write, in the folder of the run's results")
    arguments = parser.parse_args()
    settings = arguments.settings
    encoders = [encoder_cost.EncoderCost(**json.loads(Path(path).read_text())) for path in arguments.towers]
    run = forecast_stages.Run(
        costs=benchmark_costs.Costs(arguments.bench, settings["image_size"]),
        jobs=forecast.planned_jobs(Path(arguments.plan).read_text()),
        images={name: image_counts.count(name, entry) for name, entry in settings["datasets"].items()},
        encoders=dict(zip(settings["models"], encoders, strict=True)),
        settings=settings,
        machine_cores=arguments.machine_cores,
    )
    rows = forecast.forecast(forecast_stages.stages(run), arguments.cores)
    forecast.write(arguments.output, rows)
    print(forecast.as_text(rows))
    if warning := forecast.disk_warning(rows, Path(arguments.output).parent):
        print(warning, file=sys.stderr)


if __name__ == "__main__":
    cli.run(main)
