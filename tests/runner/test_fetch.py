"""File inputs from data: URIs and URLs: what may be fetched, from where, and what becomes of it."""

from __future__ import annotations

import http.server
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from augury.runner.fetch import Fetcher, FetchError

LOOPBACK = ["127.0.0.0/8", "::1"]


class _Site(http.server.BaseHTTPRequestHandler):
    """Answers by path; `hits` counts what was asked for."""

    hits: list[str]

    def do_GET(self) -> None:
        self.hits.append(self.path)
        path = self.path.partition("?")[0]
        if path.startswith("/redirect/"):
            left = int(path.rpartition("/")[2])
            self._answer(302, b"", {"Location": f"/redirect/{left - 1}" if left else "/cat.png"})
        elif path == "/to-metadata":
            self._answer(302, b"", {"Location": "http://169.254.169.254/latest/meta-data"})
        elif path == "/to-file":
            self._answer(302, b"", {"Location": "file:///etc/passwd"})
        elif path == "/missing":
            self._answer(404, b"no", {})
        elif path == "/endless":
            self._endless()
        elif path == "/short":
            self._answer(200, b"abc", {"Content-Length": "10"})
        elif path == "/named":
            self._answer(200, b"x", {"Content-Disposition": 'attachment; filename="../../étage.txt"'})
        elif path == "/bare":
            self._answer(200, b"bare", {})
        else:
            self._answer(200, b"\x89PNG", {"Content-Type": "image/png; charset=binary"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    hits: list[str] = []
    handler = type("Site", (_Site,), {"hits": hits})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", hits
        server.shutdown()
        thread.join()


def test_a_url_becomes_a_file_with_name_and_type(tmp_path: Path, site: tuple[str, list[str]]) -> None:
    base, hits = site
    fetched = Fetcher(LOOPBACK).fetch(base + "/a%20b/my%20cat.png?sig=a%2Fb+c&x=[1]", str(tmp_path))
    assert Path(fetched.path).read_bytes() == b"\x89PNG"
    assert (fetched.name, fetched.content_type) == ("my cat.png", "image/png")
    assert hits == ["/a%20b/my%20cat.png?sig=a%2Fb+c&x=[1]"]
    again = Fetcher(LOOPBACK).fetch(base + "/my%20cat.png", str(tmp_path))
    assert again.path != fetched.path
    assert Path(again.path).name == Path(fetched.path).name == "my cat.png"


def test_a_name_from_outside_stays_in_its_folder(tmp_path: Path, site: tuple[str, list[str]]) -> None:
    base, _ = site
    for path in ("/named", "/..%2F..%2Fetc%2Fpasswd", "/%00%0A", "/", "/." * 3, "/" + "n" * 900):
        fetched = Fetcher(LOOPBACK).fetch(base + path, str(tmp_path))
        assert Path(fetched.path).parent.parent == tmp_path
        assert Path(fetched.path).is_file()
    assert Fetcher(LOOPBACK).fetch(base + "/bare", str(tmp_path)).content_type == "application/octet-stream"


def test_five_redirects_are_followed_and_no_sixth(tmp_path: Path, site: tuple[str, list[str]]) -> None:
    base, hits = site
    assert Fetcher(LOOPBACK).fetch(base + "/redirect/4", str(tmp_path)).name == "cat.png"
    assert len(hits) == 6
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        Fetcher(LOOPBACK).fetch(base + "/redirect/5", str(tmp_path))


@pytest.mark.parametrize(("path", "why"), [("/to-metadata", "not a public address"), ("/to-file", "neither http nor")])
def test_a_redirect_passes_the_same_gate(tmp_path: Path, site: tuple[str, list[str]], path: str, why: str) -> None:
    base, _ = site
    with pytest.raises(FetchError, match=why):
        Fetcher(LOOPBACK).fetch(base + path, str(tmp_path))


def test_nothing_private_is_connected_to(tmp_path: Path, site: tuple[str, list[str]]) -> None:
    base, hits = site
    port = base.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "0.0.0.0"):
        with pytest.raises(FetchError, match=r"public address|cannot be resolved"):
            Fetcher().fetch(f"http://{host}:{port}/cat.png", str(tmp_path))
    assert hits == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://user:secret@example.com/x", "user name or password"),
        ("http://@example.com/x", "user name or password"),
        ("http:///x", "names no host"),
        ("http://example.com:99999/", "is no URL"),
        ("http://[::1/", "is no URL"),
        ("http://exa mple.com/", "control characters"),
        ("http://example.com/\r\nX: y", "control characters"),
        ("httpx://example.com/", "neither http nor https"),
        ("ftp://example.com/", "data: URI"),
        ("file:///etc/passwd", "data: URI"),
        ("/etc/passwd", "data: URI"),
        ("", "data: URI"),
        ("http://{}.invalid/".format("a" * 70), "cannot be resolved"),
    ],
)
def test_what_is_no_url_of_ours_is_refused_with_a_reason(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(FetchError, match=why) as raised:
        Fetcher(LOOPBACK).fetch(url, str(tmp_path))
    assert "secret" not in str(raised.value)


def test_what_answers_badly_is_an_error_with_its_status(tmp_path: Path, site: tuple[str, list[str]]) -> None:
    base, _ = site
    with pytest.raises(FetchError, match="answered 404 Not Found"):
        Fetcher(LOOPBACK).fetch(base + "/missing?signature=secret", str(tmp_path))
    with pytest.raises(FetchError, match=r"could not be fetched|broke off"):
        Fetcher(LOOPBACK).fetch(base + "/short", str(tmp_path))


def test_size_and_type_are_limited(tmp_path: Path, site: tuple[str, list[str]]) -> None:
    base, _ = site
    with pytest.raises(FetchError, match="more than the 100000 bytes"):
        Fetcher(LOOPBACK, max_bytes=100_000).fetch(base + "/endless", str(tmp_path))
    with pytest.raises(FetchError, match="more than the 3 bytes"):
        Fetcher(LOOPBACK, max_bytes=3).fetch(base + "/cat.png", str(tmp_path))
    with pytest.raises(FetchError, match="type image/png is not accepted, only audio/"):
        Fetcher(LOOPBACK, media_types=["audio/*"]).fetch(base + "/cat.png", str(tmp_path))
    assert Fetcher(LOOPBACK, media_types=["image/*"], max_bytes=4).fetch(base + "/cat.png", str(tmp_path))


def test_a_host_that_never_answers_costs_no_more_than_the_time_limit(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(FetchError, match=r"timed out|too long"):
            Fetcher(LOOPBACK, time_limit=0.2).fetch(url, str(tmp_path))


def test_a_port_where_nobody_listens_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached"):
        Fetcher(LOOPBACK).fetch(f"http://127.0.0.1:{port}/", str(tmp_path))


@pytest.mark.parametrize(
    ("uri", "content", "name", "content_type"),
    [
        ("data:image/png;base64,iVBORw0K", b"\x89PNG\r\n", "file.png", "image/png"),
        ("DATA:text/plain;charset=utf-8,a%20b", b"a b", "file.txt", "text/plain"),
        ("data:,hello", b"hello", "file.txt", "text/plain"),
        ("data:;base64,aGk", b"hi", "file.txt", "text/plain"),
        ("data:text/plain;base64,aGk=", b"hi", "file.txt", "text/plain"),
        ("data:text/plain;base64,aG%6B%3D", b"hi", "file.txt", "text/plain"),
        ("data:text/plain;base64,aG\r\n k=", b"hi", "file.txt", "text/plain"),
        ("data:application/octet-stream;base64,-_8=", b"\xfb\xff", "file.bin", "application/octet-stream"),
        ("data:audio/x-odd;name=my%20song.odd;base64,AA==", b"\x00", "my song.odd", "audio/x-odd"),
        ("data:text/csv;filename=../../a.csv,1", b"1", "a.csv", "text/csv"),
        ("data:text/plain,a,b", b"a,b", "file.txt", "text/plain"),
        ("data:Image/SVG+XML,<svg/>", b"<svg/>", "file.svg", "image/svg+xml"),
        ("data:image/png;base64,", b"", "file.png", "image/png"),
    ],
)
def test_a_data_uri_becomes_a_file(tmp_path: Path, uri: str, content: bytes, name: str, content_type: str) -> None:
    fetched = Fetcher().fetch(uri, str(tmp_path))
    assert (Path(fetched.path).read_bytes(), fetched.name, fetched.content_type) == (content, name, content_type)


@pytest.mark.parametrize("uri", ["data:text/plain", "data:;base64,a", "data:;base64,!!!!", "data:;base64,a=a="])
def test_a_broken_data_uri_is_refused(tmp_path: Path, uri: str) -> None:
    with pytest.raises(FetchError, match="data: URI"):
        Fetcher().fetch(uri, str(tmp_path))


def test_a_data_uri_is_limited_too(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="more than the 3 bytes"):
        Fetcher(max_bytes=3).fetch("data:,abcd", str(tmp_path))
    with pytest.raises(FetchError, match="type text/plain is not accepted"):
        Fetcher(media_types=["image/png"]).fetch("data:,abcd", str(tmp_path))


def test_https_goes_to_the_checked_address_with_the_name_of_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    made = [*command.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    asked: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    handler = type("Site", (_Site,), {"hits": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = server.server_address[1]
        try:
            with pytest.raises(FetchError, match=r"could not be fetched: .*certificate"):
                Fetcher(LOOPBACK).fetch(f"https://localhost:{port}/cat.png", str(tmp_path))
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            assert Fetcher(LOOPBACK).fetch(f"https://localhost:{port}/cat.png", str(tmp_path)).name == "cat.png"
            with pytest.raises(FetchError, match=r"could not be fetched: .*certificate"):
                Fetcher(LOOPBACK).fetch(f"https://127.0.0.1:{port}/cat.png", str(tmp_path))
        finally:
            server.shutdown()
            thread.join()
    assert asked[:2] == ["localhost", "localhost"]
