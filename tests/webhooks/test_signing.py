"""Signatures: the official client and the Standard Webhooks library accept them, and the guide's vectors are theirs."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import wriftai

from augury.domain import jsontext
from augury.webhooks.signing import headers

GUIDE = Path(__file__).parents[2] / "docs" / "webhooks.md"
KEY = bytes(range(24))
SECRETS = [
    "secret",
    "héllo ☃ 🙂",
    "whsec_" + base64.b64encode(KEY).decode(),
    "a" * 1024,
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
]
BODIES: dict[str, bytes] = {
    "empty": b"{}",
    "unicode": jsontext.dump_bytes({"output": '\u2028 \x85 \r é 🙂 \\ " </script>'}),
    "floats": jsontext.dump_bytes({"output": [0.1, 1e-300, 1e308, 3.0, -0.0, 12345678901234567890]}),
    "a megabyte": jsontext.dump_bytes({"output": "ü" * 500_000}),
}


def signed(secret: str | None, body: bytes, at: int | None = None) -> dict[str, str]:
    made = headers("0199.1", int(time.time()) if at is None else at, body, secret)
    return {name.decode(): value.decode() for name, value in made}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_official_client_accepts_it(secret: str, body: bytes) -> None:
    wriftai.verify_webhook(body, signed(secret, body)["wriftai-webhook-signature"], secret)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_standard_webhooks_library_accepts_it(secret: str, body: bytes) -> None:
    # The library takes the text behind whsec_ for base64, and bytes for the key itself.
    verifier = standardwebhooks.Webhook(secret if secret.startswith("whsec_") else secret.encode())

    assert verifier.verify(body, signed(secret, body)) == jsontext.loads(body)


def test_another_body_secret_or_time_is_not_accepted() -> None:
    body = BODIES["unicode"]
    made = signed("secret", body)
    official, standard = wriftai.verify_webhook, standardwebhooks.Webhook(b"secret")
    with pytest.raises(wriftai.WebhookSignatureMismatchError):
        official(body + b" ", made["wriftai-webhook-signature"], "secret")
    with pytest.raises(wriftai.WebhookSignatureMismatchError):
        official(body, made["wriftai-webhook-signature"], "Secret")
    with pytest.raises(wriftai.WebhookTimestampOutsideToleranceError):
        official(body, signed("secret", body, 1_700_000_000)["wriftai-webhook-signature"], "secret")
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standard.verify(body + b" ", made)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standard.verify(body, {**made, "webhook-id": "0199.2"})


def test_without_a_secret_there_is_an_id_and_a_time_and_nothing_else() -> None:
    assert signed(None, b"{}", 5) == {"webhook-id": "0199.1", "webhook-timestamp": "5"}


def block(name: str) -> str:
    """A block of code of the guide, by its first line."""
    found = re.search(rf"```\w+\n# {re.escape(name)}\n(.*?)```", GUIDE.read_text(), re.S)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_guides_python_tells_what_is_genuine(secret: str, body: bytes) -> None:
    guide: dict[str, Any] = {}
    exec(compile(block("verify.py"), "verify.py", "exec"), guide)
    made = signed(secret, body)
    for check in ("verify", "verify_standard"):
        assert guide[check](made, body, secret)
        assert not guide[check](made, body + b" ", secret)
        assert not guide[check](made, body, secret + "x" if check == "verify" else "other")
        assert not guide[check](signed(secret, body, 1_700_000_000), body, secret)
        assert not guide[check]({}, body, secret)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_guides_shell_tells_what_is_genuine(secret: str, tmp_path: Path) -> None:
    body = BODIES["unicode"]
    (tmp_path / "body").write_bytes(body)

    def run(signature: str) -> tuple[int, str]:
        environ = {"PATH": os.environ["PATH"], "SECRET": secret, "SIGNATURE": signature}
        done = subprocess.run(
            ["sh", "-c", block("verify.sh")], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.strip()

    genuine = signed(secret, body)["wriftai-webhook-signature"]
    assert run(genuine) == (0, "genuine")
    assert run(genuine[:-1] + ("0" if genuine[-1] != "0" else "1")) == (1, "forged")


def test_the_test_vectors_of_the_guide_are_true() -> None:
    text = GUIDE.read_text()
    vectors = re.findall(
        r"^\| `([^`]+)` \| `([^`]+)` \| `(\d+)` \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", text, re.M
    )

    assert len(vectors) >= 3
    for secret, id_, at, body, simple, standard in vectors:
        made = {name.decode(): value.decode() for name, value in headers(id_, int(at), body.encode(), secret)}
        assert made["wriftai-webhook-signature"] == simple
        assert made["webhook-signature"] == standard
