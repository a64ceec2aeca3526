"""The built app as browsers get it: its page, its files, what is nobody's business, and what there is without it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from augury.web.site import WebApp

pytestmark = pytest.mark.anyio

PAGE = "<!doctype html><title>built</title>"
SCRIPT = "console.log('built')"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """What a build leaves, with a secret beside it."""
    folder = tmp_path / "dist"
    (folder / "assets" / "deeper").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "notes.secret").write_text("secret")
    for name, content in {
        "index-1a.js": SCRIPT,
        "index-1a.js.br": "as brotli",
        "index-1a.js.gz": "as gzip",
        "index-2b.css": "a{}",
        "index-2b.css.gz": "css as gzip",
        "inter-3c.woff2": "font",
        "deeper/x.js": "secret",
        ".hidden.js": "secret",
        "strange.exe": "secret",
    }.items():
        (folder / "assets" / name).write_text(content)
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "secret.json").write_text("secret")
    return folder


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("behind")(scope, receive, send)


@pytest.fixture
async def http(dist: Path) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(WebApp(behind, dist))
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(transport=transport, base_url="http://augury.test", headers=headers) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/models/ada/echo", "/predictions/0199", "/sign-in", "/no/such/page", "/v1x"])
async def test_a_browser_gets_the_page_wherever_the_app_may_have_a_route(http: httpx.AsyncClient, path: str) -> None:
    page = await http.get(path, headers=HTML)
    assert (page.status_code, page.text) == (200, PAGE)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["vary"] == "Accept"
    assert {name: page.headers[name] for name in HEADERS} == HEADERS

    head = await http.head(path, headers=HTML)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == page.headers["etag"]


async def test_a_page_that_did_not_change_is_not_sent_again(http: httpx.AsyncClient, dist: Path) -> None:
    etag = (await http.get("/", headers=HTML)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        answer = await http.get("/models", headers={**HTML, "If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["content-security-policy"] == POLICY
    (dist / "index.html").write_text(PAGE + "anew")
    answer = await http.get("/models", headers={**HTML, "If-None-Match": etag})
    assert (answer.status_code, answer.text) == (200, PAGE + "anew")


@pytest.mark.parametrize("path", ["/", "/models/ada/echo", "/no/such"])
@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/event-stream", ""])
async def test_programs_get_what_is_behind(http: httpx.AsyncClient, path: str, accept: str) -> None:
    assert (await http.get(path, headers={"Accept": accept})).text == "behind"


@pytest.mark.parametrize(
    "path",
    [
        *("/v1", "/v1/models", "/v1/files/x/page.html", "/docs", "/docs/begin.js", "/openapi.json", "/metrics"),
        *(
            "/livez",
            "/readyz",
            "/replicate/v1/models",
            "/openai/v1/models",
            "/v1/favicon.svg",
            "/v1/assets/index-1a.js",
        ),
    ],
)
async def test_the_paths_of_the_api_are_the_apis_for_browsers_too(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path, headers=HTML)).text == "behind"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_the_app_is_only_read(http: httpx.AsyncClient, method: str) -> None:
    for path in ("/", "/assets/index-1a.js"):
        assert (await http.request(method, path, headers=HTML)).text == "behind"


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br, zstd", "br", "as brotli"),
        ("br;q=0.5, gzip;q=1.0", "br", "as brotli"),
        ("gzip", "gzip", "as gzip"),
        ("GZIP", "gzip", "as gzip"),
        ("br;q=0, gzip", "gzip", "as gzip"),
        ("br; q=0.0, gzip;q=0", None, SCRIPT),
        ("identity", None, SCRIPT),
        ("deflate", None, SCRIPT),
        ("", None, SCRIPT),
    ],
)
async def test_a_file_comes_as_compressed_as_the_browser_takes_it(
    http: httpx.AsyncClient, accepted: str, encoding: str | None, content: str
) -> None:
    request = http.build_request("GET", "/assets/index-1a.js", headers={"Accept-Encoding": accepted})
    answer = await http.send(request, stream=True)
    assert (answer.status_code, answer.headers.get("content-encoding")) == (200, encoding)
    assert b"".join([piece async for piece in answer.aiter_raw()]).decode() == content
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(content))


async def test_a_file_is_what_its_name_says(http: httpx.AsyncClient) -> None:
    for path, kind in {
        "/assets/index-2b.css": "text/css; charset=utf-8",
        "/assets/inter-3c.woff2": "font/woff2",
        "/favicon.svg": "image/svg+xml",
    }.items():
        answer = await http.get(path, headers=HTML)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["content-security-policy"] == POLICY
    # It has no hash in its name, so it may change.
    assert (await http.get("/favicon.svg")).headers["cache-control"] == "no-cache"
    head = await http.head("/assets/index-2b.css")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "3")


async def test_what_is_not_there_is_not_the_page(http: httpx.AsyncClient) -> None:
    for path in ("/assets/index-0.js", "/assets/", "/assets/no.html", "/assets/strange.exe", "/assets/deeper/x.js"):
        answer = await http.get(path, headers=HTML)
        assert (answer.status_code, answer.json()["code"]) == (404, "route_not_found"), path


@pytest.mark.parametrize(
    "path",
    [
        *("/assets/../secret.js", "/assets/../../secret.js", "/../secret.js", "/assets/..%2f..%2fsecret.js"),
        *("/assets/%2e%2e/%2e%2e/secret.json", "/..%2fsecret.json", "/assets/..\\..\\secret.js", "/%2e%2e%5csecret.js"),
        *("/assets//../secret.js", "//secret.js", "/assets/.hidden.js", "/notes.secret", "/assets/deeper%2fx.js"),
        *("/assets/index-1a.js%00.js", "/assets/deeper/../../../secret.js", "/etc/passwd", "/assets/%2fetc%2fpasswd"),
    ],
)
async def test_no_path_leads_out_of_the_app(http: httpx.AsyncClient, path: str) -> None:
    url = httpx.URL("http://augury.test").copy_with(raw_path=path.encode())
    for headers in (HTML, {"Accept": "*/*"}):
        answer = await http.get(url, headers=headers)
        assert "secret" not in answer.text.replace(path, "").replace("secret.js", "")
        assert answer.status_code == 404 or answer.text in (PAGE, "behind")


async def test_without_a_built_app_a_page_says_how_to_get_one(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(WebApp(behind, tmp_path / "nothing"))
    async with httpx.AsyncClient(transport=transport, base_url="http://augury.test") as client:
        page = await client.get("/", headers=HTML)
        assert (page.status_code, page.headers["cache-control"]) == (503, "no-store")
        assert {name: page.headers[name] for name in HEADERS} == HEADERS
        assert "make setup" in page.text
        assert 'href="/docs"' in page.text
        assert not re.search(r"<script|<style|style=|\bon\w+=", page.text)
        assert (await client.get("/assets/index.js", headers=HTML)).status_code == 404
        assert (await client.get("/")).text == "behind"
