"""Which other APIs a model can be offered through, from what its schemas say it takes and gives (D95).

    messages or prompt in, text or a stream of text out -> chat, responses, messages
    texts or text in, vectors out -> embeddings;    prompt in, pictures out -> images

What is inferred here is what `compat` can do: it asks the same functions how to put such a call to the model. Knows
no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from augury.domain.jsontext import JsonValue
from augury.domain.model import COMPATIBILITIES

Schema = Mapping[str, JsonValue]

TEXT_ENDPOINTS = ("openai_chat_completions", "openai_responses", "anthropic_messages")
_FILE = "x-augury-type"
_MEDIA = "x-augury-media-types"
_NULL = {"type": "null"}


@dataclass(frozen=True, slots=True)
class Field:
    """The input that takes what a call is about, and whether it takes several of them at once."""

    name: str
    many: bool = False


def inferred(schemas: Schema) -> dict[str, bool]:
    """The other APIs that a model can be offered through, by name; `schemas` has input, output and stream_output."""
    found: dict[str, bool] = {}
    if text_field(schemas) is not None:
        found.update(dict.fromkeys(TEXT_ENDPOINTS, True))
    if vector_field(schemas) is not None:
        found["openai_embeddings"] = True
    if picture_field(schemas) is not None:
        found["openai_images_generations"] = True
    return found


def offered(schemas: Schema, *said: Mapping[str, object]) -> tuple[str, ...]:
    """The other APIs that a version is offered through: as inferred, unless it is `said`; the last word counts."""
    found: dict[str, object] = dict(inferred(schemas))
    for each in said:
        found.update(each)
    return tuple(name for name in COMPATIBILITIES if found.get(name) is True)


def text_field(schemas: Schema) -> Field | None:
    """The input that takes a conversation, of a model that answers with text; None where there is none."""
    if not _is_text(_part(schemas, "stream_output") or _part(schemas, "output")):
        return None
    given = _part(schemas, "input")
    if _is_messages(given, _property(given, "messages")) and _suffices(given, "messages"):
        return Field("messages", many=True)
    return Field("prompt") if _is_any_text(_property(given, "prompt")) and _suffices(given, "prompt") else None


def vector_field(schemas: Schema) -> Field | None:
    """The input that takes texts, of a model that answers with a vector for each; None where there is none."""
    given, out = _part(schemas, "input"), _part(schemas, "output")
    if _is_list(out, lambda one: _is_list(one, _is_number)):
        texts = _property(given, "texts")
        return Field("texts", many=True) if _is_list(texts, _is_any_text) and _suffices(given, "texts") else None
    if _is_list(out, _is_number):
        return Field("text") if _is_any_text(_property(given, "text")) and _suffices(given, "text") else None
    return None


def picture_field(schemas: Schema) -> Field | None:
    """The input that takes a prompt, of a model that answers with pictures; `many`: with a list of them."""
    given, out = _part(schemas, "input"), _part(schemas, "output")
    if not (_is_any_text(_property(given, "prompt")) and _suffices(given, "prompt")):
        return None
    if _is_picture(out):
        return Field("prompt")
    media = out.get(_MEDIA) if out is not None else None
    return Field("prompt", many=True) if _is_list(out, lambda one: _is_picture(one, media)) else None


def properties(schemas: Schema) -> Mapping[str, JsonValue]:
    """What the input may have, by name."""
    found = (_part(schemas, "input") or {}).get("properties")
    return found if isinstance(found, dict) else {}


def most(schemas: Schema, name: str) -> int | None:
    """How many items an input may have at most; None where that is not said."""
    found = (_property(_part(schemas, "input"), name) or {}).get("maxItems")
    return int(found) if isinstance(found, int | float) and found >= 1 else None


def _part(schemas: Schema, name: str) -> Schema | None:
    found = schemas.get(name)
    return found if isinstance(found, dict) else None


def _property(schema: Schema | None, name: str) -> Schema | None:
    """What is asked of one input; that it may be null as well takes nothing from what else it may be."""
    found = (schema or {}).get("properties")
    one = found.get(name) if isinstance(found, dict) else None
    if not isinstance(one, dict):
        return None
    options = one.get("anyOf")
    others = [each for each in options if each != _NULL] if isinstance(options, list) else []
    return {**one, **others[0]} if len(others) == 1 and isinstance(others[0], dict) else one


def _suffices(schema: Schema | None, name: str) -> bool:
    """Whether nothing else is required: it would have to be invented."""
    return _required(schema) <= {name}


def _required(schema: Schema | None) -> set[str]:
    required = (schema or {}).get("required")
    return set(map(str, required)) if isinstance(required, list) else set()


def _is_any_text(schema: Schema | None) -> bool:
    """Text that may say anything."""
    return _is_text(schema) and not {"enum", "const"} & (schema or {}).keys()


def _is_text(schema: Schema | None) -> bool:
    return schema is not None and schema.get("type") == "string" and "format" not in schema


def _is_number(schema: Schema | None) -> bool:
    return schema is not None and schema.get("type") in ("number", "integer")


def _is_picture(schema: Schema | None, media: JsonValue = None) -> bool:
    if schema is None or schema.get(_FILE) != "file":
        return False
    kinds = media or schema.get(_MEDIA) or []
    return isinstance(kinds, list) and all(str(kind).startswith("image/") for kind in kinds)


def _is_list(schema: Schema | None, of: Callable[[Schema | None], bool]) -> bool:
    """A list of any such items in an order of their own, each as often as it comes."""
    if schema is None or schema.get("type") != "array" or schema.get("uniqueItems") is True or "prefixItems" in schema:
        return False
    items = schema.get("items")
    return of(cast("Schema", items) if isinstance(items, dict) else None)


def _is_messages(whole: Schema | None, schema: Schema | None) -> bool:
    """A list of objects with a role and a content: free ones, or of a class that has both and needs no more."""
    return _is_list(schema, lambda one: _is_message(_resolved(whole, one)))


def _resolved(whole: Schema | None, schema: Schema | None) -> Schema | None:
    """What a reference to a definition of the same document leads to; None where it leads elsewhere, or on and on."""
    reference = (schema or {}).get("$ref")
    if not isinstance(reference, str):
        return schema
    defined = (whole or {}).get("$defs")
    found = defined.get(reference.removeprefix("#/$defs/")) if isinstance(defined, dict) else None
    return found if isinstance(found, dict) and "$ref" not in found else None


def _is_message(schema: Schema | None) -> bool:
    if schema is None or schema.get("type") != "object":
        return False
    named = schema.get("properties")
    if not isinstance(named, dict):
        others = schema.get("additionalProperties", {})
        return others is True or (isinstance(others, dict) and _may_be_text(others))
    if not _required(schema) <= {"role", "content"}:
        return False
    return all(isinstance(one := named.get(name), dict) and _may_be_text(one) for name in ("role", "content"))


def _may_be_text(schema: Schema) -> bool:
    options = schema.get("anyOf")
    if isinstance(options, list):
        return any(isinstance(one, dict) and _may_be_text(one) for one in options)
    return schema.get("type", "string") == "string" and "format" not in schema and "$ref" not in schema
