"""What a Cog model imports: `from cog import BasePredictor, Input, Path`. The names are Augury's own (`sdk/cog.py`)."""

from augury.sdk.cog import (
    AsyncConcatenateIterator,
    AsyncIterator,
    BaseModel,
    BasePredictor,
    BaseRunner,
    CancelationException,
    ConcatenateIterator,
    ExperimentalFeatureWarning,
    FieldInfo,
    File,
    Input,
    Iterator,
    Opaque,
    Path,
    Secret,
    URLFile,
    URLPath,
    concurrent,
    current_scope,
    emit_metric,
    streaming,
)

__version__ = "0.23.1"
"""The release of Cog whose vocabulary this is."""

__all__ = [
    "AsyncConcatenateIterator",
    "AsyncIterator",
    "BaseModel",
    "BasePredictor",
    "BaseRunner",
    "CancelationException",
    "ConcatenateIterator",
    "ExperimentalFeatureWarning",
    "FieldInfo",
    "File",
    "Input",
    "Iterator",
    "Opaque",
    "Path",
    "Secret",
    "URLFile",
    "URLPath",
    "__version__",
    "concurrent",
    "current_scope",
    "emit_metric",
    "streaming",
]
