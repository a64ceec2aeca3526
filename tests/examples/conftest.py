"""One server for all the example models."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from wriftai.predictions import PredictionWithDetails

from tests.examples.published import Examples, running


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Generator[Examples]:
    """The examples on a new server."""
    with running(tmp_path_factory.mktemp("examples")) as examples:
        yield examples


@pytest.fixture(scope="session")
def ask(examples: Examples) -> Callable[..., PredictionWithDetails]:
    return examples.ask


@pytest.fixture(scope="session")
def answer(examples: Examples) -> Callable[..., Any]:
    return examples.answer
