"""POST /images/generations: pictures of what a prompt says.

    body -> prompt, size and the like as the model takes them -> n predictions, or one of n -> links to files, or bytes

Knows nothing about what is in a file beyond its type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from augury.compat import batches, inputs, requests
from augury.compat.answers import Answer
from augury.compat.calls import Calls
from augury.compat.failures import ModelFailed, Unsupported
from augury.compat.openai import passing
from augury.compat.openai.pictures import Pictures
from augury.compat.openai.places import Place, free, operation
from augury.domain import jsontext, offering
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.file import StoredFile
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.prediction import Prediction
from augury.service.files import Files, Opened
from augury.service.models import RunnableVersion

ENDPOINT = "openai_images_generations"
MOST = 10
_COUNTS = ("n", "num_outputs", "num_images", "count")
_FORMATS = ("output_format", "format")
_UNSAID = (None, "auto")
_SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")


def places(calls: Calls, files: Files) -> list[Place]:
    """Where it is."""
    said = operation("generate_images", "Pictures of what a prompt says.", body=free("model", "prompt"))
    return [Place("POST", "/images/generations", Images(calls, files), said)]


class ImagesRequest(BaseModel):
    """What of a body matters; other fields go to the model where it takes them."""

    model: str
    prompt: Annotated[str, Field(min_length=1)]
    n: Annotated[int, Field(ge=1, le=MOST)] | None = None
    size: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    background: Literal["transparent", "opaque", "auto"] | None = None
    partial_images: Annotated[int, Field(ge=0, le=3)] | None = None
    stream: bool | None = None


@dataclass(frozen=True, slots=True)
class Images:
    """The endpoint."""

    calls: Calls
    files: Files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        caller = await self.calls.caller(dict(scope["headers"]))
        body = await requests.read(receive)
        version = await self.calls.version(caller, requests.model(body), ENDPOINT)
        field = offering.picture_field(version.schemas.described)
        if field is None:
            answer = await passing.whole(self.calls, caller, version, body, receive)
        else:
            answer = await self._adapted(caller, _Asked(version, body), receive)
        await answer(scope, receive, send)

    async def _adapted(self, caller: Caller, asked: _Asked, receive: Receive) -> ASGIApp:
        made = await batches.run_each(self.calls, caller, asked.version, asked.inputs(), receive, asked.placed)
        links = _links(made)[: asked.count]
        found = await self._pictures(links)
        about: JsonObject = {"created": made[0].created_at // 1_000_000}
        about.update(_format(found, asked.format_wanted))
        headers = requests.headers(made, asked.ignored)
        if asked.request.response_format == "b64_json":
            return Pictures(self.files, about, found, headers)
        data: list[JsonValue] = [{"url": link} for link in links]
        return Answer(jsontext.dump_bytes({**about, "data": data}), headers)

    async def _pictures(self, links: Sequence[str]) -> list[StoredFile]:
        """The files behind the links; raises ModelFailed for what is no picture."""
        opened = await self.files.own(links)
        found: list[StoredFile] = []
        for link in links:
            one = opened.get(link)
            if not isinstance(one, Opened):
                raise ModelFailed("A file that the model gave is not there any more.", code="file_removed")
            if not one.file.mime_type.startswith("image/"):
                said = f"The model gave {one.file.name}, which is {one.file.mime_type} and no picture."
                raise ModelFailed(said, code="not_an_image", hint="Its files are in the prediction's output.")
            found.append(one.file)
        return found


class _Asked:
    """One request to an adapted model."""

    def __init__(self, version: RunnableVersion, body: JsonObject) -> None:
        self.version = version
        self.request = request = requests.check(ImagesRequest, body)
        self.count = request.n or 1
        if request.stream or request.partial_images:
            raise Unsupported("stream" if request.stream else "partial_images", "This model gives pictures when done.")
        self._input: JsonObject = {"prompt": request.prompt, **self._size()}
        self._format()
        self._background()
        beside, self.ignored = inputs.passed(version, body, ImagesRequest.model_fields)
        self._input.update(beside)
        self._many = inputs.taken(version, _COUNTS)

    def inputs(self) -> list[JsonObject]:
        """The input of each prediction: one of them all, where the model gives several."""
        if self._many is not None:
            return [{**self._input, **inputs.given(self.count, self._many)}]
        return [self._input] * self.count

    def placed(self, error: InvalidRequest, place: int) -> InvalidRequest:
        """What the model finds wrong, said of the call's parameters."""
        _ = place
        names: dict[str, tuple[str | int, ...]] = {
            "width": ("size",),
            "height": ("size",),
            "format": ("output_format",),
        }
        return inputs.placed(error, {**names, **dict.fromkeys(_COUNTS, ("n",))})

    @property
    def format_wanted(self) -> str | None:
        """The kind of picture that nothing but what comes out decides."""
        return None if inputs.taken(self.version, _FORMATS) else self.request.output_format

    def _size(self) -> JsonObject:
        size = self.request.size
        if size in _UNSAID:
            return {}
        if inputs.taken(self.version, ("size",)):
            return {"size": size}
        match = _SIZE.fullmatch(size or "")
        if match is None:
            msg = "Input should be a width and a height in pixels, such as 1024x1024, or auto"
            raise InvalidRequest.at("body", "size", msg=msg, type="string_pattern_mismatch", input=(size or "")[:64])
        if not (inputs.taken(self.version, ("width",)) and inputs.taken(self.version, ("height",))):
            raise Unsupported("size", "This model has no input for the size of its pictures.")
        return {"width": int(match[1]), "height": int(match[2])}

    def _format(self) -> None:
        self._input.update(inputs.given(self.request.output_format, inputs.taken(self.version, _FORMATS)))

    def _background(self) -> None:
        wanted, name = self.request.background, inputs.taken(self.version, ("background",))
        if wanted == "transparent" and name is None:
            raise Unsupported("background", "This model has no input for the background.")
        if wanted not in _UNSAID:
            self._input.update(inputs.given(wanted, name))


def _links(made: Sequence[Prediction]) -> list[str]:
    found: list[str] = []
    for one in made:
        output = jsontext.loads(one.output or "null")
        found.extend(map(str, cast("list[JsonValue]", output if isinstance(output, list) else [output])))
    if not found:
        raise ModelFailed("The model gave no picture.", code="not_an_answer")
    return found


def _format(found: Sequence[StoredFile], wanted: str | None) -> JsonObject:
    kinds = {one.mime_type for one in found}
    if wanted is not None and kinds != {f"image/{wanted}"}:
        raise Unsupported("output_format", f"This model gives {', '.join(sorted(kinds))}.")
    kind = found[0].mime_type.removeprefix("image/")
    return {"output_format": kind} if len(kinds) == 1 and kind in ("png", "jpeg", "webp") else {}
