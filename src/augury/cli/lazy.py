"""Command groups whose commands are imported when they run, so that help and completion answer at once.

A group knows the name, the help line and the place of each command; the place is imported only for the command that
is called. The outermost group shows what a command failed with. Knows no command.
"""

from __future__ import annotations

import gc
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar, cast

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from augury.cli.failing import INTERRUPTED, UNREAD, CommandFailed


@dataclass(frozen=True)
class Command:
    """A command: its line in the help, and where its function is, such as "augury.cli.push:push"."""

    help: str
    place: str


@dataclass(frozen=True)
class Group:
    """A group of commands; `default` is the one that runs where none is named."""

    help: str
    commands: Mapping[str, Command] = field(default_factory=dict[str, Command])
    default: str | None = None


class _Unloaded(TyperCommand):
    """Stands for a command in lists."""

    place: str = ""


class LazyGroup(TyperGroup):
    """A group made from a table. The types of contexts are typer's own business, so they are not named here."""

    entries: ClassVar[Mapping[str, Command | Group]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A group, or what stands for a command."""
        match self.table.get(cmd_name):
            case None:
                return None
            case Group() as group:
                return _Inner(cmd_name, group)
            case Command() as command:
                unloaded = _Unloaded(cmd_name, help=command.help)
                unloaded.place = command.place
                return unloaded

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments call, now imported."""
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, _Unloaded):
            command = load(cast("str", name), command.place)
        return name, command, rest

    @property
    def table(self) -> Mapping[str, Command | Group]:
        """What is in the group."""
        return self.entries


class Root(LazyGroup):
    """The outermost group."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what it failed with is shown, and becomes the exit code."""
        try:
            return super().invoke(ctx)
        except CommandFailed as error:
            failure = error
        except KeyboardInterrupt:
            failure = CommandFailed("interrupted", code=INTERRUPTED)
        except BrokenPipeError:
            # What is left to be written at exit has to go somewhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(UNREAD) from None
        from augury.cli.output import show_failure  # only here is there anything to draw

        show_failure(failure)
        raise typer.Exit(failure.code)


class _Inner(LazyGroup):
    def __init__(self, name: str, group: Group) -> None:
        super().__init__(name=name, help=group.help, rich_markup_mode="rich")
        self._group = group
        self.no_args_is_help = group.default is None

    @property
    def table(self) -> Mapping[str, Command | Group]:
        return self._group.commands

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        default = self._group.default
        # Not while a shell completes: it asks what could stand here.
        if default is not None and not ctx.resilient_parsing:
            option = args[0] if args else "-"
            if option.startswith("-") and option not in ctx.help_option_names:
                args = [default, *args]
        return super().parse_args(ctx, args)


def load(name: str, place: str) -> Any:
    """The command that the function at `place` makes."""
    module, _, function = place.partition(":")
    # Loading makes little but what stays: looking for garbage in the middle of it takes a tenth of its time.
    gc.disable()
    callback = cast("Callable[..., Any]", getattr(import_module(module), function))
    gc.enable()
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    alone.command(name, help=_flowing(inspect.getdoc(callback) or ""))(callback)
    return typer.main.get_command(alone)


def _flowing(text: str) -> str:
    """A docstring whose paragraphs fill the width of the terminal, and whose brackets are no markup."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")).replace("[", "\\[")
