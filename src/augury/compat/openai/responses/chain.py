"""Responses by their ids: which prediction one is, and what was said until then.

    resp_<prediction>    resp_<prediction>_i, whose conversation begins with instructions, which are not carried on

Nothing is stored beside the predictions. Knows nothing about how responses look.
"""

from __future__ import annotations

from augury.compat.calls import Calls
from augury.compat.failures import Unsupported
from augury.compat.texts import Turn, is_text, joined
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest, NotFound
from augury.domain.ids import is_uuid
from augury.domain.jsontext import JsonValue
from augury.domain.prediction import Prediction, Status

_PREFIX = "resp_"
_INSTRUCTED = "_i"
_PREVIOUS = "previous_response_id"


def response_id(prediction: Prediction, *, instructed: bool) -> str:
    """What a response is called."""
    return f"{_PREFIX}{prediction.id}{_INSTRUCTED if instructed else ''}"


def is_instructed(response: str) -> bool:
    """Whether the conversation of a response begins with instructions."""
    return response.endswith(_INSTRUCTED)


async def find(calls: Calls, caller: Caller, response: str) -> Prediction:
    """The caller's own prediction behind a response; raises NotFound."""
    bare = response.removeprefix(_PREFIX).removesuffix(_INSTRUCTED)
    if not response.startswith(_PREFIX) or not is_uuid(bare):
        raise missing(response)
    try:
        found = await calls.predictions.get(caller, bare)
    except (NotFound, InvalidRequest):
        raise missing(response) from None
    if found.account_id != caller.account_id or found.removed_at is not None:
        raise missing(response)
    return found


def missing(response: str) -> NotFound:
    """What is said of a response that there is not."""
    return NotFound(f"There is no response {response[:64]}, or it is not yours.", code="response_not_found")


async def before(calls: Calls, caller: Caller, response: str) -> list[Turn]:
    """What was said until a response and in it, but for its instructions.

    Raises InvalidRequest where there is no such response that has an answer, and Unsupported where its conversation
    cannot be told: a prompt is one text, in which what is whose is not certain.
    """
    try:
        found = await find(calls, caller, response)
    except NotFound as error:
        raise InvalidRequest.at("body", _PREVIOUS, msg=error.message, type="previous_response_not_found") from None
    if found.status is not Status.SUCCEEDED:
        msg = f"Response {response} has no answer: its prediction is {found.status.value}."
        raise InvalidRequest.at("body", _PREVIOUS, msg=msg, type="previous_response_not_completed")
    given = jsontext.loads(found.input or "null")
    messages = given.get("messages") if isinstance(given, dict) else None
    if not isinstance(messages, list) or not is_text(found.output):
        raise Unsupported(
            _PREVIOUS,
            f"The model of response {response} does not take messages, so what was said before is not known.",
            "Send the conversation as input.",
        )
    turns = [_turn(one) for one in messages]
    return [*turns[int(is_instructed(response)) :], Turn("assistant", joined(found.output))]


def _turn(message: JsonValue) -> Turn:
    one = message if isinstance(message, dict) else {}
    extra = {name: value for name, value in one.items() if name not in ("role", "content")}
    return Turn(str(one.get("role")), str(one.get("content")), extra)
