"""Single requests: allowed addresses and URLs, rate limits, and decompression of responses."""

import gzip
import time
import zlib

import http_server as web
import pytest
from fetching import MAX_PIXELS, QUICK, acquire, outcome_of, short
from pipeline import PROJECT

from embedding_shift.data.acquisition import addresses, content, content_encoding, run
from embedding_shift.data.acquisition.options import Options
from embedding_shift.data.acquisition.outcome import Problem
from embedding_shift.errors import InputError


class TestPrivateAddresses:
    def test_loopback_is_not_requested_by_default(self, server, photographs, tmp_path):
        found = outcome_of(server, web.image(photographs[0]), tmp_path, allow_private_addresses=[])
        assert short(found) == ("refused", "private address", 1)
        assert not server.requests

    def test_loopback_is_requested_once_it_is_allowed(self, server, photographs, tmp_path):
        outcome_of(server, web.image(photographs[0]), tmp_path, allow_private_addresses=[])
        assert outcome_of(server, web.image(photographs[0]), tmp_path).status == "ok"

    @pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1", "0.0.0.0", "[::1]"])
    def test_other_spellings_of_loopback(self, server, tmp_path, host):
        url = server.url("/it").replace("127.0.0.1", host)
        options = Options.of(QUICK | {"allow_private_addresses": []})
        (found,) = run.acquire([url], tmp_path, options, content.ImageCheck(MAX_PIXELS)).values()
        assert (found.status, found.reason) == ("refused", "private address")
        assert not server.requests

    @pytest.mark.parametrize(
        "address",
        [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.1.1",
            "224.0.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "fe80::1%eth0",
            "fc00::1",
            "::",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "ff02::1",
        ],
    )
    def test_addresses_that_are_not_public(self, address):
        assert not addresses.is_public(address)

    @pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e", "::ffff:8.8.8.8"])
    def test_public_addresses(self, address):
        assert addresses.is_public(address)

    def test_a_proxy_of_the_environment_is_used_but_not_for_loopback(self, server, photographs, tmp_path, monkeypatch):
        monkeypatch.setenv("http_proxy", server.url(""))
        monkeypatch.setenv("no_proxy", "")
        server.answers["http://photographs.example/it"] = web.image(photographs[0])
        server.answers["/it"] = web.image(photographs[1])
        urls = ["http://photographs.example/it", server.url("/it"), "http://10.0.0.1/it"]
        found = run.acquire(urls, tmp_path, Options.of(QUICK), content.ImageCheck(MAX_PIXELS))
        assert [found[url].status for url in urls] == ["ok", "ok", "refused"]
        assert set(server.requests) == {"http://photographs.example/it", "/it"}

    def test_a_proxy_may_lack_its_scheme_and_must_use_http(self, server, photographs, tmp_path, monkeypatch):
        monkeypatch.setenv("http_proxy", server.url("").removeprefix("http://"))
        server.answers["http://photographs.example/it"] = web.image(photographs[0])
        urls = ["http://photographs.example/it"]
        found = run.acquire(urls, tmp_path, Options.of(QUICK), content.ImageCheck(MAX_PIXELS))
        assert found[urls[0]].status == "ok"
        monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
        with pytest.raises(InputError, match=r"HTTP_PROXY is socks5://127.0.0.1:1; an HTTP proxy is required"):
            run.acquire(urls, tmp_path, Options.of(QUICK), content.ImageCheck(MAX_PIXELS))


class TestUrls:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("ftp://example.org/a.jpg", "neither http nor https"),
            ("file:///etc/passwd", "neither http nor https"),
            ("a.jpg", "neither http nor https"),
            ("http://", "not a valid URL"),
            ("http:///a.jpg", "not a valid URL"),
            ("http://[::1/a.jpg", "not a valid URL"),
            ("http://example.org:99999/", "not a valid URL"),
        ],
    )
    def test_rejected_urls(self, text, reason):
        with pytest.raises(Problem) as caught:
            addresses.checked_url(text)
        assert (caught.value.status, caught.value.reason) == ("refused", reason)

    def test_a_malformed_url_does_not_stop_the_run(self, server, photographs, tmp_path):
        server.answers["/it"] = web.image(photographs[0])
        urls = ["http://[::1/a.jpg", f"http://{'a' * 70}.example/", server.url("/it")]
        found = run.acquire(urls, tmp_path, Options.of(QUICK), content.ImageCheck(MAX_PIXELS))
        assert [found[url].status for url in urls] == ["refused", "refused", "ok"]


class TestRateLimits:
    def test_the_number_of_connections_per_host_is_limited(self, server, photographs, tmp_path):
        paths = [f"/{number}" for number in range(20)]
        server.answers |= dict.fromkeys(paths, web.image(photographs[0], delay=0.03))
        found = acquire(server, paths, tmp_path, connections_per_host=3)
        assert {outcome.status for outcome in found.values()} == {"ok"}
        assert 1 < server.busiest <= 3

    def test_the_total_number_of_connections_is_limited(self, server, photographs, tmp_path):
        paths = [f"/{number}" for number in range(20)]
        server.answers |= dict.fromkeys(paths, web.image(photographs[0], delay=0.03))
        acquire(server, paths, tmp_path, connections=2)
        assert server.busiest <= 2

    def test_retry_after_delays_all_requests_to_the_host_up_to_the_limit(self, server, photographs, tmp_path):
        server.answers["/it"] = web.first(web.status(429, Retry_After=3600), web.image(photographs[0]))
        server.answers["/other"] = web.image(photographs[1])
        started = time.monotonic()
        found = acquire(server, ["/it", "/other"], tmp_path, connections=1, longest_wait=0.5)
        assert short(found["/it"]) == ("ok", "", 2)
        assert time.monotonic() - started >= 0.5
        assert found["/other"].seconds >= 0.5

    def test_an_impossible_date_in_retry_after_does_not_stop_the_run(self, server, photographs, tmp_path):
        far = web.status(503, Retry_After="Fri, 31 Dec 99999999999 23:59:59 GMT")
        server.answers["/it"] = web.first(far, web.image(photographs[0]))
        assert short(acquire(server, ["/it"], tmp_path)["/it"]) == ("ok", "", 2)

    def test_two_texts_of_one_url_can_be_fetched_at_the_same_time(self, server, photographs, tmp_path):
        server.answers["/a%20b"] = web.image(photographs[0], delay=0.1)
        urls = [server.url("/a b"), server.url("/a%20b")]
        found = run.acquire(urls, tmp_path, Options.of(QUICK), content.ImageCheck(MAX_PIXELS))
        assert [found[url].status for url in urls] == ["ok", "ok"]

    def test_requests_carry_a_user_agent(self, server, photographs, tmp_path):
        outcome_of(server, web.image(photographs[0]), tmp_path)
        assert server.headers["/it"]["User-Agent"].startswith("embedding-shift/")


class TestEncoding:
    @pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
    @pytest.mark.parametrize("size", [10_000_000, 65_535, 65_536, 65_537, 65_636, 131_072, 1])
    @pytest.mark.parametrize("piece", [100, 10_000_000])
    def test_decompression_yields_small_blocks(self, pack, size, piece):
        packed = pack(bytes(size))
        decoder = content_encoding.decoder("gzip" if pack is gzip.compress else "deflate")
        pieces = [packed[start : start + piece] for start in range(0, len(packed), piece)]
        blocks = [block for piece in pieces for block in decoder.blocks(piece)]
        decoder.finish()
        assert sum(map(len, blocks)) == size
        assert max(map(len, blocks)) <= content_encoding.BLOCK

    def test_truncated_and_uncompressed_data_is_rejected(self):
        decoder = content_encoding.decoder("gzip")
        list(decoder.blocks(gzip.compress(bytes(range(256)))[:-20]))
        with pytest.raises(Problem, match="broken answer"):
            decoder.finish()
        with pytest.raises(Problem, match="damaged compression"):
            list(content_encoding.decoder("gzip").blocks(b"plain"))


class TestOptions:
    def test_the_schema_has_the_same_names_and_defaults(self):
        yaml = pytest.importorskip("yaml")
        schema = yaml.safe_load((PROJECT / "config/schema.yaml").read_text())
        dataset = schema["properties"]["datasets"]["additionalProperties"]
        keys = dataset["properties"]["acquisition"]["properties"]
        given = {name: entry["default"] for name, entry in keys.items()}
        assert Options.of(given).limits() == Options().limits()
        assert set(given) == set(vars(Options()))
        for name, default in given.items():
            assert default in (None, getattr(Options(), name)) or list(default) == list(getattr(Options(), name))

    @pytest.mark.parametrize("given", [{"conections": 3}, {"allow_private_addresses": ["10.0.0.0.0/8"]}])
    def test_invalid_options_are_rejected(self, given):
        with pytest.raises(InputError, match="acquisition option"):
            Options.of(given)
