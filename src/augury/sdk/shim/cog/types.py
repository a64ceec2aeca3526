"""The names that models import from `cog.types`."""

from augury.sdk.cog import AsyncConcatenateIterator, ConcatenateIterator, File, Path, Secret, URLFile, URLPath

__all__ = ["AsyncConcatenateIterator", "ConcatenateIterator", "File", "Path", "Secret", "URLFile", "URLPath"]
