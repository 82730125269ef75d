"""Runs over many URLs, against a local server that returns photographs and all kinds of faulty responses."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import http_server as web
import pytest
import variants_of_jpeg
from fetching import MAX_PIXELS, QUICK, acquire, outcome_of, short
from PIL import Image
from pipeline import PROJECT

from embedding_shift.data.acquisition import content, report, run
from embedding_shift.data.acquisition.content_store import JOURNAL, PARTS, ContentStore, content_path
from embedding_shift.data.acquisition.options import Options
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def converted(data, suffix, **options):
    file = io.BytesIO()
    Image.open(io.BytesIO(data)).resize((96, 64)).save(file, suffix, **options)
    return file.getvalue()


def half_jpeg():
    """Return half of a JPEG with an end marker, as some proxies deliver it."""
    data = variants_of_jpeg.jpeg(variants_of_jpeg.detailed())
    return data[: len(data) // 2] + b"\xff\xd9"


def huge_png():
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    return file.getvalue()


def behaviours(photographs):
    """Return (answer, status, reason, attempts) of every kind of response."""
    photograph = photographs[0]
    jpeg = converted(photograph, "JPEG")
    return [
        (web.image(jpeg), "ok", "", 1),
        (web.image(converted(photograph, "GIF")), "ok", "", 1),
        (web.image(converted(photograph, "WEBP")), "ok", "", 1),
        (web.image(converted(photograph, "AVIF")), "ok", "", 1),
        (web.gzipped(converted(photograph, "BMP")), "ok", "", 1),
        (web.first(web.status(429, Retry_After=0), web.image(photographs[1])), "ok", "", 2),
        (web.first(web.status(500), web.image(photographs[2])), "ok", "", 2),
        (web.first(web.truncated(jpeg), web.image(photographs[3])), "ok", "", 2),
        (web.redirect("/good"), "ok", "", 1),
        (web.status(404), "dead", "HTTP 404", 1),
        (web.status(410), "dead", "HTTP 410", 1),
        (web.status(403), "dead", "HTTP 403", 1),
        (web.status(429), "failed", "HTTP 429", 2),
        (web.status(500), "failed", "HTTP 500", 2),
        (web.silence, "failed", "timed out", 2),
        (web.slow_drip, "failed", "took too long", 2),
        (web.truncated(photograph), "failed", "broken answer", 2),
        (web.reset, "failed", "broken answer", 2),
        (web.html, "unusable", "not an image", 1),
        (web.endless, "unusable", "too many bytes", 1),
        (web.gzip_bomb(50_000_000), "unusable", "too many bytes", 1),
        (web.image(huge_png()), "unusable", "too many pixels", 1),
        (web.image(b""), "unusable", "empty", 2),
        (web.too_short_a_length(jpeg), "unusable", "damaged image", 2),
        (web.image(half_jpeg()), "unusable", "damaged image", 2),
        (web.image(variants_of_jpeg.without(variants_of_jpeg.cmyk(), 0xEE)), "unusable", "unsupported image", 1),
        (web.redirect("/loop"), "refused", "too many redirects", 1),
        (web.redirect("http://10.0.0.1/secret.png"), "refused", "private address", 1),
        (web.redirect("http://169.254.169.254/latest/meta-data"), "refused", "private address", 1),
        (web.redirect("http://[::ffff:10.0.0.1]/secret.png"), "refused", "private address", 1),
        (web.redirect("file:///etc/passwd"), "refused", "neither http nor https", 1),
        (web.redirect("http://example.org:99999/"), "refused", "not a valid URL", 1),
    ]


@pytest.mark.slow
def test_every_row_gets_its_status_and_a_second_run_requests_only_failed_urls(server, rows, photographs, tmp_path):
    kinds = behaviours(photographs)
    server.answers |= {"/good": web.image(photographs[4]), "/loop": web.redirect("/loop")}
    expected = {}
    for number, (_, path) in enumerate(rows):
        answer, *end = kinds[number] if number < len(kinds) else (web.image(photographs[number % 24]), "ok", "", 1)
        server.answers[path] = answer
        expected[path] = tuple(end)
    urls = [server.url(path) for path in expected]
    check, options = content.ImageCheck(MAX_PIXELS), Options.of(QUICK)
    outcomes = run.acquire(urls, tmp_path, options, check)
    assert {path: short(outcomes[server.url(path)]) for path in expected} == expected
    for outcome in outcomes.values():
        stored = content_path(tmp_path, outcome.sha256) if outcome.sha256 else None
        assert (outcome.status == "ok") == (stored is not None)
        assert stored is None or stored.stat().st_size == outcome.bytes > 0
    assert not list((tmp_path / PARTS).iterdir())

    before = Counter(server.requests)
    again = run.acquire(urls, tmp_path, options, check)
    requested = {path: n - before[path] for path, n in server.requests.items() if n > before[path]}
    assert requested == {path: 2 for path, end in expected.items() if end[0] == "failed"}
    assert {url: (o.status, o.reason, o.sha256) for url, o in again.items()} == {
        url: (o.status, o.reason, o.sha256) for url, o in outcomes.items()
    }


def test_a_failed_url_is_usable_once_the_server_recovers(server, photographs, tmp_path):
    assert outcome_of(server, web.status(503), tmp_path).status == "failed"
    assert outcome_of(server, web.image(photographs[0]), tmp_path).status == "ok"
    assert outcome_of(server, web.status(503), tmp_path).status == "ok"
    assert server.requests["/it"] == 3


def test_deleted_content_is_fetched_again(server, photographs, tmp_path):
    found = outcome_of(server, web.image(photographs[0]), tmp_path)
    content_path(tmp_path, found.sha256).unlink()
    assert outcome_of(server, web.image(photographs[0]), tmp_path).sha256 == found.sha256
    assert content_path(tmp_path, found.sha256).read_bytes() == photographs[0]


def test_damaged_content_is_fetched_again(server, photographs, tmp_path):
    found = outcome_of(server, web.image(photographs[0]), tmp_path)
    path = content_path(tmp_path, found.sha256)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    outcome_of(server, web.image(photographs[0]), tmp_path)
    assert path.read_bytes() == photographs[0]
    assert server.requests["/it"] == 2


class TestEnough:
    def test_the_first_usable_urls_are_used_even_if_others_are_faster(self, server, photographs, tmp_path):
        paths = [f"/{number}" for number in range(24)]
        for number, path in enumerate(paths):
            server.answers[path] = web.image(photographs[number], delay=0.2 if number < 3 else 0)
        server.answers["/1"] = web.status(404)
        found = acquire(server, paths, tmp_path, enough=5, connections=2)
        assert list(found) == paths[:6]
        assert [path for path in found if found[path].status == "ok"] == ["/0", "/2", "/3", "/4", "/5"]
        assert sum(server.requests.values()) < 24

    def test_more_urls_are_fetched_when_more_are_needed(self, server, photographs, tmp_path):
        paths = [f"/{number}" for number in range(24)]
        for number, path in enumerate(paths):
            server.answers[path] = web.image(photographs[number])
        acquire(server, paths, tmp_path, enough=5, connections=1)
        assert len(acquire(server, paths, tmp_path, enough=9, connections=1)) == 9
        assert max(server.requests.values()) == 1

    def test_urls_of_one_image_count_once(self, server, photographs, tmp_path):
        """The third URL gives the first image in another format, and late."""
        first = Image.open(io.BytesIO(photographs[0]))
        file = io.BytesIO()
        first.save(file, "BMP")
        contents = [photographs[0], photographs[0], file.getvalue(), *photographs[1:9]]
        paths = [f"/{number}" for number in range(len(contents))]
        for number, (path, data) in enumerate(zip(paths, contents, strict=True)):
            server.answers[path] = web.image(data, delay=0.2 if number in (0, 2) else 0)
        for connections in (1, 8):
            found = acquire(server, paths, tmp_path / str(connections), enough=3, connections=connections)
            assert list(found) == paths[:5]
            assert len({outcome.content for outcome in found.values()}) == 3
        folder = tmp_path / "1"
        assert list(acquire(server, paths, folder, enough=3, count_duplicates=True)) == paths[:3]

    def test_failures_after_the_last_url_that_is_needed_are_not_reported(self, server, photographs, tmp_path):
        paths = [f"/{number}" for number in range(6)]
        server.answers = dict.fromkeys(paths, web.status(404))
        server.answers |= {path: web.image(photographs[n], delay=0.2) for n, path in enumerate(paths[:2])}
        assert list(acquire(server, paths, tmp_path, enough=2)) == paths[:2]


class TestContentStore:
    def test_an_incomplete_last_line_is_removed(self, server, photographs, tmp_path):
        outcome_of(server, web.image(photographs[0]), tmp_path)
        journal = tmp_path / JOURNAL
        journal.write_bytes(journal.read_bytes() + b'{"url": "http://127.0.0')
        server.answers["/other"] = web.image(photographs[1])
        acquire(server, ["/it", "/other"], tmp_path)
        assert all(json.loads(line) for line in journal.read_text().splitlines())
        assert server.requests == {"/it": 1, "/other": 1}

    def test_a_damaged_line_affects_only_its_own_url(self, server, photographs, tmp_path):
        outcome_of(server, web.image(photographs[0]), tmp_path)
        journal = tmp_path / JOURNAL
        journal.write_bytes(bytes(20) + b"\n" + journal.read_bytes())
        outcome_of(server, web.image(photographs[0]), tmp_path)
        assert server.requests == {"/it": 1}

    def test_a_second_run_in_the_same_folder_is_rejected(self, tmp_path):
        with ContentStore(tmp_path, "").opened():
            second = ContentStore(tmp_path, "").opened()
            with pytest.raises(InputError, match="another run is fetching"):
                second.__enter__()

    def test_incomplete_content_is_deleted(self, server, photographs, tmp_path):
        (tmp_path / PARTS).mkdir()
        (tmp_path / PARTS / "left").write_bytes(b"half")
        outcome_of(server, web.image(photographs[0]), tmp_path)
        assert not list((tmp_path / PARTS).iterdir())


def command(table, folder, **options):
    given = json.dumps(QUICK | options)
    return [
        *(sys.executable, PROJECT / "scripts/acquire_images.py", "--kind", "tsv", "--path", table),
        *("--downloads", folder / "downloads", "--options", given, "--max-pixels", str(MAX_PIXELS)),
        *("--output", folder / "acquisition.csv", "--summary", folder / "summary.csv"),
    ]


def table_of(server, rows, path):
    path.write_text("".join(f"{caption}\t{server.url(target)}\n" for caption, target in rows), encoding="utf-8")
    return path


def stable_columns(path):
    return [(row["url"], row["status"], row["reason"], row["sha256"], row["bytes"]) for row in tables.read_rows(path)]


@pytest.mark.slow
def test_a_killed_run_continues_to_the_same_result(server, rows, photographs, tmp_path):
    for number, (_, path) in enumerate(rows):
        server.answers[path] = web.image(photographs[number % 24], delay=0.02)
    for (_, path), answer in zip(rows[5:], (web.status(404), web.status(500), web.html), strict=False):
        server.answers[path] = answer
    table = table_of(server, rows, tmp_path / "table.tsv")
    (tmp_path / "whole").mkdir()
    subprocess.run(command(table, tmp_path / "whole", connections=2), check=True, capture_output=True)

    server.requests.clear()
    process = subprocess.Popen(command(table, tmp_path / "killed", connections=2), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while sum(server.requests.values()) < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    journal = (tmp_path / "killed/downloads" / JOURNAL).read_text().splitlines()
    assert 0 < len(journal) < len(rows)
    assert not (tmp_path / "killed/acquisition.csv").exists()
    subprocess.run(command(table, tmp_path / "killed", connections=2), check=True, capture_output=True)

    assert stable_columns(tmp_path / "killed/acquisition.csv") == stable_columns(tmp_path / "whole/acquisition.csv")
    assert (tmp_path / "killed/summary.csv").read_bytes() == (tmp_path / "whole/summary.csv").read_bytes()
    settled = [urlsplit(json.loads(line)["url"]) for line in journal]
    finished = {part.path + (f"?{part.query}" if part.query else "") for part in settled}
    always_failing = rows[6][1]
    assert {server.requests[path] for path in finished - {always_failing}} == {1}


def peak_memory(arguments):
    """Return the peak resident memory of a command in bytes, and its exit status."""
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status)


@pytest.mark.slow
def test_memory_does_not_depend_on_the_size_of_the_bodies(server, rows, photographs, tmp_path):
    server.answers[rows[0][1]] = web.image(photographs[0])
    plain = table_of(server, rows[:1], tmp_path / "plain.tsv")
    bomb = web.gzip_bomb(200_000_000)
    for number, (_, path) in enumerate(rows[1:9]):
        server.answers[path] = bomb if number % 2 else web.endless
    hostile = table_of(server, rows[:9], tmp_path / "hostile.tsv")
    limits = {"max_bytes": 60_000_000, "deadline": 20, "timeout": 10}
    few, status = peak_memory(command(plain, tmp_path / "plain", **limits))
    assert status == 0
    many, status = peak_memory(command(hostile, tmp_path / "hostile", **limits))
    assert status == 0
    assert Counter(row["reason"] for row in tables.read_rows(tmp_path / "hostile/acquisition.csv")) == {
        "too many bytes": 8,
        "": 1,
    }
    assert many - few < 40_000_000


def test_the_report_counts_repeated_urls_and_repeated_contents(server, photographs, tmp_path):
    server.answers |= {"/a": web.image(photographs[0]), "/b": web.image(photographs[0]), "/c": web.status(404)}
    table = table_of(server, [("x", "/a"), ("y", "/b"), ("z", "/a"), ("w", "/c")], tmp_path / "table.tsv")
    subprocess.run(command(table, tmp_path), check=True, capture_output=True)
    found = tables.read_rows(tmp_path / "acquisition.csv")
    assert list(found[0]) == ["url", "status", "reason", "sha256", "bytes", "seconds", "attempts"]
    assert [(row["url"], row["status"], row["reason"]) for row in found] == [
        (server.url("/a"), "ok", ""),
        (server.url("/b"), "ok", report.SAME_CONTENT),
        (server.url("/a"), "repeated", "same URL as in an earlier row"),
        (server.url("/c"), "dead", "HTTP 404"),
    ]
    with open(tmp_path / "summary.csv", newline="") as file:
        assert list(csv.reader(file)) == [
            ["status", "reason", "n"],
            ["dead", "HTTP 404", "1"],
            ["ok", "", "1"],
            ["ok", report.SAME_CONTENT, "1"],
            ["repeated", "same URL as in an earlier row", "1"],
        ]


def test_no_usable_url_is_reported_in_one_sentence(server, tmp_path):
    table = table_of(server, [("x", "/a"), ("y", "/b")], tmp_path / "table.tsv")
    result = subprocess.run(command(table, tmp_path), capture_output=True, text=True)
    assert result.returncode == 1
    assert (
        result.stderr.splitlines()[-1]
        == "error: none of 2 URLs returned usable content; most frequent reason (2 times): HTTP 404"
    )
    assert not Path(tmp_path / "acquisition.csv").exists()
