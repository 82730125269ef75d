"""A local HTTP server that answers well or badly, path by path, and counts what it is asked."""

import contextlib
import gzip
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK = bytes(65536)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class LocalServer:
    """Serves on 127.0.0.1; a context manager.

    Attributes:
        answers: {path: function of the request handler}; other paths get 404.
        requests: how often each path was asked for.
        busiest: the most requests that were under way at once.
    """

    def __init__(self):
        self.answers = {}
        self.requests = Counter()
        self.headers = {}
        self.busiest = 0
        self._under_way = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()

    def url(self, path):
        """Return the URL of a path (with its leading slash)."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.close_connection = True
                with server._lock:
                    server.requests[self.path] += 1
                    self.asked = server.requests[self.path]
                    server.headers[self.path] = dict(self.headers)
                    server._under_way += 1
                    server.busiest = max(server.busiest, server._under_way)
                try:
                    with contextlib.suppress(ConnectionError):
                        server.answers.get(self.path, status(404))(self)
                finally:
                    with server._lock:
                        server._under_way -= 1

            def log_message(self, *_):
                pass

        return Handler


def send(handler, body=b"", code=200, length=None, **headers):
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def image(data, delay=0.0):
    def answer(handler):
        time.sleep(delay)
        send(handler, data, Content_Type="application/octet-stream")

    return answer


def status(code, **headers):
    return lambda handler: send(handler, b"no", code, **headers)


def first(*answers):
    """Give the first answer to the first request, and so on; the last one to all others."""
    return lambda handler: answers[min(handler.asked, len(answers)) - 1](handler)


def redirect(target):
    return lambda handler: send(handler, code=302, Location=target)


def html(handler):
    send(handler, b"<html><body>This photograph has moved.</body></html>", Content_Type="image/jpeg")


def truncated(data):
    return lambda handler: send(handler, data[: len(data) // 2], length=len(data))


def too_short_a_length(data):
    return lambda handler: send(handler, data, length=len(data) // 2)


def reset(handler):
    handler.connection.close()


def silence(handler):
    time.sleep(5)


def slow_drip(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"\xff")
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(BLOCK)


def gzipped(data):
    return lambda handler: send(handler, gzip.compress(data), Content_Encoding="gzip")


def gzip_bomb(size):
    """Answer with `size` zeros, a thousandth of it on the wire; packed once."""
    packed = gzip.compress(bytes(size), compresslevel=6)
    return lambda handler: send(handler, packed, Content_Encoding="gzip")
