"""Fetch what a dataset's URLs name: images, or WebDataset shards. Interrupted, it goes on where it stopped; asked
again, it asks only for what failed."""

import json
import sys

from embedding_shift import cli, sampling
from embedding_shift.data import pinning, sources
from embedding_shift.data.acquisition import content, report, run
from embedding_shift.data.acquisition.options import FOR_SHARDS, Options
from embedding_shift.data.acquisition.outcome import OK
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--kind", choices=["tsv", "webdataset"], required=True, help="kind of the dataset")
    parser.add_argument("--path", required=True, help="the table of captions and URLs, or the shards' URLs")
    parser.add_argument("--downloads", required=True, help="folder that keeps the contents and the state")
    parser.add_argument("--options", type=json.loads, default={}, help="limits, as JSON (config: acquisition)")
    parser.add_argument("--max-pixels", type=int, required=True, help="larger images are unusable")
    parser.add_argument("--n-images", type=int, help="stop once so many usable images are there; all when left out")
    parser.add_argument("--pin", help="CSV of the images to ask for; all when left out")
    parser.add_argument("--output", required=True, help="CSV of every URL to write")
    parser.add_argument("--summary", required=True, help="CSV of the counts to write")
    arguments = parser.parse_args()
    if arguments.kind == "tsv":
        urls = [url for _, url in sources.read_url_table(arguments.path)]
        wanted, why_skipped = wanted_urls(urls, arguments.pin)
        check = content.ImageCheck(arguments.max_pixels)
        options = Options.of(arguments.options)
        outcomes = run.acquire(wanted, arguments.downloads, options, check, enough=arguments.n_images)
    else:
        urls = [shard for shard in sources.shards_of(arguments.path) if sources.is_url(shard)]
        why_skipped = ""
        options = Options.of(arguments.options, **FOR_SHARDS)
        outcomes = run.acquire(urls, arguments.downloads, options, content.ShardCheck())
    rows = report.rows(urls, outcomes, why_skipped)
    summary = report.summary(rows)
    if not any(row["status"] == OK for row in rows):
        most = max(summary, key=lambda row: row["n"])
        raise InputError(f"none of {len(urls)} URLs gave usable content; {most['n']} times {most['reason']!r}")
    tables.write_rows(arguments.output, report.COLUMNS, rows)
    tables.write_rows(arguments.summary, report.SUMMARY_COLUMNS, summary)


def wanted_urls(urls, pinned):
    """Return the distinct URLs in the order in which the manifest chooses images, and why others are left out."""
    distinct = sorted(set(urls), key=lambda url: sampling.order_of_choice(sources.id_of_url(url)))
    if not pinned:
        return distinct, "enough images without it"
    ids = pinning.read(pinned)
    return [url for url in distinct if sources.id_of_url(url) in ids], "not pinned"


if __name__ == "__main__":
    try:
        cli.run(main)
    except KeyboardInterrupt:
        sys.exit("interrupted; the next run goes on from here")
