"""Every other API of a server, built over the same services.

Knows each of them by name, and nothing about what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from augury.compat import anthropic, negotiating, openai, replicate
from augury.compat.calls import Calls
from augury.compat.texts import Plans
from augury.domain.prediction import Prediction
from augury.http.fronts import Fronts
from augury.http.services import Limits, Services
from augury.service.links import Links


def forms(links: Links) -> Mapping[str, Callable[[Prediction], bytes]]:
    """What is sent to webhooks in the form of another API, by its name."""
    return {replicate.FORM: partial(replicate.body, links)}


def fronts(services: Services, limits: Limits) -> Fronts:
    """The other APIs."""
    calls = Calls(services.predictions, services.streams, services.models, services.access, limits)
    plans = Plans()
    for_openai = openai.front(calls, plans, services, limits)
    for_anthropic = anthropic.front(calls, plans, services)
    fronts = [for_openai, for_anthropic, replicate.front(calls, services)]
    return Fronts(fronts, negotiating.shared(for_openai, for_anthropic))
