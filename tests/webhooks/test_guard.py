"""What may be called: the address that was checked is the one that is connected to, and no other (case 61)."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import anyio
import httpcore
import pytest

from augury.domain.errors import InvalidRequest
from augury.sdk.addresses import Allowed
from augury.service.targets import Refused, Resolver, Targets
from augury.webhooks.guard import GuardedBackend
from tests.support.receiver import receiving

pytestmark = pytest.mark.anyio

LOOPBACK = Allowed(["127.0.0.0/8", "::1/128"])
METADATA = "169.254.169.254"


class Answers:
    """A name server that says something else each time."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        found = self.answers.pop(0)
        if not found:
            raise OSError("Name or service not known")
        return found


async def problem(targets: Targets, url: str, secret: str | None = None) -> str:
    with pytest.raises(InvalidRequest) as caught:
        await targets.webhook(url, secret)
    (one,) = caught.value.problems
    assert one.loc[:2] == ("body", "webhook")
    return one.type


async def post(targets: Targets, url: str) -> int:
    async with httpcore.AsyncConnectionPool(network_backend=GuardedBackend(targets)) as pool:
        return (await pool.request("POST", url, content=b"{}")).status


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/",
        "http://017700000001/", "http://0177.0.0.1/", "http://0/", "http://0.0.0.0:8080/", "http://[::1]/", "http://[::]/",
        "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
        "http://10.0.0.1/", "http://172.16.3.4/", "http://192.168.1.1/", "http://100.64.0.1/", "http://169.254.1.1/",
        f"http://{METADATA}/latest/meta-data/", f"http://[::ffff:{METADATA}]/", "http://2852039166/",
        "http://[fd00:ec2::254]/", "http://[fe80::1]/", "http://[fc00::1]/", "http://224.0.0.1/", "http://[ff02::1]/",
        "http://240.0.0.1/", "http://255.255.255.255/", "http://192.0.2.1/", "http://localhost/", "http://LOCALHOST/",
        "http://localhost./", "http://any.localhost/", "https://any.LocalHost.:8443/x",
    ],
)  # fmt: skip
async def test_what_must_not_be_called_is_refused_before_anything_is_stored(url: str) -> None:
    assert await problem(Targets(resolve=Answers()), url) == "webhook_address"


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:1",
        "http://", "http:///x", "http://?x", "http://:80/", "http://example.com:0/", "http://example.com:65536/",
        "http://example.com:x/", "http://example.com:/", "http://user@example.com/", "http://user:pass@example.com/",
        "http://@example.com/", "http://example.com\\@127.0.0.1/", "http://example.com/#x", "http://example.com/ x",
        "http://exa mple.com/", "http://example.com/\r\nX: y", "http://example.com/\0", "http://exämple.com/",
        "http://example.com/é", "http://[::1", "http://[fe80::1%25eth0]/", "http://ex%61mple.com/", "http://a..b/",
        "http://-/" + "x" * 2048, "http://" + "a" * 254 + "/", "http://example.com,127.0.0.1/", "http://\u2100.com/",
    ],
)  # fmt: skip
async def test_what_is_no_url_for_a_webhook_is_refused(url: str) -> None:
    assert await problem(Targets(resolve=Answers()), url) == "webhook_url"


@pytest.mark.parametrize(
    "secret", ["", "a" * 1025, "a\nb", "a\0", "\x7f", "\x85", "whsec_", "whsec_é", "whsec_abc", "whsec_a b c="]
)
async def test_a_secret_that_cannot_be_used_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await Targets(resolve=Answers()).webhook("https://example.com/", secret)
    (one,) = caught.value.problems
    assert (one.loc, one.type, one.input) == (("body", "webhook", "secret"), "webhook_secret", None)


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("http://example.com", "http://example.com:80"),
        ("HTTPS://Example.COM./a?b=c&d", "https://example.com:443"),
        ("https://example.com:8443/x;y", "https://example.com:8443"),
        ("http://93.184.216.34/", "http://93.184.216.34:80"),
        ("http://[2606:4700::1111]:81/", "http://[2606:4700::1111]:81"),
        ("http://under_score.example.com/%20", "http://under_score.example.com:80"),
    ],
)
async def test_a_public_url_is_taken_as_it_is_and_its_receiver_known(url: str, receiver: str) -> None:
    webhook = await Targets(resolve=Answers(["93.184.216.34"])).webhook(url, "secret")

    assert (webhook.url, webhook.secret, webhook.receiver) == (url, "secret", receiver)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], [METADATA], ["10.0.0.1", "::1"], ["fe80::1%eth0"], ["::ffff:10.0.0.1"]]
)
async def test_a_name_that_leads_where_nothing_may_be_called_is_refused(addresses: list[str]) -> None:
    assert await problem(Targets(resolve=Answers(addresses)), "http://example.com/") == "webhook_address"


async def test_a_name_that_cannot_be_looked_up_now_is_taken() -> None:
    assert await Targets(resolve=Answers([])).webhook("http://not-yet.example/", None)


async def test_a_name_server_that_hangs_holds_nothing_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augury.service.targets.LOOK_UP_SECONDS", 0.05)

    async def hang(host: str, port: int) -> Sequence[str]:
        await anyio.sleep_forever()
        return ()

    with anyio.fail_after(5):
        assert await Targets(resolve=hang).webhook("http://example.com/", None)


async def test_the_usual_resolver_knows_this_machine_and_has_no_address_for_what_is_no_name() -> None:
    assert set(await Resolver()("localhost", 80)) <= {"127.0.0.1", "::1"}
    for name in ("a" * 70 + ".example", "nothing.invalid"):
        with pytest.raises(OSError, match=r".+"):
            await Resolver()(name, 80)


async def test_allowed_networks_may_be_called() -> None:
    with receiving() as receiver:
        targets = Targets(LOOPBACK)
        assert (await targets.webhook(receiver.url, None)).receiver == f"http://127.0.0.1:{receiver.port}"
        assert await post(targets, receiver.url) == 200
        assert await post(targets, f"http://localhost:{receiver.port}/") == 200


async def test_a_name_that_leads_elsewhere_after_it_was_checked_is_not_followed_there() -> None:
    with receiving() as receiver:
        answers = Answers(["93.184.216.34"], ["127.0.0.1"])
        targets = Targets(resolve=answers)
        await targets.webhook(f"http://rebinding.example:{receiver.port}/", None)

        with pytest.raises(httpcore.ConnectError, match="does not call"):
            await post(targets, f"http://rebinding.example:{receiver.port}/")

        assert answers.asked == ["rebinding.example"] * 2
        assert receiver.got.empty()


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    with receiving() as receiver:
        # Asked once: whatever the name leads to a moment later does not matter.
        answers = Answers(["127.0.0.1"])

        assert await post(Targets(LOOPBACK, answers), f"http://example.test:{receiver.port}/") == 200

        assert receiver.next().headers["host"] == f"example.test:{receiver.port}"
        assert answers.asked == ["example.test"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0", "[64:ff9b::7f00:1]"]
)
async def test_no_form_of_a_forbidden_address_is_connected_to(host: str) -> None:
    with receiving() as receiver:
        with pytest.raises(httpcore.ConnectError):
            await post(Targets(), f"http://{host}:{receiver.port}/")
        assert receiver.got.empty()


async def test_of_several_addresses_only_those_that_may_be_called_are() -> None:
    targets = Targets(Allowed(["127.0.0.2/32"]), Answers(["127.0.0.1", "10.0.0.1", "127.0.0.2"]))

    assert [str(one) for one in await targets.addresses("example.test", 80)] == ["127.0.0.2"]


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    with receiving() as receiver:
        targets = Targets(LOOPBACK, Answers(["127.0.0.9", "127.0.0.1"]))

        assert await post(targets, f"http://example.test:{receiver.port}/") == 200


async def test_a_socket_of_this_machine_is_never_called() -> None:
    with pytest.raises(httpcore.ConnectError):
        await GuardedBackend(Targets(LOOPBACK)).connect_unix_socket("/run/docker.sock")


async def test_nothing_that_may_be_called_is_an_error_of_its_own() -> None:
    with pytest.raises(Refused):
        await Targets().addresses(METADATA, 80)


async def test_tls_asks_for_the_name_and_verifies_it(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path, "example.test")
    with _tls_server(certificate, key) as (port, names):
        trusting = ssl.create_default_context(cafile=str(certificate))
        for name, works in (("example.test", True), ("other.test", False)):
            backend = GuardedBackend(Targets(LOOPBACK, Answers(["127.0.0.1"])))
            async with httpcore.AsyncConnectionPool(ssl_context=trusting, network_backend=backend) as pool:
                url = f"https://{name}:{port}/"
                if works:
                    assert (await pool.request("GET", url)).status == 204
                else:
                    with pytest.raises(httpcore.ConnectError, match="certificate"):
                        await pool.request("GET", url)
        assert names == ["example.test", "other.test"]


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key)]
    subprocess.run([*command, "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


class _tls_server:
    """Answers 204 to each connection, and keeps the names that it was asked for."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.names: list[str | None] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self) -> tuple[int, list[str | None]]:
        self.thread.start()
        return self.listening.getsockname()[1], self.names

    def __exit__(self, *_: object) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self.listening.accept()
            except OSError:
                return
            with closing(plain):
                try:
                    with self.context.wrap_socket(plain, server_side=True) as secure:
                        secure.recv(65536)
                        secure.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                except (ssl.SSLError, OSError):
                    continue
