"""`augury push` against a running server: every kind of model, again, and what the server refuses."""

from __future__ import annotations

import http.server
import os
import threading
from pathlib import Path

import pytest

from tests.cli.commands import Augury, write_model
from tests.support.server import Server

HELLO = """
def predict(name: str) -> str:
    return f"Hello {name}"
"""

MODELS = {
    "function": HELLO,
    "class": """
        class Predictor:
            def setup(self):
                self.greeting = "Hello"

            def predict(self, name: str) -> str:
                return f"{self.greeting} {name}"
        """,
    "async": """
        async def predict(name: str) -> str:
            return f"Hello {name}"
        """,
    "async-class": """
        class Predictor:
            async def predict(self, name: str) -> str:
                return f"Hello {name}"
        """,
    "script": """
        # /// script
        # requires-python = ">=3.9"
        # dependencies = []
        # [tool.augury]
        # concurrency = 2
        # ///
        def predict(name: str) -> str:
            return f"Hello {name}"
        """,
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_file_is_published_and_answers(augury: Augury, tmp_path: Path, kind: str) -> None:
    path = write_model(tmp_path, MODELS[kind])
    pushed = augury.done("push", path, f"file-{kind}")
    assert pushed.out == f"owner/file-{kind}:1\n"
    assert augury.done("predict", f"file-{kind}", "-i", "name=Ada").out == "Hello Ada\n"


@pytest.mark.parametrize(
    "code", ["def predict(n: int) -> Iterator[str]:", "async def predict(n: int) -> AsyncIterator[str]:"]
)
def test_the_items_of_a_generator_become_a_list(augury: Augury, tmp_path: Path, code: str) -> None:
    text = f"from typing import AsyncIterator, Iterator\n{code}\n    for one in range(n):\n        yield str(one)\n"
    name = f"generator-{'async' if 'async' in code else 'plain'}"
    augury.done("push", write_model(tmp_path, text), name)
    assert augury.done("predict", name, "-i", "n=3").json == ["0", "1", "2"]


def test_a_folder_with_a_description_and_modules_is_published(augury: Augury, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_model(
        folder, "from words import GREETING\ndef predict(name: str) -> str:\n    return GREETING + name", "run.py"
    )
    write_model(folder, 'GREETING = "Good day, "', "words.py")
    write_model(
        folder, '[project]\nname = "m"\nversion = "1"\n[tool.augury]\npredictor = "run.py:predict"', "pyproject.toml"
    )
    assert augury.done("push", folder, "owner/folder").out == "owner/folder:1\n"
    assert augury.done("predict", "owner/folder:1", "-i", "name=Ada").out == "Good day, Ada\n"


def test_what_other_apis_a_version_is_offered_through_is_shown(augury: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, "def predict(prompt: str) -> str:\n    return prompt\n")
    pushed = augury.done("push", path, "writer")
    offered = ["openai_chat_completions", "openai_responses", "anthropic_messages"]
    assert pushed.out == "owner/writer:1\n"
    assert f"offers: {', '.join(offered)}\n" in pushed.err
    again = augury.done("push", path, "writer", "--json")
    assert again.json == {"version": "owner/writer:2", "number": 2, "offers": offered}
    shown = augury.done("versions", "show", "writer:2", "--json").json["compatibilities"]
    assert [name for name, offers in shown.items() if offers] == offered


def test_what_the_author_says_of_other_apis_is_what_counts(augury: Augury, tmp_path: Path) -> None:
    said = "compatibilities = {anthropic_messages = false, openai_responses = false}"
    options = f"# /// script\n# [tool.augury]\n# {said}\n# ///\n"
    path = write_model(tmp_path, f"{options}def predict(prompt: str) -> str:\n    return prompt\n")
    assert "offers: openai_chat_completions\n" in augury.done("push", path, "reticent").err
    assert "offers" not in augury.done("push", write_model(tmp_path, HELLO), "reticent").err


def test_the_same_files_are_not_sent_again_and_become_another_version(augury: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, HELLO)
    augury.done("push", path, "twice", "--notes", "the first")
    again = augury.done("push", path, "twice", "--notes", "the second")
    assert again.out == "owner/twice:2\n"
    assert "already" in again.err
    versions = augury.done("versions", "list", "twice", "--json").json
    assert [(one["number"], one["release_notes"]) for one in versions] == [(2, "the second"), (1, "the first")]


def test_a_model_is_private_unless_it_is_made_public_then_or_later(augury: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, HELLO)
    augury.done("push", path, "seen")
    assert augury.done("models", "show", "seen", "--json").json["visibility"] == "private"
    augury.done("push", path, "seen", "--public")
    assert augury.done("models", "show", "seen", "--json").json["visibility"] == "public"
    augury.done("push", path, "seen")
    assert augury.done("models", "show", "seen", "--json").json["visibility"] == "public"


def test_a_big_bundle_arrives_whole(augury: Augury, tmp_path: Path) -> None:
    folder = tmp_path / "big"
    write_model(
        folder,
        "from pathlib import Path\ndef predict() -> int:\n    return Path(__file__).with_name('w').stat().st_size",
    )
    (folder / "w").write_bytes(os.urandom(12 << 20))
    drawn = augury.on_terminal("push", folder, "big")
    assert drawn.code == 0
    assert "owner/big:1" in drawn.out
    assert "uploading" in drawn.out
    assert augury.done("predict", "big").json == 12 << 20


def test_a_model_without_dependencies_is_published_and_answers_in_well_under_a_second(
    augury: Augury, server: Server, tmp_path: Path
) -> None:
    path = write_model(tmp_path, HELLO)
    augury.done("push", path, "quick")
    found = augury.done("predict", "quick", "-i", "name=Ada", "--json").json
    assert found["setup_time"] is not None
    assert float(found["setup_time"].removeprefix("PT").removesuffix("S")) < 0.9
    assert found["metrics"]["queue_time"] < 0.95


def test_a_warning_of_the_check_goes_to_the_person(augury: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, "def predict(x):\n    return x\n")
    pushed = augury.done("push", path, "vague")
    assert pushed.out == "owner/vague:1\n"


def test_what_the_server_refuses_is_a_sentence_and_leaves_no_model(augury: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, HELLO)
    ran = augury("push", path, "refused", "--notes", "x" * 300)
    assert ran.code == 1
    assert ran.out == ""
    assert "release_notes" in ran.err
    assert augury("models", "show", "refused").code == 1


def test_somebody_elses_model_is_not_made(augury: Augury, tmp_path: Path) -> None:
    ran = augury("push", write_model(tmp_path, HELLO), "ada/hers")
    assert (ran.code, ran.out) == (1, "")
    assert "ada/hers" in ran.err


@pytest.mark.parametrize("name", ["No Good", "-x-", "a/b/c", "owner/", "name:1", "x" * 65])
def test_a_name_that_is_none_is_wrong_usage(augury: Augury, tmp_path: Path, name: str) -> None:
    ran = augury("push", write_model(tmp_path, HELLO), "--", name)
    assert (ran.code, ran.out) == (2, "")


def test_without_a_server_the_way_to_one_is_told(alone: Augury, tmp_path: Path) -> None:
    ran = alone("push", write_model(tmp_path, HELLO), "hello")
    assert (ran.code, ran.out) == (1, "")
    assert "augury serve" in ran.err
    assert "AUGURY_URL" in ran.err


def test_a_server_that_does_not_answer_is_named(alone: Augury, tmp_path: Path) -> None:
    ran = alone("push", write_model(tmp_path, HELLO), "hello", url="http://127.0.0.1:1", token="aug_x")
    assert (ran.code, ran.out) == (1, "")
    assert "http://127.0.0.1:1" in ran.err


def test_a_wrong_token_publishes_nothing(augury: Augury, tmp_path: Path) -> None:
    ran = augury("push", write_model(tmp_path, HELLO), "hello", token="aug_wrong")
    assert (ran.code, ran.out) == (1, "")
    assert "token" in ran.err


def test_a_running_server_is_found_by_its_data_folder(server: Server, tmp_path: Path) -> None:
    found = Augury({"data": str(server.data)}, tmp_path)
    assert found.done("push", write_model(tmp_path, HELLO), "found").out == "owner/found:1\n"


def test_the_token_of_this_machines_server_goes_to_no_other(server: Server, tmp_path: Path) -> None:
    seen: list[str | None] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_address[1]}"
        assert Augury({"data": str(server.data)}, tmp_path)("models", "list", url=url).code == 1
        other.shutdown()
    assert seen == [None]
