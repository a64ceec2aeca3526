"""Files that models put out and are given: links that lead to the bytes, for as long as the prediction keeps them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Generator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.publishing import Client, Json
from tests.support.receiver import receiving
from tests.support.server import Server, running
from tests.support.signals import until

EVERYWHERE = """
    import dataclasses, pathlib
    from typing import Any
    import augury
    from augury import File

    @dataclasses.dataclass
    class Page:
        number: int
        scan: File

    def made(name: str, content: str) -> pathlib.Path:
        path = augury.scratch() / name
        path.write_text(content)
        return path

    def predict(word: str) -> dict[str, Any]:
        same = made("same.txt", word)
        return {
            "list": [File(made("a.png", word + "-a")), File(made("b.html", word + "-b"))],
            "nested": {"page": Page(1, File(made("page 1.jpg", word + "-page")))},
            "path": made("plain.txt", word + "-plain"),
            "twice": [File(same), File(same, name="ü.csv", content_type="text/csv")],
            "text": "augury-file-" + "0" * 32,
        }
"""


@pytest.fixture
def anybody() -> Generator[httpx.Client]:
    """Without a token."""
    with httpx.Client(timeout=25) as http:
        yield http


def files_of(server: Server) -> list[Path]:
    """Every file that is kept, finished or not."""
    places = [
        *server.data.glob("blobs/files/*/*"),
        *server.data.glob("blobs/.*/*"),
        *server.data.glob("engine/files/*"),
    ]
    return [one for one in places if one.is_file()]


def left_by_workers(server: Server) -> list[Path]:
    """What is in the folders of workers that should have nothing in them."""
    return [
        one
        for name in ("scratch", "spill")
        for one in server.data.glob(f"engine/workers/*/{name}/**/*")
        if one.is_file()
    ]


def fetched(anybody: httpx.Client, url: str) -> tuple[str, str, str]:
    """Content, type and name of what a link leads to."""
    answer = anybody.get(url)
    assert answer.status_code == 200, answer.text
    name = answer.headers["content-disposition"].rpartition("''")[2]
    return answer.text, answer.headers["content-type"], name


def test_files_anywhere_in_an_output_are_links_with_type_and_name(
    server: Server, client: Client, anybody: httpx.Client
) -> None:
    model = client.publish("everywhere", EVERYWHERE)
    found = client.create(model, wait=20, word="hi")
    assert found["status"] == "succeeded", found
    output = found["output"]
    assert fetched(anybody, output["list"][0]) == ("hi-a", "image/png", "a.png")
    assert fetched(anybody, output["list"][1]) == ("hi-b", "text/html; charset=utf-8", "b.html")
    assert fetched(anybody, output["nested"]["page"]["scan"]) == ("hi-page", "image/jpeg", "page%201.jpg")
    assert fetched(anybody, output["path"]) == ("hi-plain", "text/plain; charset=utf-8", "plain.txt")
    assert fetched(anybody, output["twice"][0])[0] == "hi"
    assert fetched(anybody, output["twice"][1]) == ("hi", "text/csv; charset=utf-8", "%C3%BC.csv")
    assert output["text"] == "augury-file-" + "0" * 32
    assert client.get(found["id"])["output"] == output
    assert all("expires" not in url for url in (output["path"], *output["list"]))
    assert not left_by_workers(server)


STREAM = """
    import pathlib
    from typing import Any, Iterator
    import augury
    from augury import File

    def predict(count: int) -> Iterator[Any]:
        path = augury.scratch() / "frame.txt"
        for number in range(count):
            path.write_text(f"frame {number}")
            yield {"number": number, "frame": File(path)} if number % 2 == 0 else f"item {number}"
"""


def events(client: Client, prediction_id: str) -> list[Any]:
    text = client.http.get(f"/predictions/{prediction_id}/stream").text
    frames = [
        dict(line.split(": ", 1) for line in frame.splitlines()) for frame in text.split("\n\n") if "data: " in frame
    ]
    return [json.loads(frame["data"]) for frame in frames if frame["event"] == "output"]


def test_files_in_a_stream_are_links_to_what_each_was_when_it_was_yielded(
    client: Client, anybody: httpx.Client
) -> None:
    model = client.publish("frames", STREAM)
    created = client.http.post("/predictions", json={"model": model, "input": {"count": 21}, "stream": True}).json()
    items = events(client, created["id"])
    assert [item if isinstance(item, str) else item["number"] for item in items] == [
        number if number % 2 == 0 else f"item {number}" for number in range(21)
    ]
    for item in items[::2]:
        assert fetched(anybody, item["frame"])[0] == f"frame {item['number']}"
    assert client.ended(created["id"])["output"] == items
    assert len({item["frame"] for item in items[::2]}) == 11


def test_an_async_model_with_several_slots_puts_out_files_too(client: Client, anybody: httpx.Client) -> None:
    model = client.publish("async-files", EVERYWHERE.replace("def predict", "async def predict"), "concurrency = 4")
    made = [client.create(model, word=f"w{number}") for number in range(8)]
    for number, one in enumerate(made):
        assert fetched(anybody, client.ended(one["id"])["output"]["path"])[0] == f"w{number}-plain"


def test_what_a_model_keeps_elsewhere_stays_where_it_is(client: Client, anybody: httpx.Client, tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("kept")
    model = client.publish(
        "elsewhere", "from augury import File\ndef predict(path: str) -> File:\n    return File(path)\n"
    )
    for _ in range(2):
        assert fetched(anybody, client.create(model, wait=20, path=str(own))["output"])[0] == "kept"
    assert own.read_text() == "kept"


def test_a_removed_predictions_files_are_gone_with_it(
    own_server: Server, own_client: Client, anybody: httpx.Client
) -> None:
    model = own_client.publish("everywhere", EVERYWHERE)
    kept, removed = (own_client.create(model, wait=20, word=word) for word in ("kept", "removed"))
    before = len(files_of(own_server))
    assert before == 12
    assert own_client.http.delete(f"/predictions/{removed['id']}").status_code == 200
    answer = anybody.get(removed["output"]["path"])
    assert (answer.status_code, answer.json()["code"]) == (410, "file_removed")
    assert len(files_of(own_server)) == 6
    assert fetched(anybody, kept["output"]["path"])[0] == "kept-plain"


def test_retention_removes_files_and_their_bytes(tmp_path: Path, anybody: httpx.Client) -> None:
    with running(tmp_path, retention="1s") as server, closing(Client(server, tmp_path)) as client:
        found = client.create(client.publish("everywhere", EVERYWHERE), wait=20, word="old")
        until(lambda: anybody.get(found["output"]["path"]).status_code == 410, "the link is dead")
        until(lambda: not files_of(server), "the bytes are gone")


FAILING = """
    import augury
    from augury import File
    from typing import Any

    def predict(how: str) -> Any:
        path = augury.scratch() / "out.bin"
        path.write_bytes(b"x" * 1000)
        if how == "raise":
            raise ValueError("no")
        if how == "unfit":
            return [File(path), object()]
        if how == "missing":
            return File(augury.scratch() / "missing.png")
        if how == "folder":
            return File(augury.scratch())
        return File(path)
"""


def test_whatever_happens_no_file_is_left_behind(own_server: Server, own_client: Client) -> None:
    model = own_client.publish("failing", FAILING)
    for how, words in (
        ("raise", "no"),
        ("unfit", "output[1]"),
        ("missing", "missing.png: is no file"),
        ("folder", "is no file"),
    ):
        found = own_client.create(model, wait=20, how=how)
        assert found["status"] == "failed"
        assert words in found["error"]["message"], found["error"]
    assert own_client.create(model, wait=20, how="well")["status"] == "succeeded"
    assert not left_by_workers(own_server)
    assert len(files_of(own_server)) == 1


def test_a_file_that_cannot_be_stored_fails_the_prediction_and_is_named(tmp_path: Path) -> None:
    blobs = tmp_path / "elsewhere"
    with running(tmp_path, blobs_url=blobs.as_uri()) as server, closing(Client(server, tmp_path)) as client:
        model = client.publish("failing", FAILING)
        (blobs / "files").write_text("in the way of a folder")
        found = client.ended(client.create(model, how="well")["id"])
        assert found["status"] == "failed"
        assert found["error"]["source"] == "internal"
        assert found["error"]["message"].startswith("The output file out.bin could not be stored")
        assert found["error"]["detail"]["file"] == "out.bin"
        (blobs / "files").unlink()
        assert client.create(model, wait=20, how="well")["status"] == "succeeded"
        assert not list(server.data.glob("engine/files/*"))


def test_a_disk_that_fails_for_a_moment_fails_nothing(tmp_path: Path) -> None:
    blobs = tmp_path / "elsewhere"
    with running(tmp_path, blobs_url=blobs.as_uri()) as server, closing(Client(server, tmp_path)) as client:
        model = client.publish("failing", FAILING)
        (blobs / "files").write_text("in the way of a folder")
        created = client.create(model, how="well")
        until(lambda: "output file not stored" in server.log, "it was tried")
        (blobs / "files").unlink()
        assert client.ended(created["id"])["status"] == "succeeded"


GATED = """
    import os, threading
    from typing import Iterator
    import augury
    from augury import File

    def predict(gate: str) -> Iterator[File]:
        for number in range(3):
            path = augury.scratch() / f"{number}.txt"
            path.write_text(str(number))
            yield File(path)
        never = threading.Event()
        while not os.path.exists(gate):
            never.wait(0.01)
"""


def test_a_stream_with_files_goes_on_after_its_server_was_killed(
    own_server: Server, own_client: Client, anybody: httpx.Client, tmp_path: Path
) -> None:
    import signal

    model = own_client.publish("gated", GATED)
    gate = tmp_path / "gate"
    body = {"model": model, "input": {"gate": str(gate)}, "stream": True}
    created = own_client.http.post("/predictions", json=body).json()
    first: list[str] = []
    with own_client.http.stream("GET", f"/predictions/{created['id']}/stream") as answer:
        for line in answer.iter_lines():
            if line.startswith("data: ") and "/v1/files/" in line:
                first.append(json.loads(line[6:]))
            if len(first) == 3:
                break
    own_server.restart(signal.SIGKILL)
    gate.touch()
    assert own_client.ended(created["id"], deadline=25)["output"] == first
    assert [fetched(anybody, url)[0] for url in first] == ["0", "1", "2"]


@pytest.mark.timeout(120)  # two thousand requests, one after the other: half a minute and more on a busy machine
def test_a_thousand_runs_with_output_files_leave_the_disk_flat(own_server: Server, own_client: Client) -> None:
    model = own_client.publish("failing", FAILING)
    ids: list[str] = []
    for _ in range(1000):
        found = own_client.create(model, wait=20, how="well")
        assert found["status"] == "succeeded"
        ids.append(found["id"])
    assert len(files_of(own_server)) == 1000
    assert not left_by_workers(own_server)
    for one in ids:
        own_client.http.delete(f"/predictions/{one}").raise_for_status()
    assert not files_of(own_server)


def test_a_link_is_the_same_in_the_answer_the_list_and_the_stream_of_a_model_without_items(
    client: Client, anybody: httpx.Client
) -> None:
    model = client.publish("failing", FAILING)
    created = client.http.post("/predictions", json={"model": model, "input": {"how": "well"}, "stream": True}).json()
    items = events(client, created["id"])
    found = client.ended(created["id"])
    assert items == [found["output"]]
    assert len(fetched(anybody, found["output"])[0]) == 1000


def test_a_big_output_file_never_passes_through_memory(own_server: Server, own_client: Client) -> None:
    source = """
        import augury
        from augury import File
        def predict(size: int) -> File:
            path = augury.scratch() / "big.bin"
            with open(path, "wb") as file:
                file.truncate(size)
            return File(path)
    """
    model = own_client.publish("big", source)
    own_client.create(model, wait=20, size=1)
    before = _peak(own_server.pid)
    found = own_client.create(model, wait=25, size=4 << 30)
    assert found["status"] == "succeeded", found
    head = own_client.http.head(found["output"])
    assert head.headers["content-length"] == str(4 << 30)
    assert _peak(own_server.pid) - before < 50 << 20
    assert len(own_client.http.get(found["output"], headers={"Range": "bytes=4294967290-"}).content) == 6


def _peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


READING = """
    import hashlib
    from typing import Annotated, Any, Optional, Union
    from augury import File, Input

    Image = Annotated[File, Input(media_types=["image/*"], max_bytes=1000)]

    def predict(
        image: Image = None, pages: list[File] = [], note: Optional[str] = None, any: Union[File, int, None] = None
    ) -> Any:
        def seen(file: File) -> Any:
            content = file.read_bytes()
            with open(file, "r+b") as again:
                again.write(b"#")
            return [file.name, file.content_type, len(content), hashlib.sha256(content).hexdigest()[:8]]
        return {
            "image": image and seen(image), "pages": [seen(page) for page in pages], "note": note,
            "any": seen(any) if isinstance(any, File) else any,
        }
"""


def upload(client: Client, content: bytes, mime_type: str = "image/png", name: str | None = None) -> str:
    """Upload a file of one part; its link."""
    body = {"size": len(content), "mime_type": mime_type, **({} if name is None else {"name": name})}
    begun = client.http.post("/uploads", json=body).raise_for_status().json()
    etag = httpx.put(begun["urls"][0], content=content).raise_for_status().headers["etag"]
    done = client.http.post(f"/uploads/{begun['id']}/complete", json={"etags": [etag]}).raise_for_status()
    return done.json()["download_url"]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


def test_an_uploaded_file_is_a_local_one_for_the_model_and_a_text_stays_a_text(client: Client) -> None:
    model = client.publish("reading", READING)
    link = upload(client, b"picture", name="cat.png")
    page = upload(client, b"page", "application/pdf")
    for _ in range(2):  # What the model has done to its copy is not seen by the next one.
        found = client.create(model, wait=20, image=link, pages=[page, "data:text/csv,a"], note=link, any=page)
        assert found["status"] == "succeeded", found
        assert found["output"] == {
            "image": ["cat.png", "image/png", 7, digest(b"picture")],
            "pages": [["file.pdf", "application/pdf", 4, digest(b"page")], ["file.csv", "text/csv", 1, digest(b"a")]],
            "note": link,
            "any": ["file.pdf", "application/pdf", 4, digest(b"page")],
        }


def test_a_queued_prediction_finds_its_uploaded_file_too(client: Client) -> None:
    model = client.publish("reading-later", READING)
    link = upload(client, b"picture")
    made = [client.create(model, image=link) for _ in range(20)]
    assert {client.ended(one["id"])["output"]["image"][3] for one in made} == {digest(b"picture")}


def test_an_output_is_an_input_of_another_prediction(client: Client) -> None:
    made = client.create(client.publish("everywhere", EVERYWHERE), wait=20, word="hi")["output"]
    found = client.create(client.publish("reading", READING), wait=20, image=made["list"][0], any=made["path"])
    assert found["output"]["image"] == ["a.png", "image/png", 4, digest(b"hi-a")]
    assert found["output"]["any"] == ["plain.txt", "text/plain", 8, digest(b"hi-plain")]


def refused(client: Client, model: str, **inputs: Any) -> list[tuple[str, list[Any]]]:
    """What a 422 says of this input, before anything is stored."""
    before = client.http.get("/predictions", params={"page_size": 1}).json()["items"]
    body = {"model": model, "input": inputs}
    answer = client.http.post("/predictions", json=body, headers={"Validate-Input": "true"})
    assert answer.status_code == 422, answer.text
    assert client.http.get("/predictions", params={"page_size": 1}).json()["items"] == before
    return [(one["type"], one["loc"]) for one in answer.json()["detail"]]


def test_a_file_that_a_field_does_not_accept_is_refused_before_anything_is_stored(client: Client) -> None:
    model = client.publish("reading", READING)
    at = ["body", "input", "image"]
    html = upload(client, b"<html>", "text/html")
    assert refused(client, model, image=html) == [("file_type", at)]
    assert refused(client, model, image="data:text/html,<p>") == [("file_type", at)]
    assert refused(client, model, image="data:,plain") == [("file_type", at)]
    assert refused(client, model, image="data:image/png") == [("file_data", at)]
    assert refused(client, model, image=upload(client, b"x" * 1001)) == [("file_size", at)]
    big = base64.b64encode(b"x" * 1001).decode()
    assert refused(client, model, image=f"data:image/png;base64,{big}") == [("file_size", at)]
    fine = base64.b64encode(b"x" * 1000).decode()
    assert client.create(model, wait=20, image=f"data:image/png;base64,{fine}")["status"] == "succeeded"
    assert client.create(model, wait=20, pages=[html])["status"] == "succeeded"
    link = upload(client, b"abc")
    changed = link[:-1] + ("0" if link[-1] != "0" else "1")
    assert refused(client, model, image=changed) == [("file_link", at)]
    assert refused(client, model, pages=[link, changed]) == [("file_link", ["body", "input", "pages", 1])]


def test_without_being_asked_a_wrong_file_fails_the_prediction_with_the_same_list(client: Client) -> None:
    model = client.publish("reading", READING)
    found = client.create(model, wait=20, image="data:text/html,<p>")
    assert (found["status"], found["error"]["source"]) == ("failed", "external")
    assert [one["type"] for one in found["error"]["detail"]["problems"]] == ["file_type"]


def test_what_is_only_known_when_it_is_fetched_fails_then(client: Client, tmp_path: Path) -> None:
    model = client.publish("reading", READING)

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/away" else 200)
            if self.path == "/away":
                self.send_header("Location", "http://169.254.169.254/latest")
            self.send_header("Content-Type", "text/html" if self.path == "/page" else "image/png")
            self.end_headers()
            self.wfile.write(b"x" * (2000 if self.path == "/big" else 10))

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is to be seen."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{site.server_port}"
        for path, words in (
            ("/page", "a file of type text/html is not accepted"),
            ("/big", "more than the 1000 bytes"),
            ("/away", "is not a public address"),
        ):
            found = client.create(model, wait=20, image=base + path)
            assert found["status"] == "failed"
            assert found["error"]["source"] == "external"
            assert found["error"]["message"].startswith("input.image: ")
            assert words in found["error"]["message"]
        assert client.create(model, wait=20, image=base + "/fine")["output"]["image"][2] == 10
        site.shutdown()


HOSTILE = """
    import os, pathlib
    import augury
    from augury import File
    from augury.runner import handover

    told = handover.Handover.untold

    def predict(name: str, target: str = "") -> File:
        path = augury.scratch() / "out.txt"
        path.write_text("harmless")

        def lying(self):
            found = told(self)
            for one in found:
                one["file"] = name or one["file"]
                if target:
                    place = os.path.join(self._folder, one["file"])
                    os.unlink(place)
                    os.symlink(target, place)
            return found

        handover.Handover.untold = lying
        return File(path)
"""


def test_a_worker_that_lies_about_its_files_gets_none_of_the_servers(own_server: Server, own_client: Client) -> None:
    model = own_client.publish("hostile", HOSTILE)
    token = own_server.data / "token"
    for name in ("../../../../token", "spill-x.json", str(token), "file-" + "0" * 32 + "/../../../../../token"):
        found = own_client.create(model, wait=20, name=name)
        assert found["status"] == "failed"
        assert "is no output file" in str(found["error"])
    found = own_client.ended(own_client.create(model, name="file-" + "0" * 32)["id"])
    assert (found["status"], found["error"]["detail"]["type"]) == ("failed", "storage")
    found = own_client.ended(own_client.create(model, name="", target=str(token))["id"])
    assert (found["status"], found["error"]["detail"]["type"]) == ("failed", "storage")
    assert token.read_text().startswith("aug_")
    assert not files_of(own_server)


CRAMPED = """
    import resource
    from typing import Any, Iterator
    import augury
    from augury import File

    def predict(missing: bool) -> Iterator[Any]:
        path = augury.scratch() / "picture.png"
        if not missing:
            path.write_bytes(b"x" * 100_000)
            # From here on this process has the disk that it would have if that were full.
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        yield File(path)
"""


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_output_file_without_room_is_the_platforms_failure_and_one_that_is_not_there_the_models(
    client: Client, stream: bool
) -> None:
    model = client.publish("cramped", CRAMPED)

    def error(*, missing: bool) -> Json:
        body = {"model": model, "input": {"missing": missing}, "stream": stream}
        return client.ended(client.http.post("/predictions", json=body).json()["id"])["error"]

    ours = error(missing=False)
    assert (ours["source"], ours["detail"]["type"], ours["detail"]["file"]) == ("internal", "storage", "picture.png")
    assert ours["message"] == "The file picture.png could not be stored: File too large."
    theirs = error(missing=True)
    assert (theirs["source"], theirs["detail"]["type"]) == ("external", "OutputError")
    assert "picture.png" in theirs["message"]


DYING = """
    import os, threading
    from typing import Iterator
    import augury
    from augury import File

    def predict(count: int) -> Iterator[File]:
        for number in range(count):
            path = augury.scratch() / "frame.txt"
            path.write_text(str(number))
            yield File(path)
        threading.Event().wait(0.05)
        os._exit(3)
"""


def test_files_of_a_worker_that_dies_are_kept_and_the_error_is_the_last_event(
    own_server: Server, own_client: Client, anybody: httpx.Client
) -> None:
    model = own_client.publish("dying", DYING)
    body = {"model": model, "input": {"count": 50}, "stream": True}
    created = own_client.http.post("/predictions", json=body).json()
    links = events(own_client, created["id"])
    assert own_client.ended(created["id"])["error"]["detail"]["exit"] == "exit code 3"
    assert links
    assert [fetched(anybody, link)[0] for link in links] == [str(number) for number in range(len(links))]
    until(lambda: len(files_of(own_server)) == len(links), "nothing is left that no link leads to")


def test_a_webhook_has_the_same_link(tmp_path: Path) -> None:
    with (
        receiving() as receiver,
        running(tmp_path, webhook_allow="127.0.0.0/8") as server,
        closing(Client(server, tmp_path)) as client,
    ):
        model = client.publish("failing", FAILING)
        body = {"model": model, "input": {"how": "well"}, "webhook": {"url": receiver.url}}
        created = client.http.post("/predictions", json=body).json()
        found = client.ended(created["id"])
        assert "/v1/files/" in found["output"]
        assert receiver.until_ended()[-1].json["output"] == found["output"]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_generator_that_is_not_streamed_puts_out_each_file_as_it_was_when_it_was_yielded(
    client: Client, anybody: httpx.Client, kind: str
) -> None:
    source = (
        STREAM
        if kind == "sync"
        else STREAM.replace("def predict", "async def predict").replace("Iterator", "AsyncIterator")
    )
    output = client.create(client.publish(f"unstreamed-{kind}", source), wait=20, count=5)["output"]
    assert [fetched(anybody, one["frame"])[0] for one in output[::2]] == ["frame 0", "frame 2", "frame 4"]
    assert output[1::2] == ["item 1", "item 3"]
