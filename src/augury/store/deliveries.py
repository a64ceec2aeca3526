"""What has to be sent to webhooks: noted with each change of a prediction, claimed by a sender, recorded.

note -> claim (the oldest of each prediction; what gives way to something newer is left out) -> load -> record.
Whoever claims locks the prediction's webhook, so that two never work on one prediction. Knows no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy import insert as sql_insert

from augury.domain.delivery import PATIENCE, Attempt, Claimed, Delivery, Message, Record, State, Webhook, gives_way
from augury.domain.ids import PredictionId
from augury.domain.prediction import TERMINAL, Prediction, Status
from augury.store.connection import Connection, Query, Row, storable
from augury.store.predictions import COLUMNS as PREDICTION
from augury.store.predictions import joined, rows_to_predictions
from augury.store.tables import deliveries, delivery_attempts, predictions, webhooks

_LOOK = 64
"""Rows that one look for something to send reads, at most."""
_LOOKS = 8
"""Looks in one transaction."""


def subscribe(c: Connection, prediction_id: PredictionId, webhook: Webhook) -> None:
    """Tell this webhook of the prediction as it was just stored, and of each change from now on."""
    c.change(
        _SUBSCRIBE,
        prediction_id=prediction_id,
        url=webhook.url,
        secret=webhook.secret,
        receiver=webhook.receiver,
        form=webhook.form,
        told=None if webhook.told is None else f",{','.join(sorted(webhook.told))},",
    )
    note(c, prediction_id)


def note(c: Connection, prediction_id: PredictionId) -> None:
    """The status of a prediction has changed: note that its webhook, if it has one, is to be told.

    Without effect where what was noted last is the same status.
    """
    for row in c.run(_NOTE, wanted=prediction_id):
        c.news.append(row[0])


def note_each(c: Connection, prediction_ids: Iterable[PredictionId]) -> None:
    """As `note`, for several."""
    for prediction_id in prediction_ids:
        note(c, prediction_id)


def claim(c: Connection, receiver: str, now: int, *, until: int, limit: int) -> tuple[list[Claimed], bool]:
    """Up to `limit` deliveries that may be sent to this receiver now, at most one of each prediction, oldest first.

    They are the caller's until `until`. What is left out because something newer is to be sent ends as superseded; True
    where that was so much that others have their turn first, and it is worth while to ask again at once.
    """
    claimed: list[Claimed] = []
    taken: set[str] = set()
    for _ in range(_LOOKS):
        found = c.run(_CANDIDATES, receiver=receiver, now=now, stale=now - PATIENCE, limit=min(_LOOK, 3 * limit + 8))
        superseded = 0
        for id_, prediction_id, number, attempts, changed_at, newer in found:
            if prediction_id in taken:
                continue
            if newer and gives_way(attempts=attempts, changed_at=changed_at, now=now):
                superseded += c.change(_SUPERSEDE, wanted=id_, now=now)
            elif len(claimed) < limit and c.change(_CLAIM, wanted=id_, now=now, stale=now - PATIENCE, until=until):
                taken.add(prediction_id)
                claimed.append(Claimed(id_, attempts, until))
                c.change(_SUPERSEDE_OLDER, prediction_id=prediction_id, number=number, now=now)
        if len(claimed) >= limit or not superseded:
            return claimed, False
    return claimed, True


def next_due(c: Connection, receiver: str, now: int) -> int | None:
    """When something for this receiver is due next: it may be now, for what waits for another; None if nothing is."""
    return c.run(_NEXT_DUE, receiver=receiver, now=now)[0][0]


def receivers(c: Connection, now: int) -> list[str]:
    """Every receiver that has something to be told of now."""
    return [row[0] for row in c.run(_RECEIVERS, now=now)]


def load(c: Connection, delivery_id: str) -> Message | None:
    """What to send; None if it was removed."""
    rows = c.run(_LOAD, id=delivery_id)
    if not rows:
        return None
    row = rows[0]
    split = len(PREDICTION) + 3
    (prediction,) = rows_to_predictions([row[:split]])
    delivery = _delivery(row[split : split + len(_COLUMNS)])
    return Message(delivery, Webhook(*row[split + len(_COLUMNS) :]), as_it_was(prediction, delivery))


def as_it_was(prediction: Prediction, delivery: Delivery) -> Prediction:
    """The prediction as it was when the delivery was noted."""
    ended = delivery.status in TERMINAL
    return replace(
        prediction,
        status=delivery.status,
        updated_at=delivery.changed_at,
        setup_time=delivery.setup_time,
        execution_time=delivery.execution_time,
        output=prediction.output if ended else None,
        error=prediction.error if ended else None,
        metrics=prediction.metrics if ended else None,
    )


def record(c: Connection, what: Record) -> None:
    """Keep an attempt and what it made of its delivery, which stays as it is if it is no longer the caller's.

    One that was asked for again meanwhile is due at once, whatever came of this attempt.
    """
    claimed, attempt = what.claimed, what.attempt
    c.change(
        _ATTEMPT,
        wanted=claimed.id,
        started_at=attempt.started_at,
        duration=attempt.duration,
        status_code=attempt.status_code,
        error=None if attempt.error is None else storable(attempt.error),
        response=None if attempt.response is None else storable(attempt.response),
    )
    c.change(
        _RECORD,
        wanted=claimed.id,
        lease=claimed.lease,
        state=what.state.value,
        attempts=claimed.attempts + 1,
        due_at=what.due_at,
        ended_at=None if what.due_at is not None else attempt.started_at + attempt.duration,
        now=attempt.started_at + attempt.duration,
    )


def give_back(c: Connection, claimed: Claimed, now: int) -> None:
    """Let somebody else send it: this attempt did not take place."""
    c.change(_GIVE_BACK, wanted=claimed.id, lease=claimed.lease, now=now)


def recover(c: Connection, now: int) -> int:
    """What a sender that is gone was sending is due at once; how many. For a database that has one sender."""
    return c.change(_RECOVER, now=now)


def redeliver(c: Connection, delivery_id: str, now: int) -> None:
    """Send it (once more) as soon as may be, with all its attempts before it: what is being sent, when that is over."""
    for row in c.run(_REDELIVER, wanted=delivery_id, now=now):
        c.news.append(row[0])


def get(c: Connection, delivery_id: str) -> Delivery | None:
    """A delivery with its attempts."""
    found = [_delivery(row) for row in c.run(_GET, id=delivery_id)]
    return next(iter(_with_attempts(c, found)), None)


def page(
    c: Connection, prediction_id: PredictionId, *, after: int | None, before: int | None, limit: int
) -> list[Delivery]:
    """Deliveries of a prediction with their attempts, oldest first: the `limit` next to a number, on one side of it."""
    if before is None:
        found = c.run(_AFTER, prediction_id=prediction_id, number=after or 0, limit=limit)
    else:
        found = c.run(_BEFORE, prediction_id=prediction_id, number=before, limit=limit)[::-1]
    return _with_attempts(c, [_delivery(row) for row in found])


def _with_attempts(c: Connection, found: Sequence[Delivery]) -> list[Delivery]:
    return [replace(one, tried=[Attempt(*row) for row in c.run(_ATTEMPTS, id=one.id)]) for one in found]


def _delivery(row: Row) -> Delivery:
    id_, prediction_id, number, receiver, status, changed_at, state, *rest = row
    return Delivery(id_, prediction_id, number, receiver, Status(status), changed_at, State(state), *rest)


_COLUMNS = (
    deliveries.c.id,
    deliveries.c.prediction_id,
    deliveries.c.number,
    deliveries.c.receiver,
    deliveries.c.status,
    deliveries.c.changed_at,
    deliveries.c.state,
    deliveries.c.attempts,
    deliveries.c.due_at,
    deliveries.c.ended_at,
    deliveries.c.setup_time,
    deliveries.c.execution_time,
)


def _literal(text: str) -> ColumnElement[Any]:
    return literal_column(text)


# Literal, as the partial index has it.
_OPEN = _literal("deliveries.state IN ('due', 'sending')")

_other = deliveries.alias("other")
_OTHER_OPEN = _literal("other.state IN ('due', 'sending')")
_newest = (
    select(func.max(deliveries.c.number))
    .where(deliveries.c.prediction_id == predictions.c.id)
    .correlate(predictions)
    .scalar_subquery()
)
_number = func.coalesce(_other.c.number, 0) + 1
_SUBSCRIPTION = ("prediction_id", "url", "secret", "receiver", "form", "told")
_SUBSCRIBE = Query(sql_insert(webhooks).values({name: bindparam(name) for name in _SUBSCRIPTION}))
_NOTE = Query(
    sql_insert(deliveries)
    .from_select(
        [
            "id", "prediction_id", "number", "receiver", "status", "changed_at", "setup_time", "execution_time",
            "state", "attempts", "due_at", "ended_at",
        ],
        select(
            predictions.c.id + _literal("'.'") + cast(_number, Text),
            predictions.c.id,
            _number,
            webhooks.c.receiver,
            predictions.c.status,
            predictions.c.updated_at,
            predictions.c.setup_time,
            predictions.c.execution_time,
            _literal("'due'"),
            _literal("0"),
            predictions.c.updated_at,
            cast(null(), BigInteger),
        )
        .join_from(predictions, webhooks, webhooks.c.prediction_id == predictions.c.id)
        .join(_other, and_(_other.c.prediction_id == predictions.c.id, _other.c.number == _newest), isouter=True)
        .where(
            predictions.c.id == bindparam("wanted"),
            func.coalesce(_other.c.status, "") != predictions.c.status,
            or_(
                webhooks.c.told.is_(None),
                webhooks.c.told.like(_literal("'%,'") + predictions.c.status + _literal("',%'")),
            ),
        ),
    )
    .returning(deliveries.c.receiver)
)  # fmt: skip

# An older one that is on its way, or waits for no longer than it may, goes first.
_goes_first = exists().where(
    _other.c.prediction_id == deliveries.c.prediction_id,
    _other.c.number < deliveries.c.number,
    _OTHER_OPEN,
    or_(
        and_(_other.c.state == _literal("'sending'"), _other.c.due_at > bindparam("now")),
        and_(_other.c.attempts == _literal("0"), _other.c.changed_at >= bindparam("stale")),
    ),
)
_newer = exists().where(
    _other.c.prediction_id == deliveries.c.prediction_id, _other.c.number > deliveries.c.number, _OTHER_OPEN
)
_MAY_BE_SENT = (_OPEN, deliveries.c.due_at <= bindparam("now"))
_CANDIDATES = Query(
    select(
        deliveries.c.id,
        deliveries.c.prediction_id,
        deliveries.c.number,
        deliveries.c.attempts,
        deliveries.c.changed_at,
        _newer,
    )
    .join_from(deliveries, webhooks, webhooks.c.prediction_id == deliveries.c.prediction_id)
    .where(deliveries.c.receiver == bindparam("receiver"), *_MAY_BE_SENT, ~_goes_first)
    .order_by(deliveries.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(of=webhooks, skip_locked=True)
)
# Looked at again, now that the prediction is ours: another sender may have been at it since the candidates were read.
_CLAIM = Query(
    update(deliveries)
    .where(deliveries.c.id == bindparam("wanted"), *_MAY_BE_SENT, ~_goes_first)
    .values(state="sending", due_at=bindparam("until"))
)
_superseded: dict[str, Any] = {"state": "superseded", "due_at": None, "ended_at": bindparam("now"), "again": false()}
_SUPERSEDE = Query(
    update(deliveries).where(deliveries.c.id == bindparam("wanted"), *_MAY_BE_SENT, _newer).values(_superseded)
)
_SUPERSEDE_OLDER = Query(
    update(deliveries)
    .where(deliveries.c.prediction_id == bindparam("prediction_id"), deliveries.c.number < bindparam("number"), _OPEN)
    .values(_superseded)
)
_NEXT_DUE = Query(
    select(func.min(deliveries.c.due_at)).where(
        deliveries.c.receiver == bindparam("receiver"), _OPEN, deliveries.c.due_at > bindparam("now")
    )
)
_RECEIVERS = Query(select(deliveries.c.receiver).where(*_MAY_BE_SENT).group_by(deliveries.c.receiver))
_LOAD = Query(
    joined()
    .add_columns(*_COLUMNS, webhooks.c.url, webhooks.c.secret, webhooks.c.receiver, webhooks.c.form)
    .join(deliveries, deliveries.c.prediction_id == predictions.c.id)
    .join(webhooks, webhooks.c.prediction_id == predictions.c.id)
    .where(deliveries.c.id == bindparam("id"))
)
_tried = (
    select(func.coalesce(func.max(delivery_attempts.c.number), 0) + 1)
    .where(delivery_attempts.c.delivery_id == bindparam("wanted"))
    .scalar_subquery()
)
_ATTEMPT = Query(
    sql_insert(delivery_attempts).from_select(
        ["delivery_id", "number", "started_at", "duration", "status_code", "error", "response"],
        select(
            deliveries.c.id,
            _tried,
            bindparam("started_at", type_=BigInteger),
            bindparam("duration", type_=BigInteger),
            cast(bindparam("status_code"), delivery_attempts.c.status_code.type),
            cast(bindparam("error"), Text),
            cast(bindparam("response"), Text),
        ).where(deliveries.c.id == bindparam("wanted")),
    )
)
_again = deliveries.c.again.is_(True)
_mine = (
    deliveries.c.id == bindparam("wanted"),
    deliveries.c.state == _literal("'sending'"),
    deliveries.c.due_at == bindparam("lease"),
)
_RECORD = Query(
    update(deliveries)
    .where(*_mine)
    .values(
        state=case((_again, "due"), else_=bindparam("state", type_=Text)),
        attempts=case((_again, 0), else_=bindparam("attempts", type_=Integer)),
        due_at=case((_again, bindparam("now", type_=BigInteger)), else_=bindparam("due_at", type_=BigInteger)),
        ended_at=case((_again, null()), else_=bindparam("ended_at", type_=BigInteger)),
        again=false(),
    )
)
_GIVE_BACK = Query(update(deliveries).where(*_mine).values(state="due", due_at=bindparam("now"), again=false()))
_RECOVER = Query(
    update(deliveries)
    .where(_OPEN, deliveries.c.state == _literal("'sending'"))
    .values(state="due", due_at=bindparam("now"), again=false())
)
_sending = deliveries.c.state == _literal("'sending'")
_REDELIVER = Query(
    update(deliveries)
    .where(deliveries.c.id == bindparam("wanted"))
    .values(
        state=case((_sending, deliveries.c.state), else_="due"),
        attempts=case((_sending, deliveries.c.attempts), else_=0),
        due_at=case((_sending, deliveries.c.due_at), else_=bindparam("now", type_=BigInteger)),
        ended_at=None,
        again=_sending,
    )
    .returning(deliveries.c.receiver)
)
_GET = Query(select(*_COLUMNS).where(deliveries.c.id == bindparam("id")))
_of_prediction = select(*_COLUMNS).where(deliveries.c.prediction_id == bindparam("prediction_id"))
_AFTER = Query(
    _of_prediction.where(deliveries.c.number > bindparam("number"))
    .order_by(deliveries.c.number)
    .limit(bindparam("limit"))
)
_BEFORE = Query(
    _of_prediction.where(deliveries.c.number < bindparam("number"))
    .order_by(deliveries.c.number.desc())
    .limit(bindparam("limit"))
)
_ATTEMPTS = Query(
    select(
        delivery_attempts.c.number,
        delivery_attempts.c.started_at,
        delivery_attempts.c.duration,
        delivery_attempts.c.status_code,
        delivery_attempts.c.error,
        delivery_attempts.c.response,
    )
    .where(delivery_attempts.c.delivery_id == bindparam("id"))
    .order_by(delivery_attempts.c.number)
)
