"""The official client asks for webhooks, and its verifier accepts what arrives."""

from __future__ import annotations

import anyio.to_thread
import pytest
import wriftai

from tests.client.conftest import Use
from tests.support.receiver import receiving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("secret", ["päss", "whsec_c2VjcmV0", None])
async def test_a_webhook_of_the_client_is_told_of_every_change_and_verifies(
    use: Use, shout: str, secret: str | None
) -> None:
    with receiving() as receiver:
        webhook = {"url": receiver.url, "secret": secret}
        made = await use("predictions", "create", model=shout, input={"text": "é 🙂"}, webhook=webhook)
        got = await anyio.to_thread.run_sync(receiver.until_ended)

    assert "webhook" not in made
    assert {one.json["id"] for one in got} == {made["id"]}
    assert (got[0].status, got[-1].status) == ("pending", "succeeded")
    assert got[-1].json == dict(await use("predictions", "get", made["id"]))
    for one in got:
        signature = one.headers.get("wriftai-webhook-signature")
        assert (signature is None) == (secret is None)
        if signature is not None and secret is not None:
            wriftai.verify_webhook(one.body, signature, secret)
