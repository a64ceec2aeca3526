"""What can go wrong in a call by another provider's client beyond what our own API knows.

Each is an error that the client's caller can meet; its status is here, its look is the provider's. Knows no provider.
"""

from __future__ import annotations

from collections.abc import Mapping

from augury.domain import jsontext
from augury.domain.errors import CallerError, InvalidRequest
from augury.domain.prediction import Prediction, Status
from augury.http import problems


class NotCompatible(CallerError):
    """The model does not offer this endpoint (D71)."""


class Unsupported(CallerError):
    """A parameter that the endpoint knows and this model cannot honour; `param` names it."""

    def __init__(self, param: str, message: str, hint: str | None = None) -> None:
        super().__init__(message, code="unsupported_parameter", hint=hint)
        self.param = param


class MethodNotAllowed(CallerError):
    """The path is there, with another method."""


class Stored(CallerError):
    """What goes wrong once a prediction is stored; `prediction` is its id, where it is one."""

    def __init__(self, message: str, *, code: str, hint: str | None = None, prediction: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)
        self.prediction = prediction


class ModelFailed(Stored):
    """The prediction did not succeed. No 5xx: it is stored, and the clients would send it again (D4)."""


class TimedOut(Stored):
    """The call ended before its prediction did, after the longest time or because the server stops."""


STATUS: Mapping[type[CallerError], int] = {
    NotCompatible: 400,
    Unsupported: 400,
    MethodNotAllowed: 405,
    ModelFailed: 422,
    TimedOut: 408,
}
ONCE = {"x-should-retry": "false"}
"""What keeps generated clients from sending a request again by themselves."""
_AGAIN = frozenset((429, 503))
"""The statuses with which a request was not done at all, so that sending it again is no second one."""


def status(error: CallerError) -> int:
    """The status of an error: that of our own API, where it is none of these."""
    known = STATUS.get(type(error))
    return problems.status(error) if known is None else known


def plain_status(error: CallerError) -> int:
    """The same, of shapes in which whatever does not fit is a bad request."""
    return 400 if isinstance(error, InvalidRequest) else status(error)


def headers(error: CallerError) -> dict[str, str]:
    """What an answer says of the error in its headers, whatever its shape."""
    found = problems.headers(error)
    if isinstance(error, Stored) and error.prediction is not None:
        found["Augury-Prediction"] = error.prediction
    return found


def headers_once(error: CallerError) -> dict[str, str]:
    """The same, and whether generated clients may send the request again."""
    return headers(error) if plain_status(error) in _AGAIN else {**headers(error), **ONCE}


def sentences(error: CallerError) -> str:
    """What happened and what to do, of shapes that have one text for both; what a model says may end in anything."""
    if error.hint is None:
        return error.message
    end = "" if error.message.endswith((".", "!", "?")) else "."
    return f"{error.message}{end} {error.hint}"


def timed_out(prediction: Prediction, limit: float) -> TimedOut:
    """Why there is no answer after so many seconds."""
    return TimedOut(
        f"Prediction {prediction.id} took longer than {limit:g} s and was cancelled.",
        code="timeout",
        hint="Whoever runs this server can raise the limit: the setting is compat_wait.",
        prediction=prediction.id,
    )


def stopping(prediction: Prediction) -> TimedOut:
    """Why there is no answer when the server is about to stop: no 5xx, for it is stored (D4)."""
    said = f"The server stops before prediction {prediction.id} has ended."
    return TimedOut(said, code="stopping", prediction=prediction.id)


def failed(prediction: Prediction) -> CallerError:
    """Why a prediction that has ended gives no answer."""
    if prediction.status is Status.CANCELLED:
        said = f"Prediction {prediction.id} was cancelled."
        return ModelFailed(said, code="prediction_cancelled", prediction=prediction.id)
    error = jsontext.loads(prediction.error or "null")
    message = error.get("message") if isinstance(error, dict) else None
    return ModelFailed(
        str(message or f"Prediction {prediction.id} failed."),
        code=f"prediction_{prediction.status.value}",
        hint=f"Its log says more: GET /v1/predictions/{prediction.id}/logs",
        prediction=prediction.id,
    )
