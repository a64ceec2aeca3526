"""healthcheck(): a worker whose model can go on no more is replaced, and nothing of what waits for it is lost."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from string import Template

import pytest

from tests.support.publishing import Client
from tests.support.server import Server
from tests.support.signals import until

MODEL = """
    import asyncio, os, pathlib, time
    from augury import Input
    class Predictor:
        broken = False
        $def predict(self, n: $int, breaks: $bool) -> $list:
            if $breaks:
                self.broken = True
                raise RuntimeError("the GPU is gone")
            return $result
        def healthcheck(self):
            $answer
"""
ALONE = {"int": "int", "bool": "bool = False", "list": "list", "breaks": "breaks", "result": "[n, os.getpid()]"}
WORDS = {
    "sync": {"def": "def", **ALONE},
    "slots": {"def": "async def", **ALONE},
    "batch": {
        "def": "def",
        "int": "list[int]",
        "bool": "list[bool] = Input(False)",
        "list": "list[list]",
        "breaks": "any(breaks)",
        "result": "[[one, os.getpid()] for one in n]",
    },
}
OPTIONS = {"sync": "", "slots": "concurrency = 3", "batch": "batch = { max_size = 3, max_wait = 0.02 }"}
kinds = pytest.mark.parametrize("kind", list(WORDS))


def model(kind: str, answer: str = "return not self.broken") -> str:
    """A model's source, of which healthcheck() does this."""
    return Template(MODEL).substitute(WORDS[kind], answer=answer)


def unhealthy(client: Client) -> int:
    """How many workers have ended for that."""
    text = client.http.get(f"{client.server.url}/metrics").raise_for_status().text
    found = re.search(r'augury_worker_ends_total\{reason="unhealthy"\} (\S+)', text)
    return 0 if found is None else int(float(found[1]))


@kinds
def test_a_worker_that_is_unhealthy_after_a_failure_is_replaced_and_nothing_is_lost(client: Client, kind: str) -> None:
    before = unhealthy(client)
    name = client.publish(f"broken-{kind}", model(kind), OPTIONS[kind])
    pid = client.create(name, wait=20, n=0)["output"][1]
    with ThreadPoolExecutor(12) as pool:
        first = client.create(name, n=-1, breaks=True)
        held = [pool.submit(client.create, name, 20, n=n) for n in range(12)]
        assert client.ended(first["id"])["error"]["message"] == "the GPU is gone"
        ended = [one.result() for one in held]
    # In a batch the others of it fail with it.
    others = [one for one in ended if one["status"] == "succeeded"]
    assert [one["output"][0] for one in ended if one in others] == [n for n in range(12) if ended[n] in others]
    assert all("the GPU is gone" in str(one["error"]) for one in ended if one not in others)
    assert len(others) >= (10 if kind == "batch" else 12)
    until(lambda: unhealthy(client) == before + 1, "it is counted")
    assert client.create(name, wait=20, n=1)["output"][1] != pid
    if kind == "sync":
        assert all(one["output"][1] != pid for one in others), "it is asked before the next one begins"
    assert "healthcheck() returned False" in client.server.log


@pytest.mark.parametrize("kind", ["sync", "slots"])
def test_one_that_does_not_answer_is_killed_and_what_it_was_sent_runs_elsewhere(client: Client, kind: str) -> None:
    answer = "import augury.runner.health as health; health.LIMIT = 0.3; time.sleep(60 if self.broken else 0)"
    name = client.publish(f"silent-{kind}", model(kind, answer), OPTIONS[kind])
    pid = client.create(name, wait=20, n=0)["output"][1]
    assert client.create(name, wait=20, n=-1, breaks=True)["status"] == "failed"
    ended = [client.create(name, wait=20, n=n) for n in range(3)]
    assert [one["output"][0] for one in ended] == [0, 1, 2]
    assert {one["output"][1] for one in ended}.isdisjoint({pid})


@kinds
def test_a_version_that_is_never_well_after_setup_is_broken_and_says_why(client: Client, kind: str) -> None:
    name = client.publish(f"never-{kind}", model(kind, "raise OSError('no GPU')"), OPTIONS[kind])
    ended = client.create(name, wait=20, n=0)
    assert (ended["status"], ended["error"]["detail"]["type"]) == ("failed", "setup_failed")
    assert "healthcheck() raised OSError: no GPU" in ended["error"]["message"]
    assert client.create(name, wait=20, n=0)["error"]["detail"]["broken"] is True


def test_one_that_is_kept_warm_is_replaced_while_nobody_asks(client: Client, server: Server) -> None:
    flag = client.folder / "ill"
    answer = f"""import augury.runner.health as health
            health.IDLE = 0.1
            ill = pathlib.Path({str(flag)!r})
            if ill.exists():
                ill.unlink()
                return False"""
    name = client.publish("warm", model("sync", answer), "workers = { min = 1, max = 1 }")
    pid = client.create(name, wait=20, n=0)["output"][1]
    before = unhealthy(client)
    flag.touch()
    until(lambda: unhealthy(client) == before + 1, "it is counted")
    ended = client.create(name, wait=20, n=1)
    assert ended["output"][1] != pid
