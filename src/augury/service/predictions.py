"""What a caller can do with predictions: create, get, list, cancel, wait.

create: resolve the version -> check the input -> one transaction (the row, the idempotency key) -> hand over or wake.
Knows nothing about HTTP, and nothing about processes: a place in a worker is only an offer that it may take.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from augury.domain import errors, jsontext
from augury.domain.account import Caller
from augury.domain.delivery import Told, Webhook
from augury.domain.ids import IdSource, PredictionId, is_uuid
from augury.domain.jsontext import JsonObject, JsonText
from augury.domain.paging import Cursor, Page
from augury.domain.prediction import Assignment, Failure, Prediction, Status, external
from augury.service import browsing
from augury.service.browsing import Browse
from augury.service.files import Files, LocalFiles
from augury.service.gate import Gate
from augury.service.hints import Hints
from augury.service.models import Models, RunnableVersion
from augury.service.offers import Offers, Place
from augury.service.quotas import Bounds, Quotas
from augury.service.secret_inputs import Hidden, mask_problems
from augury.service.settled import Settled, Waiter
from augury.service.targets import Targets
from augury.service.vault import Vault, input_context, webhook_context
from augury.store import deliveries, idempotency, queue, sealed
from augury.store import predictions as rows
from augury.store.connection import Connection
from augury.store.database import Database

log = logging.getLogger(__name__)

EVERYTHING = Browse()
RECHECK_SECONDS = 15.0
"""How often a waiting request looks into the store by itself, should every hint be lost."""


@dataclass(frozen=True, slots=True)
class NewPrediction:
    """What a caller asks for. `cancel_after` is in seconds, for the prediction's whole life."""

    model: str
    input: JsonObject = field(repr=False)
    stream: bool = False
    validate: bool = False
    idempotency_key: str | None = None
    body_hash: str | None = None
    cancel_after: float | None = None
    webhook: WebhookTarget | None = None


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where a caller wants to be told of each change, and what the requests are signed with."""

    url: str
    secret: str | None = None
    form: str | None = None
    """Whose form the requests have, where it is not ours."""
    told: Told = None
    """Of which states alone; None: of each."""


@dataclass(frozen=True)
class Predictions:
    """The use cases of callers around predictions."""

    db: Database
    hints: Hints
    models: Models
    offers: Offers
    settled: Settled
    ids: IdSource
    gate: Gate
    now: Callable[[], int]
    vault: Vault
    quotas: Quotas = field(default_factory=Quotas)
    start_timeout: float | None = None
    """Seconds in the queue after which a prediction is abandoned, of versions that set no limit."""
    targets: Targets = field(default_factory=Targets)
    files: Files | None = None

    async def create(self, caller: Caller, request: NewPrediction, wait: float = 0.0) -> Prediction:
        """Store a prediction and return it: as it ended, if it does within `wait` seconds, else as it is then.

        Raises InvalidRequest for a bad model reference, an input that does not fit (with `validate`) or a reused
        idempotency key; NotFound and Forbidden as the model says; TooManyRequests `queue_full`.
        """
        deadline = asyncio.get_running_loop().time() + wait
        self.gate.check()
        version = self.models.cached(caller, request.model) or await self.models.resolve(caller, request.model)
        problems = version.schemas.input.problems(request.input, ("body", "input"))
        files: LocalFiles | None = None
        if version.files is not None and self.files is not None and not problems:
            problems, files = await self.files.look(version.files.find(request.input))
        hidden = None if version.secrets is None else version.secrets.hide(request.input)
        if hidden is not None:
            hidden.check()
            problems = mask_problems(problems, hidden)
        if problems and request.validate:
            raise errors.InvalidRequest(problems)
        failure = None
        if problems:
            failure = external("The input does not fit the model.", problems=[one.to_json() for one in problems])
        text = jsontext.dumps(request.input if hidden is None else hidden.shown)
        webhook = None
        if request.webhook is not None:
            found = await self.targets.webhook(request.webhook.url, request.webhook.secret)
            webhook = replace(found, form=request.webhook.form, told=request.webhook.told)
        prediction_id = PredictionId(self.ids.next())
        beside = self._sealed(prediction_id, webhook, hidden, runs=failure is None)
        # Taken last of all that may fail: a place that is neither used nor released would be lost.
        place = None if failure is not None else self.offers.take(version.version_id)
        prediction = self._new(prediction_id, caller, version, request, text, failure, place)
        if files:
            beside = replace(beside, files=files)
        # What has a place waits for nobody, and what has failed already waits for nothing.
        if place is None and failure is None and (bounds := self.quotas.bounds(version)) is not None:
            beside = replace(beside, bounds=bounds)
        if wait <= 0:
            return await self._store(caller, request, prediction, beside, place, held=False)
        with self.settled.expect(prediction.id) as waiter:
            stored = await self._store(caller, request, prediction, beside, place, held=True)
            if stored.finished:
                return stored
            if stored.id != prediction.id:
                return await self.wait(stored, wait)
            return await self._durable(await self._settle(stored, waiter, deadline))

    async def get(self, caller: Caller, prediction_id: str) -> Prediction:
        """The caller's prediction; raises InvalidRequest for what is no id and NotFound for what is not theirs."""
        return await self._durable(await self._find(caller, prediction_id))

    async def page(
        self, caller: Caller, *, cursor: str | None, page_size: int, browse: Browse = EVERYTHING
    ) -> Page[Prediction]:
        """Predictions, newest first: the caller's, or as an admin asks for it everybody's.

        A cursor says it all. Raises InvalidRequest, and Forbidden `admins_only`.
        """
        place = Cursor.parse(cursor) if cursor else browsing.begin(browse)
        wanted = browsing.narrowed(place, caller)
        found = await self.db.read(lambda c: browsing.find(c, wanted, place, page_size + 1))
        if any(not one.finished for one in found):
            await self._flush()
        return place.page(found, page_size, lambda one: one.id)

    async def cancel(self, caller: Caller, prediction_id: str) -> None:
        """End a queued prediction now and ask for the end of a running one; asking again changes nothing.

        Raises Conflict `prediction_finished` for one that has ended.
        """
        wanted = (await self._find(caller, prediction_id)).id
        now = self.now()
        ended, current = await self.db.write(lambda c: _cancel(c, wanted, now))
        if ended is not None:
            self.settled.settle(ended)
            self.hints.ended(wanted)
            self.hints.cancel(wanted)
            return
        if current is None:
            raise _not_found(prediction_id)
        if current.finished:
            raise errors.Conflict(
                f"Prediction {wanted} has already ended: it {_PAST[current.status]}.",
                code="prediction_finished",
                hint="Only a prediction that is queued or running can be cancelled.",
            )
        self.hints.cancel(wanted)

    async def wait(self, prediction: Prediction, seconds: float) -> Prediction:
        """The prediction as it ended, or as it is when the time is over."""
        if prediction.finished or seconds <= 0:
            return prediction
        deadline = asyncio.get_running_loop().time() + seconds
        with self.settled.expect(prediction.id) as waiter:
            current = await self._read(prediction)
            if current.finished:
                return current
            return await self._settle(current, waiter, deadline)

    def release_holds(self) -> None:
        """Let every waiting request answer now: the server is about to stop."""
        self.settled.nudge_all()

    def _new(
        self,
        prediction_id: PredictionId,
        caller: Caller,
        version: RunnableVersion,
        request: NewPrediction,
        text: JsonText,
        failure: Failure | None,
        place: Place | None,
    ) -> Prediction:
        """The row to be stored: already assigned where a worker has room."""
        now = self.now()
        prediction = Prediction(
            id=prediction_id,
            account_id=caller.account_id,
            version_id=version.version_id,
            model=version.ref,
            status=Status.PENDING,
            created_at=now,
            updated_at=now,
            input=text,
            stream=request.stream,
            worker_id=None if place is None else place.worker_id,
            attempt=0 if place is None else 1,
            webhook=request.webhook is not None,
        )
        if failure is not None:
            error = jsontext.dumps(failure.to_json())
            return replace(prediction, status=Status.FAILED, finished_at=now, error=error)
        start_timeout = version.options.start_timeout or self.start_timeout
        if start_timeout is None and request.cancel_after is None:
            return prediction
        return replace(
            prediction,
            start_deadline=None if start_timeout is None else now + int(start_timeout * 1_000_000),
            deadline=None if request.cancel_after is None else now + int(request.cancel_after * 1_000_000),
        )

    def _sealed(
        self, prediction_id: PredictionId, webhook: Webhook | None, hidden: Hidden | None, *, runs: bool
    ) -> _Beside:
        """What is stored beside the row, the secrets in it sealed."""
        if webhook is not None and webhook.secret is not None:
            secret = self.vault.seal(webhook.secret, webhook_context(prediction_id))
            webhook = replace(webhook, secret=secret)
        if hidden is None or not hidden.taken:
            return _NOTHING if webhook is None else _Beside(webhook)
        if not runs:
            # Nobody needs them.
            return _Beside(webhook, None, hidden.values)
        taken = jsontext.dumps([[list(path), value] for path, value in hidden.taken])
        return _Beside(webhook, self.vault.seal(taken, input_context(prediction_id)), hidden.values)

    async def _store(
        self,
        caller: Caller,
        request: NewPrediction,
        prediction: Prediction,
        beside: _Beside,
        place: Place | None,
        *,
        held: bool,
    ) -> Prediction:
        """Commit the row and pass it on."""
        key = request.idempotency_key
        future: asyncio.Future[Prediction | errors.TooManyRequests]
        if key is None:
            # Whoever waits is told nothing before the end is durable, or `flush` is, and either covers this.
            durable = not held or prediction.finished or beside.webhook is not None
            future = self.db.write_soon(
                lambda c: _insert(c, prediction, beside), alone=self.settled.alone, durable=durable
            )
        else:
            body_hash = request.body_hash or ""
            if beside.values or beside.webhook is not None:
                # Of the plain hash of a body a short secret could be found by trying.
                body_hash = self.vault.fingerprint(body_hash)
            future = self.db.write_soon(lambda c: _insert_once(c, caller.token_id, key, body_hash, prediction, beside))
        # Passed on when the commit is known, not when this request goes on: it may be gone by then.
        assignment = partial(Assignment, input=request.input, secrets=beside.values, files=beside.files)
        future.add_done_callback(partial(self._pass_on, place, prediction.id, assignment))
        try:
            stored = await asyncio.shield(future)
        except errors.Vanished:
            self.models.forget()
            raise
        if isinstance(stored, errors.TooManyRequests):
            raise stored
        return stored

    def _pass_on(
        self,
        place: Place | None,
        made: PredictionId,
        assignment: Callable[[Prediction], Assignment],
        future: asyncio.Future[Prediction | errors.TooManyRequests],
    ) -> None:
        stored = None if future.cancelled() or future.exception() is not None else future.result()
        if not isinstance(stored, Prediction):
            if place is not None:
                place.release()
            return
        if stored.deadline is not None or stored.start_deadline is not None:
            self.hints.deadline()
        if place is None:
            if not stored.finished:
                self.hints.queued(stored.version_id)
        elif stored.id == made:
            place.accept(assignment(stored))
        else:
            place.release()

    async def _settle(self, prediction: Prediction, waiter: Waiter, deadline: float) -> Prediction:
        """Wait on the hint, and look by ourselves now and then, until the end or the deadline (of the loop's clock)."""
        loop = asyncio.get_running_loop()
        while (left := deadline - loop.time()) > 0:
            done, _ = await asyncio.wait((waiter,), timeout=min(left, RECHECK_SECONDS))
            if done and (ended := waiter.result()) is not None:
                return ended
            current = await self._read(prediction)
            if current.finished or done:
                return current
        return await self._read(prediction)

    async def _durable(self, prediction: Prediction) -> Prediction:
        """The prediction, once what is said of it survives a power cut; a durable end has made it so already."""
        if not prediction.finished:
            await self._flush()
        return prediction

    async def _flush(self) -> None:
        try:
            await self.db.flush()
        except OSError:
            # It is stored, and an error now would make the client create it again (D4).
            log.exception("flush failed")

    async def _find(self, caller: Caller, prediction_id: str) -> Prediction:
        wanted = _parse_id(prediction_id)
        found = await self.db.read(lambda c: rows.get(c, wanted))
        if found is None or not may_see(caller, found):
            raise _not_found(prediction_id)
        return found

    async def _read(self, prediction: Prediction) -> Prediction:
        try:
            found = await self.db.read(lambda c: rows.get(c, prediction.id))
        except Exception:
            # It is stored, so an error now would make its caller create it again (D4): answer with what is known.
            log.exception("prediction not read again", extra={"prediction": prediction.id})
            return prediction
        return found or prediction


_PAST = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELLED: "was cancelled",
    Status.ABANDONED: "was abandoned",
}


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is stored with a prediction, in rows of their own: sealed, but for the values of the secrets themselves."""

    webhook: Webhook | None = None
    input_secrets: str | None = None
    values: tuple[str, ...] = field(default=(), repr=False)
    """What must not be seen in anything that is said of it."""
    files: LocalFiles = field(default_factory=dict[str, list[str]], repr=False)
    """What its input names that is kept on this machine; not stored."""
    bounds: Bounds | None = None
    """How many may wait where it is to wait; not stored."""


_NOTHING = _Beside()


def _insert(c: Connection, prediction: Prediction, beside: _Beside) -> Prediction | errors.TooManyRequests:
    """The row; or, with nothing done, why there is none: raised, it would make all writes beside it be done again."""
    if beside.bounds is not None and (refusal := beside.bounds.refusal(c, prediction)) is not None:
        return refusal
    rows.insert(c, prediction)
    if beside.input_secrets is not None:
        sealed.keep(c, prediction.id, beside.input_secrets)
    if beside.webhook is not None:
        deliveries.subscribe(c, prediction.id, beside.webhook)
    return prediction


def _insert_once(
    c: Connection, token_id: str, key: str, body_hash: str, prediction: Prediction, beside: _Beside
) -> Prediction:
    earlier = idempotency.remember(c, token_id, key, body_hash, "prediction", prediction.id, prediction.created_at)
    if earlier is None:
        stored = _insert(c, prediction, beside)
        if isinstance(stored, errors.TooManyRequests):
            # The key has to be free again.
            raise stored
        return stored
    if earlier.body_hash != body_hash or earlier.kind != "prediction":
        raise errors.InvalidRequest.at(
            "header",
            "Idempotency-Key",
            msg="This key was used for another request; use a new key for a new request.",
            type="idempotency_key_reused",
            input=key,
        )
    stored = rows.get(c, PredictionId(earlier.resource))
    if stored is None:
        raise errors.Gone("The prediction that this key made was removed.", code="prediction_removed")
    return stored


def _cancel(c: Connection, prediction_id: PredictionId, now: int) -> tuple[Prediction | None, Prediction | None]:
    """The prediction if this ended it, and otherwise as it is: running ones are marked."""
    # Marked before anything else, which holds the row: whoever hands it back just now finds the mark, or is found.
    queue.request_cancel(c, prediction_id, now)
    ended = queue.end_queued(c, prediction_id, Status.CANCELLED, now, None)
    if ended is not None:
        return ended, ended
    return None, rows.get(c, prediction_id)


def _parse_id(text: str) -> PredictionId:
    if not is_uuid(text):
        raise errors.InvalidRequest.at(
            "path", "prediction_id", msg="A prediction id is a UUID.", type="uuid_parsing", input=text
        )
    return PredictionId(text.lower())


def may_see(caller: Caller, prediction: Prediction) -> bool:
    """Whether the prediction is the caller's to see."""
    return caller.admin or caller.account_id == prediction.account_id


def _not_found(prediction_id: str) -> errors.NotFound:
    return errors.NotFound(
        f"There is no prediction {prediction_id}, or it is not yours.",
        code="prediction_not_found",
        hint="List yours with GET /v1/predictions.",
    )
