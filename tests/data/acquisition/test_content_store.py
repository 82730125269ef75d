"""The folder of fetched content: deleted, damaged and incomplete content, and a damaged journal."""

import json

import http_server as web
import pytest
from fetching import acquire, outcome_of

from embedding_shift.data.acquisition.content_store import JOURNAL, PARTS, ContentStore, content_path
from embedding_shift.errors import InputError


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
