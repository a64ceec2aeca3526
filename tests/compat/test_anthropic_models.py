"""The list of models as Anthropic's client reads it: in pages, both ways, and only what its caller may see."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import anthropic
import pytest
from anthropic.types import ModelInfo

from tests.compat.openai_scene import Scene, scene

REPLY = "def predict(prompt: str) -> str:\n    return prompt\n"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("listed"), "add") as made:
        for number in range(5):
            made.owner.publish(f"reply{number}", REPLY)
        made.owner.http.patch("/models/owner/reply3", json={"visibility": "public"}).raise_for_status()
        yield made


def client(there: Scene, token: str | None = None) -> Any:
    """The official client."""
    return anthropic.Anthropic(base_url=there.server.url, api_key=token or there.server.token, max_retries=0)


def test_the_list_is_read_in_pages_both_ways(there: Scene) -> None:
    with client(there) as asking:
        every = [f"owner/reply{number}" for number in range(5)]
        assert [one.id for one in asking.models.list(limit=2)] == every
        before = asking.models.list(limit=2, before_id=every[3])
        assert [one.id for one in before.data] == every[1:3]
        assert before.has_more
        assert [one.id for one in asking.models.list(limit=2, before_id=every[1]).data] == every[:1]
        for one in asking.models.list():
            ModelInfo.model_validate_json(one.model_dump_json(exclude_unset=True), strict=True)
        assert asking.models.retrieve("owner/reply0:1").id == "owner/reply0:1"


def test_a_stranger_sees_what_is_public(there: Scene) -> None:
    with client(there, there.stranger("read")) as asking:
        assert [one.id for one in asking.models.list()] == ["owner/reply3"]
        with pytest.raises(anthropic.NotFoundError):
            asking.models.retrieve("owner/reply0")


def test_what_does_not_fit_is_refused(there: Scene) -> None:
    with client(there) as asking:
        for wrong in ({"limit": 0}, {"limit": 1001}, {"after_id": "owner/add"}, {"before_id": "x"}):
            with pytest.raises(anthropic.BadRequestError, match=next(iter(wrong))):
                asking.models.list(**wrong)
        for missing in ("owner/add", "owner/nothing", "owner/reply0:9", "gpt"):
            with pytest.raises(anthropic.NotFoundError):
                asking.models.retrieve(missing)
    with client(there, "aug_" + "A" * 43) as nobody, pytest.raises(anthropic.AuthenticationError):
        nobody.models.list()
