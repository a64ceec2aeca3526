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

Schema = Mapping[str, JsonValue]

TEXT_ENDPOINTS = ("openai_chat_completions", "openai_responses", "anthropic_messages")
_FILE = "x-augury-type"
_MEDIA = "x-augury-media-types"


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


def text_field(schemas: Schema) -> Field | None:
    """The input that takes a conversation, of a model that answers with text; None where there is none."""
    if not _is_text(_part(schemas, "stream_output") or _part(schemas, "output")):
        return None
    given = _part(schemas, "input")
    if _is_messages(given, _property(given, "messages")) and _suffices(given, "messages"):
        return Field("messages", many=True)
    return Field("prompt") if _is_text(_property(given, "prompt")) and _suffices(given, "prompt") else None


def vector_field(schemas: Schema) -> Field | None:
    """The input that takes texts, of a model that answers with a vector for each; None where there is none."""
    given, out = _part(schemas, "input"), _part(schemas, "output")
    if _is_list(out, lambda one: _is_list(one, _is_number)):
        texts = _property(given, "texts")
        return Field("texts", many=True) if _is_list(texts, _is_text) and _suffices(given, "texts") else None
    if _is_list(out, _is_number):
        return Field("text") if _is_text(_property(given, "text")) and _suffices(given, "text") else None
    return None


def picture_field(schemas: Schema) -> Field | None:
    """The input that takes a prompt, of a model that answers with pictures; `many`: with a list of them."""
    given, out = _part(schemas, "input"), _part(schemas, "output")
    if not (_is_text(_property(given, "prompt")) and _suffices(given, "prompt")):
        return None
    if _is_picture(out):
        return Field("prompt")
    media = out.get(_MEDIA) if out is not None else None
    return Field("prompt", many=True) if _is_list(out, lambda one: _is_picture(one, media)) else None


def properties(schemas: Schema) -> Mapping[str, JsonValue]:
    """What the input may have, by name."""
    found = (_part(schemas, "input") or {}).get("properties")
    return found if isinstance(found, dict) else {}


def _part(schemas: Schema, name: str) -> Schema | None:
    found = schemas.get(name)
    return found if isinstance(found, dict) else None


def _property(schema: Schema | None, name: str) -> Schema | None:
    found = (schema or {}).get("properties")
    one = found.get(name) if isinstance(found, dict) else None
    return one if isinstance(one, dict) else None


def _suffices(schema: Schema | None, name: str) -> bool:
    """Whether nothing else is required: it would have to be invented."""
    required = (schema or {}).get("required", [])
    return isinstance(required, list) and set(map(str, required)) <= {name}


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
    items = (schema or {}).get("items")
    return (schema or {}).get("type") == "array" and of(cast("Schema", items) if isinstance(items, dict) else None)


def _is_messages(whole: Schema | None, schema: Schema | None) -> bool:
    """A list of objects with a role and a content: free ones, or of a class that has both and needs no more."""
    return _is_list(schema, lambda one: _is_message(whole, one))


def _is_message(whole: Schema | None, schema: Schema | None) -> bool:
    if schema is None:
        return False
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        defined = (whole or {}).get("$defs")
        found = defined.get(reference.removeprefix("#/$defs/")) if isinstance(defined, dict) else None
        return _is_message(whole, found if isinstance(found, dict) else None)
    if schema.get("type") != "object":
        return False
    named = schema.get("properties")
    if not isinstance(named, dict):
        return True
    required = schema.get("required", [])
    return {"role", "content"} <= named.keys() and isinstance(required, list) and set(required) <= {"role", "content"}
