"""Variables: what an account keeps for the environments of its models' workers (D55).

    create, change --sealed--> store --opened--> environment(version): asked for at the start of a worker, and then only

A change of what versions use gives each of them a new revision, so that their workers are replaced. A secret's value is
never shown again. Knows nothing about HTTP and processes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypedDict

from augury.domain.account import Caller
from augury.domain.errors import Conflict, Gone, NotFound
from augury.domain.ids import AccountId
from augury.domain.paging import Cursor, Page
from augury.domain.prediction import ModelRef
from augury.domain.variable import (
    NAME_RULE,
    NAMES_MOST,
    VALUE_LIMIT,
    Variable,
    is_name,
    is_reserved,
    key_problem,
    value_problems,
)
from augury.service.once import Idempotency, Repeated, first_time
from augury.service.texts import LINE, Checks
from augury.service.vault import SealBroken, Vault, variable_context
from augury.store import variables as rows
from augury.store.connection import Connection, ConstraintViolated
from augury.store.database import Database
from augury.store.notifier import Notifier

log = logging.getLogger(__name__)

_NAMED = 10
"""Versions that an error names one by one."""


@dataclass(frozen=True, slots=True)
class NewVariable:
    """A variable to make."""

    name: str
    key: str
    value: str = field(repr=False)
    secret: bool


class VariableChange(TypedDict, total=False):
    """What to change about a variable: only what is there changes."""

    key: str
    value: str


class Unavailable(Exception):
    """A worker cannot have the variables that its version names; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a version's workers have in their environment, and which of the values are secret."""

    variables: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Variables:
    """The use cases of variables. `now` is in microseconds since the epoch.

    `forget` is called when what is remembered of versions is out of date.
    """

    db: Database
    notifier: Notifier
    vault: Vault
    now: Callable[[], int]
    forget: Callable[[], None]

    async def create(self, caller: Caller, new: NewVariable, idempotency: Idempotency | None = None) -> Variable:
        """Make a variable of the caller's; raises InvalidRequest, and Conflict `variable_exists`."""
        _check(new)
        variable = Variable(caller.account_id, new.name, new.key, new.value, new.secret, self.now())
        stored = replace(variable, value=self.vault.seal(new.value, variable_context(caller.account_id, new.name)))
        if idempotency is not None:
            # Of the plain hash of a body a short secret could be found by trying.
            idempotency = replace(idempotency, body_hash=self.vault.fingerprint(idempotency.body_hash))
        try:
            await self.db.write(partial(_create, variable=stored, once=idempotency))
        except Repeated as earlier:
            name = earlier.resource
            return self._shown(await self.db.read(lambda c: _still_there(c, caller.account_id, name)))
        except ConstraintViolated:
            raise Conflict(
                f"You have a variable {new.name} already.",
                code="variable_exists",
                hint="Change that one, or choose another name.",
            ) from None
        return replace(variable, value="") if variable.secret else variable

    async def page(self, caller: Caller, *, cursor: str | None = None, page_size: int = 25) -> Page[Variable]:
        """The caller's variables in the order of their names; those that are secret without their values."""
        place = Cursor() if cursor is None else Cursor.parse(cursor)
        position = place.one_text()
        found = await self.db.read(
            lambda c: rows.page(c, caller.account_id, position=position, backward=place.backward, limit=page_size + 1)
        )
        page = place.page(found, page_size, lambda one: one.name)
        return Page([self._shown(one) for one in page.items], page.next_cursor, page.previous_cursor)

    async def update(self, caller: Caller, name: str, change: VariableChange) -> Variable:
        """Change a variable; the versions that have it are started anew. Raises InvalidRequest and NotFound."""
        _check_change(change)
        now = self.now()
        changed, versions = await self.db.write(lambda c: self._change(c, caller.account_id, name, change, now))
        self._tell(versions)
        return self._shown(changed)

    async def delete(self, caller: Caller, name: str) -> None:
        """Take a variable away; raises NotFound, and Conflict `variable_in_use` while a version has it."""
        await self.db.write(lambda c: _delete(c, caller.account_id, name))

    async def environment(self, version_id: int) -> Environment:
        """What the workers of a version get; raises Unavailable where something of it is missing."""
        names, found = await self.db.read(lambda c: rows.of_version(c, version_id))
        missing = [name for name in names if name not in {one.name for one in found}]
        if missing:
            raise Unavailable(f"the model's owner has no variable {', '.join(missing)}")
        opened = [(one, self._opened(one)) for one in found]
        return Environment(
            {one.key: value for one, value in opened}, tuple(value for one, value in opened if one.secret)
        )

    def _change(
        self, c: Connection, account_id: AccountId, name: str, change: VariableChange, now: int
    ) -> tuple[Variable, list[int]]:
        variable = _find(c, account_id, name)
        key, value = change.get("key", variable.key), change.get("value")
        if key == variable.key and (value is None or value == self._opened_if_possible(variable)):
            return variable, []
        context = variable_context(account_id, name)
        sealed = variable.value if value is None else self.vault.seal(value, context)
        rows.change(c, account_id, name, key=key, value=sealed, now=now)
        versions = [version_id for version_id, _ in rows.having(c, account_id, name)]
        for version_id in versions:
            rows.revise(c, version_id)
        return replace(variable, key=key, value=sealed, updated_at=now), versions

    def _tell(self, versions: Sequence[int]) -> None:
        if not versions:
            return
        self.forget()
        self.notifier.publish("models")
        for version_id in versions:
            self.notifier.publish(f"version:{version_id}")

    def _opened(self, variable: Variable) -> str:
        try:
            return self.vault.open(variable.value, variable_context(variable.account_id, variable.name))
        except SealBroken as error:
            raise Unavailable(f"the variable {variable.name} cannot be opened: {error}") from None

    def _opened_if_possible(self, variable: Variable) -> str | None:
        try:
            return self._opened(variable)
        except Unavailable as error:
            log.error("variable lost", extra={"reason": str(error), "account": variable.account_id})
            return None

    def _shown(self, variable: Variable) -> Variable:
        """As callers see it. A value whose key is lost is none: it can be given anew."""
        return replace(variable, value="" if variable.secret else self._opened_if_possible(variable) or "")


def check_names(c: Connection, account_id: AccountId, names: Sequence[str], place: str) -> None:
    """Raise InvalidRequest where a version of this owner's cannot have these variables; they stay until the end.

    `place` is that of the list in the request's body. Call in the transaction that gives them to the version.
    """
    checks = Checks()
    if len(names) > NAMES_MOST:
        checks.add(place, f"A version has at most {NAMES_MOST} variables.", "too_long", None, expected=NAMES_MOST)
        checks.done()
    keys: dict[str, str] = {}
    for number, name in enumerate(names):
        here = f"{place}.{number}"
        variable = rows.find_to_use(c, account_id, name) if is_name(name) else None
        if variable is None:
            msg = f"The model's owner has no variable {name[:64]!r}: `augury variables create` makes one."
            checks.add(here, msg, "variable_not_found", name[:LINE])
        elif variable.key in keys:
            msg = f"{name} and {keys[variable.key]} are both for {variable.key}, which can have one value only."
            checks.add(here, msg, "variable_key_twice", name)
        else:
            keys[variable.key] = name
    checks.done()


def _create(c: Connection, variable: Variable, once: Idempotency | None) -> None:
    first_time(c, once, "variable", variable.name, variable.created_at)
    rows.insert(c, variable)


def _still_there(c: Connection, account_id: AccountId, name: str) -> Variable:
    variable = rows.find(c, account_id, name)
    if variable is None:
        raise Gone("The variable that this key made was deleted.", code="variable_deleted")
    return variable


def _delete(c: Connection, account_id: AccountId, name: str) -> None:
    _find(c, account_id, name)
    versions = [_called(ref) for _, ref in rows.having(c, account_id, name)]
    if versions:
        more = f" and {len(versions) - _NAMED} more" if len(versions) > _NAMED else ""
        raise Conflict(
            f"The variable {name} is used by {', '.join(versions[:_NAMED])}{more}.",
            code="variable_in_use",
            hint="Take it out of their configuration first: `augury versions configuration`.",
        )
    rows.remove(c, account_id, name)


def _find(c: Connection, account_id: AccountId, name: str) -> Variable:
    variable = rows.find_to_change(c, account_id, name) if is_name(name) else None
    if variable is None:
        raise NotFound(
            f"You have no variable {name[:64]!r}.",
            code="variable_not_found",
            hint="GET /v1/variables lists those that you have.",
        )
    return variable


def _check(new: NewVariable) -> None:
    checks = Checks()
    if not is_name(new.name):
        checks.add("name", f"A variable's name is {NAME_RULE}.", "variable_name", new.name[:LINE])
    _check_key(checks, new.key)
    _check_value(checks, new.value)
    checks.done()


def _check_change(change: VariableChange) -> None:
    checks = Checks()
    if "key" in change:
        _check_key(checks, change["key"])
    if "value" in change:
        _check_value(checks, change["value"])
    checks.done()


def _check_key(checks: Checks, key: str) -> None:
    if (problem := key_problem(key)) is not None:
        reserved = is_reserved(key)
        checks.add("key", problem, "variable_key_reserved" if reserved else "variable_key", key[:LINE])


def _check_value(checks: Checks, value: str) -> None:
    # What was given is not shown, not even to the one who sent it: errors are kept in logs.
    for kind, problem in value_problems(value):
        more = {"max_length": VALUE_LIMIT} if kind == "string_too_long" else {}
        checks.add("value", problem, kind, None, **more)


def _called(ref: ModelRef) -> str:
    return f"{ref.owner}/{ref.name}:{ref.version_number}"
