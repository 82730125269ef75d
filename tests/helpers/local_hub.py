"""A Hugging Face hub on this machine, and scripts that fetch from it."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipeline import PROJECT

from embedding_shift.io import atomic

REPOSITORY, COMMIT = "someone/small-clip", "0123456789abcdef0123456789abcdef01234567"
UNREACHABLE = "http://127.0.0.1:9"  # the discard port, where nothing listens


class Hub(ThreadingHTTPServer):
    """Serve the files of a folder as one repository of the Hugging Face hub, and record the requested paths."""

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.folder, self.requested = folder, []
        self.url = f"http://127.0.0.1:{self.server_port}"


class HubHandler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, with_body):
        self.server.requested.append(self.path)
        parts = self.path.strip("/").split("/")
        path = self.server.folder / parts[-1]
        known = parts[:3] == [*REPOSITORY.split("/"), "resolve"] and path.is_file()
        data = path.read_bytes() if known else b""
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(data)))
        if known:
            self.send_header("ETag", f'"{atomic.sha256(path)}"')
            self.send_header("X-Repo-Commit", COMMIT)
        else:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, *_):
        pass


def prepare(model, bundle, endpoint, cache, **environment):
    """Run the script in a separate process, because the hub's client reads its address only once."""
    return run_python(
        [str(PROJECT / "scripts/prepare_bundle.py"), "--model", json.dumps(model), "--bundle", str(bundle)],
        endpoint,
        cache,
        **environment,
    )


def run_python(arguments, endpoint, cache, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    kept |= {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(cache),
        "PYTHONPATH": str(PROJECT / "scripts"),
        "OMP_NUM_THREADS": "1",
    } | environment
    return subprocess.run([sys.executable, *arguments], env=kept, capture_output=True, text=True, timeout=300)
