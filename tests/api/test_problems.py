"""Every error's status and body (D2, D3), through the layers that every request passes."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query, Request
from starlette.middleware import Middleware
from starlette.responses import StreamingResponse

from augury.api.middleware import Allowance, BodyLimit, Envelope
from augury.domain import errors
from augury.http import bodies, problems

pytestmark = pytest.mark.anyio

RAISED: dict[str, tuple[errors.CallerError, int]] = {
    "unauthenticated": (errors.Unauthenticated("No token.", code="missing_token"), 401),
    "forbidden": (errors.Forbidden("Not yours.", code="not_permitted", hint="Ask its owner."), 403),
    "not-found": (errors.NotFound("Nothing.", code="model_not_found"), 404),
    "conflict": (errors.Conflict("Taken.", code="name_taken"), 409),
    "gone": (errors.Gone("Removed.", code="prediction_removed"), 410),
    "too-large": (errors.TooLarge("Over 5 bytes.", code="bundle_too_large"), 413),
    "unavailable": (errors.Unavailable("Stopping.", code="shutting_down"), 503),
}


def application() -> FastAPI:
    usual, bigger = Allowance(1000, "max_body"), Allowance(5000, "max_bundle")
    body_limit = Middleware(BodyLimit, usual=usual, others={("POST", "/big/"): bigger})
    app = FastAPI(middleware=[Middleware(Envelope), body_limit], redirect_slashes=False)
    problems.install(app)

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise RAISED[name][0]

    @app.get("/too-many")
    async def too_many() -> None:
        raise errors.TooManyRequests("Slower.", code="rate_limited", limit=3, reset=time.time() + 7.5)

    @app.get("/bug")
    async def bug() -> None:
        raise ZeroDivisionError("secret-in-a-message")

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"half of"
            raise ZeroDivisionError

        return StreamingResponse(pieces())

    @app.get("/number")
    async def number(size: Annotated[int, Query(ge=1, le=100)]) -> int:
        return size

    @app.post("/echo")
    @app.post("/big/echo")
    async def echo(request: Request) -> int:
        return len(await bodies.read(request.receive))

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


@pytest.mark.parametrize("name", RAISED)
async def test_a_domain_error_has_its_status_and_says_what_why_and_what_to_do(
    client: httpx.AsyncClient, name: str
) -> None:
    error, status = RAISED[name]
    answer = await client.get(f"/raise/{name}")
    assert answer.status_code == status
    assert answer.json() == {
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
        "request_id": answer.headers["x-request-id"],
    }


async def test_a_refusal_for_want_of_a_token_names_the_scheme(client: httpx.AsyncClient) -> None:
    assert (await client.get("/raise/unauthenticated")).headers["www-authenticate"] == "Bearer"


async def test_every_kind_of_domain_error_has_a_status() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CallerError)}
    assert kinds - {errors.CallerError} == set(problems.STATUS)


async def test_too_many_requests_says_when_to_go_on(client: httpx.AsyncClient) -> None:
    answer = await client.get("/too-many")
    assert answer.status_code == 429
    assert answer.headers["x-ratelimit-limit"] == "3"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 5 < float(answer.headers["x-ratelimit-reset"]) - time.time() < 10
    assert 5 <= int(answer.headers["retry-after"]) <= 9


async def test_an_error_of_ours_is_a_500_that_shows_nothing_and_is_in_the_log_under_its_id(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await client.get("/bug")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "secret-in-a-message" in caplog.text


async def test_half_an_answer_is_not_completed_by_an_error(client: httpx.AsyncClient) -> None:
    with pytest.raises(ZeroDivisionError):
        await client.get("/half")


@pytest.mark.parametrize("path", ["/nowhere", "/raise", "/number/", "//", "/raise/x/y"])
async def test_a_path_that_is_none_is_a_404_and_never_a_redirect(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "route_not_found"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_method_that_a_path_does_not_take_is_a_405_that_names_those_it_does(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/number")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("query", "kind", "shown"),
    [("", "missing", None), ("?size=x", "int_parsing", "x"), ("?size=0", "greater_than_equal", "0")],
)
async def test_what_the_framework_refuses_has_the_same_shape(
    client: httpx.AsyncClient, query: str, kind: str, shown: str | None
) -> None:
    answer = await client.get(f"/number{query}")
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert set(problem) == {"loc", "msg", "type", "input", "ctx"}
    assert (problem["loc"], problem["type"], problem["input"]) == (["query", "size"], kind, shown)


async def test_each_request_has_a_name_of_its_own(client: httpx.AsyncClient) -> None:
    names = {(await client.get("/number?size=1")).headers["x-request-id"] for _ in range(50)}
    assert len(names) == 50


async def chunks(number: int, asked: list[int]) -> AsyncIterator[bytes]:
    for index in range(number):
        asked.append(index)
        yield b"x" * 100


async def test_a_body_up_to_the_limit_is_read(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo", content=b"x" * 1000)).json() == 1000
    assert (await client.post("/echo", content=chunks(10, []))).json() == 1000


async def test_an_announced_body_over_the_limit_is_refused_unread(client: httpx.AsyncClient) -> None:
    asked: list[int] = []
    answer = await client.post("/echo", content=chunks(11, asked), headers={"Content-Length": "1100"})
    assert answer.status_code == 413
    assert asked == []
    assert answer.json()["code"] == "body_too_large"
    assert "1,000 bytes" in answer.json()["detail"]
    assert "max_body" in answer.json()["hint"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_body_that_turns_out_over_the_limit_is_refused_before_it_is_read_whole(
    client: httpx.AsyncClient,
) -> None:
    asked: list[int] = []
    answer = await client.post("/echo", content=chunks(10_000, asked))
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    assert len(asked) < 20


async def test_bodies_may_be_bigger_under_their_own_prefix_with_a_limit_of_its_own(client: httpx.AsyncClient) -> None:
    assert (await client.post("/big/echo", content=b"x" * 5000)).json() == 5000
    answer = await client.post("/big/echo", content=b"x" * 5001)
    assert answer.status_code == 413
    assert "max_bundle" in answer.json()["hint"]
