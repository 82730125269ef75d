"""Fetch the images or WebDataset shards behind a dataset's URLs. An interrupted run continues where it stopped; a
repeated run requests only the URLs that failed."""

import json
import sys
from dataclasses import asdict

from embedding_shift import cli, sampling
from embedding_shift.data import pinning
from embedding_shift.data.acquisition import content, report, run
from embedding_shift.data.acquisition.options import FOR_SHARDS, Options
from embedding_shift.data.acquisition.outcome import OK
from embedding_shift.data.image_ids import id_of_url
from embedding_shift.data.sources import url_table, webdataset
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--kind", choices=["tsv", "webdataset"], required=True, help="kind of dataset")
    parser.add_argument("--path", required=True, help="table of captions and URLs, or URLs of the shards")
    parser.add_argument(
        "--downloads", required=True, help="folder that stores the contents and the journal of outcomes"
    )
    parser.add_argument("--options", type=json.loads, default={}, help="limits, as JSON (config: acquisition)")
    parser.add_argument("--max-pixels", type=int, required=True, help="largest number of pixels of a usable image")
    parser.add_argument("--n-images", type=int, help="stop after this many usable images; fetch all if omitted")
    parser.add_argument("--keep-duplicates", action="store_true", help="count URLs of the same image as several images")
    parser.add_argument("--pin", help="CSV file of the images to request; all if omitted")
    parser.add_argument("--output", required=True, help="CSV file to write, with the outcome of every URL")
    parser.add_argument("--summary", required=True, help="CSV file to write, with the number of URLs per outcome")
    arguments = parser.parse_args()
    if arguments.kind == "tsv":
        urls = [url for _, url in url_table.read(arguments.path)]
        wanted, why_skipped = wanted_urls(urls, arguments.pin)
        check = content.ImageCheck(arguments.max_pixels)
        options = Options.of(arguments.options)
        limit = {"enough": arguments.n_images, "count_duplicates": arguments.keep_duplicates}
        outcomes = run.acquire(wanted, arguments.downloads, options, check, **limit)
    else:
        urls = [shard for shard in webdataset.expand(arguments.path) if webdataset.is_url(shard)]
        why_skipped = ""
        options = Options.of(arguments.options, **FOR_SHARDS)
        outcomes = run.acquire(urls, arguments.downloads, options, content.ShardCheck())
    rows = report.outcomes_of_rows(urls, outcomes, why_skipped)
    summary = report.summary(rows)
    if not any(outcome.status == OK for outcome in rows):
        most = max(summary, key=lambda row: row["n"])
        raise InputError(
            f"none of {len(urls)} URLs returned usable content; most frequent reason ({most['n']} times): "
            f"{most['reason']}"
        )
    tables.write_rows(arguments.output, report.COLUMNS, map(asdict, rows))
    tables.write_rows(arguments.summary, report.SUMMARY_COLUMNS, summary)


def wanted_urls(urls: list[str], pinned: str | None) -> tuple[list[str], str]:
    """Return the distinct URLs in the order in which the manifest selects images, and why other URLs are skipped."""
    distinct = sorted(set(urls), key=lambda url: sampling.selection_key(id_of_url(url)))
    if not pinned:
        return distinct, "enough images without it"
    ids = pinning.read(pinned)
    return [url for url in distinct if id_of_url(url) in ids], "not pinned"


if __name__ == "__main__":
    try:
        cli.run(main)
    except KeyboardInterrupt:
        sys.exit("interrupted; the next run continues from here")
