"""One call that is many predictions: so many at once as its workers take, and one end for all of them.

    inputs -> a few at a time: created, waited for -> their predictions in the order of the inputs

The first that does not succeed, the call's limit of time, and a client that hangs up end the others, too. Knows no
provider.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import anyio
from starlette.types import Receive

from augury.compat import failures
from augury.compat.calls import Calls
from augury.domain.account import Caller
from augury.domain.errors import CallerError, InvalidRequest, TooManyRequests
from augury.domain.jsontext import JsonObject
from augury.domain.prediction import Prediction, Status
from augury.service.models import RunnableVersion
from augury.service.predictions import NewPrediction

MOST_AT_ONCE = 32

Placed = Callable[[InvalidRequest, int], InvalidRequest]
"""What is wrong with the input of this place, said of the call's own parameters."""


async def run_each(
    calls: Calls,
    caller: Caller,
    version: RunnableVersion,
    inputs: Sequence[JsonObject],
    receive: Receive,
    placed: Placed,
) -> list[Prediction]:
    """A prediction for each input, in their order; all have succeeded. Raises as Calls.run does for one of them."""
    if len(inputs) == 1:
        try:
            return [await calls.run(caller, reference(version), inputs[0], receive)]
        except InvalidRequest as error:
            raise placed(error, 0) from None
    batch = _Batch(calls, caller, reference(version), inputs, placed)
    async with calls.while_there(caller, batch.running, receive):
        await batch.run(_at_once(version))
    if batch.error is not None:
        for one in batch.running:
            await calls.drop(caller, one)
        raise batch.error
    return [batch.ended[place] for place in range(len(inputs))]


def reference(version: RunnableVersion) -> str:
    """The version's name, so that a newer one does not come in between."""
    return f"{version.ref.owner}/{version.ref.name}:{version.ref.version_number}"


def _at_once(version: RunnableVersion) -> int:
    """As many as run at once, and as many to come after them without a pause."""
    options = version.options
    return min(MOST_AT_ONCE, 2 * options.concurrency * options.workers_max, options.max_queue or MOST_AT_ONCE)


class _Batch:
    """The work of one call."""

    def __init__(self, calls: Calls, caller: Caller, model: str, inputs: Sequence[JsonObject], placed: Placed) -> None:
        self.running: list[Prediction] = []
        self.ended: dict[int, Prediction] = {}
        self.error: CallerError | None = None
        self._calls = calls
        self._caller = caller
        self._model = model
        self._inputs = inputs
        self._placed = placed
        self._places = deque(range(len(inputs)))
        self._workers = 0
        self._deadline = anyio.current_time() + calls.limits.compat_wait

    async def run(self, at_once: int) -> None:
        """Until all have ended, or one has failed: then `error` says why, and what is `running` is not wanted."""
        async with anyio.create_task_group() as tasks:

            async def work() -> None:
                self._workers += 1
                try:
                    while self._places:
                        await self._one(self._places.popleft())
                except _Full:
                    # Others of this call run and will go on with what is left.
                    pass
                except CallerError as error:
                    self.error = error
                    tasks.cancel_scope.cancel()
                finally:
                    self._workers -= 1

            for _ in range(min(at_once, len(self._inputs))):
                tasks.start_soon(work)

    async def _one(self, place: int) -> None:
        prediction = await self._created(place)
        # What is cancelled here stays in `running`: whoever cancels ends it.
        ended = await self._calls.predictions.wait(prediction, self._deadline - anyio.current_time())
        if not ended.finished:
            raise self._calls.unfinished(ended)
        self.running.remove(prediction)
        if ended.status is not Status.SUCCEEDED:
            raise failures.failed(ended)
        self.ended[place] = ended

    async def _created(self, place: int) -> Prediction:
        """A new one of those that are running."""
        request = NewPrediction(model=self._model, input=self._inputs[place], validate=True)
        try:
            # Once it is stored it has to be known here, whatever happens meanwhile.
            with anyio.CancelScope(shield=True):
                self.running.append(await self._calls.predictions.create(self._caller, request))
            return self.running[-1]
        except InvalidRequest as error:
            raise self._placed(error, place) from None
        except TooManyRequests as error:
            if self._workers > 1:
                self._places.appendleft(place)
                raise _Full from None
            if not self.ended:
                raise
            raise failures.ModelFailed(error.message, code=error.code, hint=error.hint) from None


class _Full(Exception):
    """No more may wait for a worker now."""
