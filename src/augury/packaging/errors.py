"""What can be wrong with a model before it runs.

ProjectError           the author's files: says which file, line and name
  BundleError          a bundle that cannot be packed or unpacked
EnvironmentFailed      the model's environment cannot be built: says which requirement, and what uv printed
"""

from __future__ import annotations

from augury.domain.jsontext import JsonObject


class ProjectError(Exception):
    """Something in the author's files; `hint` says what to do about it."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        name: str | None = None,
        hint: str | None = None,
        traceback: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        """Relative to the model's folder."""
        self.line = line
        self.name = name
        """The key, parameter, function or requirement that is meant."""
        self.hint = hint
        self.traceback = traceback
        """Where the model's own code raised, line by line."""
        self.notes: tuple[str, ...] = ()
        """What the model asks for and does not get here, which may be the reason."""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.hint})" if self.hint else text

    def to_json(self) -> JsonObject:
        """The form that is stored and shown."""
        return {
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "name": self.name,
            "hint": self.hint,
            "traceback": list(self.traceback),
        }


class BundleError(ProjectError):
    """The bundle holds what a model may not hold, is over a limit, or is damaged."""


class EnvironmentFailed(Exception):
    """The environment cannot be built; `message` is one sentence, `output` the last lines that uv printed."""

    def __init__(self, message: str, output: str = "", *, name: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.output = output
        self.name = name
        """The requirement that cannot be met, where one can be told."""
        self.notes: tuple[str, ...] = ()
        """What the model asks for besides and does not get, which may be the reason."""

    def to_json(self) -> JsonObject:
        """The form that is stored and shown."""
        return {"message": self.message, "name": self.name, "output": self.output}
