"""The shapes of what is said about uploads and files; see `schemas` for how they are used."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

UploadIdPath = Annotated[str, Path(description="The id of the upload.")]
PartPath = Annotated[str, Path(description="The number of the part, from 1.", examples=["1"])]
FileIdPath = Annotated[str, Path(description="The id of the file.")]
FileNamePath = Annotated[str, Path(description="The name of the file.")]


class NewUpload(BaseModel):
    """A file to upload."""

    model_config = ConfigDict(json_schema_extra={"example": {"size": 1024, "mime_type": "image/png"}})

    size: int = Field(description="How many bytes it has, exactly.", json_schema_extra={"minimum": 0})
    mime_type: str = Field(description="What it is.", examples=["image/png"], json_schema_extra={"maxLength": 255})
    name: str | None = Field(
        None, description="What it is called, for models that look at names; else told by its type.", max_length=1024
    )


class Upload(BaseModel):
    """An upload that has begun."""

    id: str
    urls: list[str] = Field(description="Where its parts are put, in order: one at least. They need no token.")
    part_size: int = Field(description="Bytes of each part but the last, which has the rest.")


class UploadCompletion(BaseModel):
    """What says that all of it has come."""

    model_config = ConfigDict(json_schema_extra={"example": {"etags": ['"0f343b0931126a20f133d67c2b018a3b"']}})

    etags: list[str] = Field(description="The ETag of each part as it was answered, quotes included, in order.")


class CompletedUpload(BaseModel):
    """A file that was uploaded."""

    download_url: str = Field(
        description="A link that anybody can fetch it by until it expires; as an input it is the file.",
        json_schema_extra={"format": "uri"},
    )
