"""Fixtures and short limits for the tests of acquisition, which fetch from a local server."""

from urllib.parse import urlsplit

import http_server as web
import pytest
from pipeline import PROJECT

from embedding_shift.data.acquisition import content, run
from embedding_shift.data.acquisition.options import Options
from embedding_shift.data.sources import url_table

EXCERPT = PROJECT / "tests/data_files/conceptual-captions-excerpt.tsv"
LOOPBACK = ["127.0.0.0/8"]
MAX_PIXELS = 1_000_000
QUICK = {
    "connections": 24,
    "connections_per_host": 24,
    "attempts": 2,
    "backoff": 0.05,
    "timeout": 1.2,
    "deadline": 2.5,
    "max_bytes": 2_000_000,
    "max_redirects": 3,
    "allow_private_addresses": LOOPBACK,
}


@pytest.fixture(scope="session")
def photographs():
    return [path.read_bytes() for path in sorted((PROJECT / "resources/kodak/images").glob("*.png"))]


@pytest.fixture
def server():
    with web.LocalServer() as server:
        yield server


@pytest.fixture(scope="session")
def rows():
    """Return captions of real rows, with their URLs as paths on the local server."""
    pairs = url_table.read(EXCERPT)
    parts = [urlsplit(url) for _, url in pairs]
    return [
        (caption, f"/{part.netloc}{part.path}" + (f"?{part.query}" if part.query else ""))
        for (caption, _), part in zip(pairs, parts, strict=True)
    ]


def acquire(server, paths, folder, enough=None, count_duplicates=False, **options):
    urls = [server.url(path) for path in paths]
    check = content.ImageCheck(MAX_PIXELS)
    outcomes = run.acquire(urls, folder, Options.of(QUICK | options), check, enough, count_duplicates)
    return {urlsplit(url).path: outcome for url, outcome in outcomes.items()}


def outcome_of(server, answer, tmp_path, **options):
    server.answers["/it"] = answer
    return acquire(server, ["/it"], tmp_path, **options)["/it"]


def short(outcome):
    return outcome.status, outcome.reason, outcome.attempts
