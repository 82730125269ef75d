"""Runs over many URLs, against a local server that returns photographs and all kinds of faulty responses."""

import io
from collections import Counter

import http_server as web
import pytest
import variants_of_jpeg
from fetching import MAX_PIXELS, QUICK, acquire, outcome_of, short
from PIL import Image

from embedding_shift.data.acquisition import content, run
from embedding_shift.data.acquisition.content_store import PARTS, content_path
from embedding_shift.data.acquisition.options import Options


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
