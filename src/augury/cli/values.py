"""`-i name=value` on the command line: JSON where it parses as the schema's type, text otherwise, files by @path.

Knows the shapes of schemas; whether a value is valid is the server's, or the validator's, to say.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from augury.cli import schemas
from augury.cli.files import data_uri
from augury.domain.jsontext import InvalidJson, JsonObject, JsonValue, loads

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="NAME=VALUE",
        help="An input: JSON where it is of the input's type, else text; @PATH for a file. Repeat for more inputs, or "
        "to add to a list.",
        show_default=False,
    ),
]


Attach = Callable[[Path], str]
"""Makes of a local file the text that stands for it in an input."""


def parsed(given: Iterable[str], document: Mapping[str, Any], attach: Attach = data_uri) -> JsonObject:
    """The input that the options mean, for an input schema; raises BadParameter (wrong usage)."""
    properties = dict(schemas.properties(document))
    values: JsonObject = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise _wrong(f"{one!r} is not NAME=VALUE")
        if properties and name not in properties and document.get("additionalProperties") in (None, False):
            raise _wrong(f"there is no input {name!r}{_suggestion(name, properties)}")
        schema = properties.get(name, {})
        if name in values:
            values[name] = _added(name, values[name], text, document, schema, attach)
        else:
            values[name] = _value(text, document, schema, attach)
    return values


def _value(text: str, document: schemas.Schema, schema: schemas.Schema, attach: Attach) -> JsonValue:
    options = list(schemas.alternatives(document, schema))
    if text.startswith("@") and schemas.is_file(document, schema):
        return attach(Path(text[1:]).expanduser())
    items = _items(document, options)
    if text.startswith("@") and items is not None and schemas.is_file(document, items):
        return [attach(Path(text[1:]).expanduser())]
    try:
        value = loads(text)
    except InvalidJson:
        value = None
        if text.strip() != "null":
            return _listed(text, document, options, items, attach)
    if any(_fits(value, option) for option in options):
        return value
    return _listed(text, document, options, items, attach)


def _listed(
    text: str,
    document: schemas.Schema,
    options: list[schemas.Schema],
    items: schemas.Schema | None,
    attach: Attach,
) -> JsonValue:
    """Text; or a list of it alone where only a list will do."""
    if items is not None and not any(_fits(text, option) for option in options):
        return [_value(text, document, items, attach)]
    return text


def _added(
    name: str, before: JsonValue, text: str, document: schemas.Schema, schema: schemas.Schema, attach: Attach
) -> JsonValue:
    items = _items(document, list(schemas.alternatives(document, schema)))
    if items is None:
        raise _wrong(f"{name} is given twice, and it is no list")
    # The first of several was read as if it were alone.
    first = before if isinstance(before, list) else [before]
    return [*first, _value(text, document, items, attach)]


def _items(document: schemas.Schema, options: Iterable[schemas.Schema]) -> schemas.Schema | None:
    """The schema of the items, where a list may stand."""
    for option in options:
        if option.get("type") == "array":
            found = option.get("items")
            return schemas.resolved(document, cast("schemas.Schema", found)) if isinstance(found, Mapping) else {}
    return None


def _fits(value: JsonValue, schema: schemas.Schema) -> bool:
    """Whether a value is of the schema's type; bounds are not looked at."""
    if "enum" in schema:
        return any(json.dumps(value) == json.dumps(one) for one in schema["enum"])
    if "const" in schema:
        return json.dumps(value) == json.dumps(schema["const"])
    kinds: Any = schema.get("type")
    if kinds is None:
        return True
    return any(_is(value, str(kind)) for kind in (cast("list[Any]", kinds) if isinstance(kinds, list) else [kinds]))


def _is(value: JsonValue, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    match kind:
        case "null":
            return value is None
        case "integer":
            return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        case "number":
            return isinstance(value, int | float)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return False


def _suggestion(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def _wrong(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--input")
