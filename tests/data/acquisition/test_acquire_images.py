"""The script that fetches images: a killed run, its memory, and its report."""

import csv
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
from fetching import MAX_PIXELS, QUICK
from pipeline import PROJECT

from embedding_shift.data.acquisition import report
from embedding_shift.data.acquisition.content_store import JOURNAL
from embedding_shift.io import tables


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
