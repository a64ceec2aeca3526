"""What a model finds wrong in its input, said of the caller's own parameters.

Knows no provider: they say what they call an option.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from augury.compat.texts import NAMES, TextPlan
from augury.domain.errors import InvalidRequest, Problem

_INPUT = ("body", "input")


def translated(error: InvalidRequest, plan: TextPlan | None, names: Mapping[str, str]) -> InvalidRequest:
    """The error with places in the caller's body; `names` has the options that are called otherwise there."""
    options = {} if plan is None else {plan.takes(option): names.get(option, option) for option in NAMES}
    if plan is not None:
        options[plan.field.name] = names.get("messages", "messages")
    return InvalidRequest([_placed(one, options) for one in error.problems])


def _placed(problem: Problem, options: Mapping[str | None, str]) -> Problem:
    loc = problem.loc
    if loc[:2] != _INPUT:
        return problem
    name, rest = (loc[2], loc[3:]) if len(loc) > 2 else (None, ())
    if name is None:
        return replace(problem, loc=("body",))
    return replace(problem, loc=("body", options.get(str(name), name), *rest))
