"""A page of another port of the same host, in a real browser that is signed in: it changes and reads nothing."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.support.browser import chromium
from tests.support.server import Server
from tests.web.conftest import user_of

WAYS = {
    "fetch": """() => fetch("{url}/v1/session/links", {{method: "POST", mode: "no-cors", credentials: "include"}})""",
    "fetch that asks first": """() => fetch("{url}/v1/session", {{
        method: "DELETE", credentials: "include"}}).catch(() => "refused")""",
    "signing in": """() => fetch("{url}/v1/session", {{method: "POST", mode: "no-cors", credentials: "include",
        body: JSON.stringify({{token: "{token}"}})}})""",
}
FORM = """() => {{
    const form = document.createElement("form");
    Object.assign(form, {{method: "post", action: "{url}/v1/session/links", enctype: "text/plain"}});
    document.body.append(form);
    form.submit();
}}"""
READING = (
    """() => fetch("{url}/v1/user", {{credentials: "include"}}).then((answer) => answer.text(), () => "refused")"""
)


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """An empty page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>evil</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


@contextmanager
def neighbour() -> Generator[str]:
    """A server on another port of the same host."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_page_of_another_port_uses_nobodys_session(server: Server, owner: httpx.Client) -> None:
    name = "neighbour"
    owner.post("/v1/users", json={"name": name}).raise_for_status()
    token = owner.post("/v1/tokens", json={"name": "t", "account": name}).raise_for_status().json()["token"]
    owner.patch("/v1/user", json={"bio": "as it was"}).raise_for_status()
    with neighbour() as evil, chromium() as browser:
        context = browser.new_context()
        own = context.new_page()
        own.goto(f"{server.url}/docs")
        signed_in = own.evaluate(
            """(token) => fetch("/v1/session", {method: "POST", body: JSON.stringify({token})})
                .then((answer) => answer.status)""",
            server.token,
        )
        assert signed_in == 200
        assert own.evaluate("() => fetch('/v1/session/links', {method: 'POST'}).then((a) => a.status)") == 201

        page = context.new_page()
        page.goto(evil)
        answers: list[int] = []
        page.on("response", lambda answer: answers.append(answer.status))
        for script in WAYS.values():
            page.evaluate(script.format(url=server.url, token=token))
        assert page.evaluate(READING.format(url=server.url)) == "refused"
        with page.expect_navigation():
            page.evaluate(FORM.format(url=server.url))
        assert "cross_site" in page.content()
        assert set(answers) <= {401, 403, 405}

        ((name, value),) = [(cookie.get("name", ""), cookie.get("value", "")) for cookie in context.cookies()]
        with httpx.Client(base_url=server.url, cookies={name: value}) as visitor:
            assert user_of(visitor) == "owner"
        context.close()
