"""What is found by words: a document for each model and each account, and which of them have all the words.

A document is made from the rows that it tells of, in the transaction that changes them. Its words are indexed by the
database: by FTS5 or as a tsvector, whose own ways of ranking are not used, so that both find the same in the same
order. Knows no rule about who may find what.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, text

from augury.domain.ids import AccountId, ModelId
from augury.store.connection import Connection, DialectName, Query, Row
from augury.store.derived import documents
from augury.store.tables import models

MOST = 300
"""About how many are found at most: first of those with the words in their title, then of the others, as they were
made."""
DESCRIPTION = 2_000
"""Characters of a description that are searched."""
OVERVIEW = 20_000
MODELS = "models"
USERS = "users"

_WORD = re.compile(r"[^\W_]+")
_TIERS = (("title", "title_words"), ("title about", "about_words"), ("title about body", "words"))
"""Where all words have to be, from the best place to any: columns of FTS5, and the column that is a tsvector."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document that has all the words."""

    subject: str
    title: str
    tier: int
    """0: all words are in its title, 1: in title, description or categories, 2: anywhere."""
    predictions: int
    """How often the model ran, about; 0 for an account."""


def words(query: str) -> tuple[str, ...]:
    """The words of a text: its runs of letters and digits."""
    return tuple(_WORD.findall(query))


def private_to(account_id: AccountId) -> str:
    """The audience of what only this account may find."""
    return f"owner{account_id.replace('-', '')}"


def find(c: Connection, wanted: Sequence[str], audiences: Sequence[str]) -> list[Found]:
    """At most MOST documents for these audiences that have all the words, the last one as a beginning of a word."""
    found: dict[str, Found] = {}
    for tier, (columns, vector) in enumerate(_TIERS):
        for subject, title, predictions in _matches(c, wanted, audiences, columns, vector):
            found.setdefault(subject, Found(subject, title, tier, predictions or 0))
        if len(found) >= MOST:
            break
    return list(found.values())


def refresh_model(c: Connection, model_id: ModelId) -> None:
    """Make the document of a model that exists, after its row or its categories were changed."""
    c.change(_MODEL[c.dialect], wanted=model_id)


def forget(c: Connection, subject: str) -> None:
    """Remove the document of a model or an account."""
    c.change(_FORGET, subject=subject)


def refresh_models(c: Connection, model_ids: Sequence[ModelId]) -> None:
    """The same for several."""
    c.change_many(_MODEL[c.dialect], [{"wanted": one} for one in model_ids])


def refresh_account(c: Connection, account_id: AccountId, *, renamed: bool = False) -> None:
    """Make the document of an account that exists, and where it is `renamed` those of its models."""
    c.change(_ACCOUNT, wanted=account_id)
    if renamed:
        # Whoever changes one of the models just now ends first: what is read then is what was written.
        c.run(_LOCK_OF_ACCOUNT, wanted=account_id)
        c.change(_OF_ACCOUNT[c.dialect], wanted=account_id)


def _matches(c: Connection, wanted: Sequence[str], audiences: Sequence[str], columns: str, vector: str) -> list[Row]:
    if c.dialect == "sqlite":
        terms = " AND ".join([*(f'"{one}"' for one in wanted[:-1]), f'"{wanted[-1]}" *'])
        who = " OR ".join(f'"{one}"' for one in audiences)
        return c.run(_FTS5, match=f"{{{columns}}} : ({terms}) AND audience : ({who})", most=MOST)
    terms = " & ".join([*(f"'{one}'" for one in wanted[:-1]), f"'{wanted[-1]}':*"])
    return c.run(_TSVECTOR[vector], terms=terms, who=" | ".join(f"'={one}'" for one in audiences), most=MOST)


_FTS5 = Query(
    text(
        "SELECT documents.subject, documents.title, models.predictions FROM documents_words "
        "JOIN documents ON documents.id = documents_words.rowid LEFT JOIN models ON models.id = documents.subject "
        "WHERE documents_words MATCH :match ORDER BY documents_words.rowid LIMIT :most"
    )
)
# Of words that the parser does not know nothing is left, which alone would let everything fit. The documents come
# first, as nobody else knows that they are few.
_TSVECTOR = {
    vector: Query(
        text(
            "WITH found AS MATERIALIZED (SELECT subject, title FROM documents "  # noqa: S608 - of constants
            f"WHERE {vector} @@ (to_tsquery('simple', :terms) && CAST(:who AS tsquery)) "
            "AND numnode(to_tsquery('simple', :terms)) > 0 LIMIT :most) "
            "SELECT found.subject, found.title, models.predictions FROM found "
            "LEFT JOIN models ON models.id = found.subject"
        )
    )
    for _, vector in _TIERS
}


def _upsert(choice: str) -> str:
    return (
        f"INSERT INTO documents (subject, audience, title, about, body) {choice} "
        "ON CONFLICT (subject) DO UPDATE SET audience = excluded.audience, title = excluded.title, "
        "about = excluded.about, body = excluded.body"
    )


def _models(where: str) -> dict[DialectName, Query]:
    """What makes documents of models; the databases have no common name for joining texts."""

    def statement(aggregate: str) -> Query:
        categories = (
            f"SELECT {aggregate}(categories.name || ' ' || categories.slug, ' ') FROM model_categories, categories "  # noqa: S608
            "WHERE categories.slug = model_categories.slug AND model_categories.model_id = models.id"
        )
        return Query(
            text(
                _upsert(
                    "SELECT models.id, CASE models.visibility WHEN 'private' "  # noqa: S608 - of constants
                    f"THEN 'owner' || replace(models.account_id, '-', '') ELSE '{MODELS}' END, "
                    f"accounts.name || '/' || models.name, coalesce(substr(models.description, 1, {DESCRIPTION}), '') "
                    f"|| coalesce(' ' || ({categories}), ''), coalesce(substr(models.overview, 1, {OVERVIEW}), '') "
                    "FROM models, accounts WHERE accounts.id = models.account_id AND models.deleted_at IS NULL "
                    f"AND {where}"
                )
            )
        )

    return {"sqlite": statement("group_concat"), "postgresql": statement("string_agg")}


_MODEL = _models("models.id = :wanted")
_OF_ACCOUNT = _models("models.account_id = :wanted")
_ACCOUNT = Query(
    text(
        _upsert(
            f"SELECT id, '{USERS}', name || '/' || coalesce(display_name, ''), "  # noqa: S608 - of constants
            f"coalesce(substr(bio, 1, {DESCRIPTION}), ''), '' FROM accounts WHERE id = :wanted"
        )
    )
)
_FORGET = Query(delete(documents).where(documents.c.subject == bindparam("subject")))
_LOCK_OF_ACCOUNT = Query(
    select(models.c.id)
    .where(models.c.account_id == bindparam("wanted"), models.c.deleted_at.is_(None))
    .order_by(models.c.id)
    .with_for_update()
)
