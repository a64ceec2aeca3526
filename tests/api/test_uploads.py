"""Uploads and files over HTTP: what is sent in parts comes back whole, and every wrong turn has its answer."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import Server, running
from tests.support.signals import until

PART = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    folder = tmp_path_factory.mktemp("uploads")
    with running(folder, upload_part="1MiB", max_file="64MiB", max_body="256KiB") as started:
        yield started


@pytest.fixture(scope="module")
def owner(server: Server) -> Generator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=25) as http:
        yield http


@pytest.fixture(scope="module")
def stranger(server: Server) -> Generator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=25) as http:
        yield http


def begin(owner: httpx.Client, size: int, mime_type: str = "image/png", **more: Any) -> dict[str, Any]:
    answer = owner.post("/v1/uploads", json={"size": size, "mime_type": mime_type, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def pieces(upload: dict[str, Any], content: bytes) -> list[bytes]:
    size = upload["part_size"]
    return [content[start : start + size] for start in range(0, len(content), size or 1)] or [b""]


def put(stranger: httpx.Client, url: str, content: bytes) -> str:
    answer = stranger.put(url, content=content, headers={"Content-Type": "image/png"})
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def send(stranger: httpx.Client, upload: dict[str, Any], content: bytes) -> list[str]:
    sent = zip(upload["urls"], pieces(upload, content), strict=True)
    return [put(stranger, url, piece) for url, piece in sent]


def complete(owner: httpx.Client, upload: dict[str, Any], etags: list[str]) -> httpx.Response:
    return owner.post(f"/v1/uploads/{upload['id']}/complete", json={"etags": etags})


def uploaded(owner: httpx.Client, stranger: httpx.Client, content: bytes, **more: Any) -> str:
    upload = begin(owner, len(content), **more)
    answer = complete(owner, upload, send(stranger, upload, content))
    assert answer.status_code == 200, answer.text
    return answer.json()["download_url"]


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 3 * PART + 17])
def test_a_file_of_any_size_comes_back_as_it_was(owner: httpx.Client, stranger: httpx.Client, size: int) -> None:
    content = os.urandom(size)
    upload = begin(owner, size)
    assert len(upload["urls"]) == max(1, -(-size // PART))
    assert upload["part_size"] == min(size, PART)
    assert all(url.startswith(str(owner.base_url)) for url in upload["urls"])
    url = uploaded(owner, stranger, content)
    answer = stranger.get(url)
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(size)
    assert answer.headers["content-disposition"] == "inline; filename*=utf-8''file.png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_an_etag_is_the_hash_of_its_part(owner: httpx.Client, stranger: httpx.Client) -> None:
    upload = begin(owner, 3)
    assert put(stranger, upload["urls"][0], b"abc") == f'"{hashlib.sha256(b"abc").hexdigest()}"'


def test_parts_come_in_any_order_at_once_and_again(owner: httpx.Client, stranger: httpx.Client) -> None:
    content = os.urandom(5 * PART + 5)
    upload = begin(owner, len(content))
    parts = list(zip(upload["urls"], pieces(upload, content), strict=True))
    put(stranger, upload["urls"][2], b"x" * PART)
    with ThreadPoolExecutor(6) as pool:
        urls, contents = zip(*reversed(parts), strict=True)
        backwards = list(pool.map(partial(put, stranger), urls, contents))
    answer = complete(owner, upload, backwards[::-1])
    assert answer.status_code == 200, answer.text
    assert stranger.get(answer.json()["download_url"]).content == content


def test_a_part_that_breaks_off_does_not_count_and_can_be_sent_again(
    server: Server, owner: httpx.Client, stranger: httpx.Client
) -> None:
    upload = begin(owner, PART)
    content = os.urandom(PART)
    put(stranger, upload["urls"][0], content)

    def broken() -> Generator[bytes]:
        yield content[: PART // 2]
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        stranger.put(upload["urls"][0], content=broken(), headers={"Content-Length": str(PART)})
    until(lambda: "part_missing" in complete(owner, upload, ['"other"']).text, "the part does not count any more")
    assert complete(owner, upload, [put(stranger, upload["urls"][0], content)]).status_code == 200


def test_completing_twice_gives_the_same_answer(owner: httpx.Client, stranger: httpx.Client) -> None:
    upload = begin(owner, 3)
    etags = send(stranger, upload, b"abc")
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(complete, owner, upload, etags) for _ in range(8)]
    answers = [one.result() for one in futures]
    assert {one.status_code for one in answers} == {200}
    assert len({one.json()["download_url"] for one in answers}) == 1
    late = stranger.put(upload["urls"][0], content=b"abd")
    assert (late.status_code, late.json()["code"]) == (409, "upload_completed")
    assert stranger.get(answers[0].json()["download_url"]).content == b"abc"


def test_what_differs_is_said_and_nothing_is_stored(owner: httpx.Client, stranger: httpx.Client) -> None:
    content = os.urandom(2 * PART + 1)
    upload = begin(owner, len(content))
    first, second, _ = pieces(upload, content)
    one, two = put(stranger, upload["urls"][0], first), put(stranger, upload["urls"][1], second)

    def types(etags: list[str]) -> list[tuple[str, list[Any]]]:
        answer = complete(owner, upload, etags)
        assert answer.status_code == 422
        return [(problem["type"], problem["loc"]) for problem in answer.json()["detail"]]

    assert types([one, two, '"x"']) == [("part_missing", ["body", "etags", 2])]
    assert types([one, two]) == [("parts_count", ["body", "etags"]), ("part_missing", ["body", "etags", 2])]
    third = put(stranger, upload["urls"][2], content[-1:])
    assert types([two, one, third]) == [
        ("etag_mismatch", ["body", "etags", 0]),
        ("etag_mismatch", ["body", "etags", 1]),
    ]
    assert types([one, two, third.strip('"')]) == [("etag_mismatch", ["body", "etags", 2])]
    assert types([one, two, third, third]) == [("parts_count", ["body", "etags"])]
    assert types([]) == [("parts_count", ["body", "etags"])]
    assert complete(owner, upload, [one, two, third]).status_code == 200


@pytest.mark.parametrize("content", [b"ab", b"abcd", b""])
def test_a_part_of_the_wrong_size_is_refused(owner: httpx.Client, stranger: httpx.Client, content: bytes) -> None:
    answer = stranger.put(begin(owner, 3)["urls"][0], content=content)
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert problem["type"] == "part_size"
    assert problem["ctx"] == {"expected": 3}


def test_a_part_in_chunks_is_refused(owner: httpx.Client, stranger: httpx.Client) -> None:
    answer = stranger.put(begin(owner, 3)["urls"][0], content=iter([b"abc"]))
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "Content-Length"]


def test_one_byte_changed_in_a_link_is_forbidden(owner: httpx.Client, stranger: httpx.Client) -> None:
    upload = begin(owner, 3)
    url = uploaded(owner, stranger, b"abc")
    for method, link in (("GET", url), ("PUT", upload["urls"][0])):
        start = link.index("/v1/") + len("/v1/files/" if method == "GET" else "/v1/uploads/")
        for place in range(start, len(link)):
            if link[place] in "/?=&" or (link[place] == "p" and "/parts/" in link[place - 1 : place + 6]):
                continue
            other = "1" if link[place] != "1" else "2"
            changed = link[:place] + other + link[place + 1 :]
            answer = stranger.request(method, changed, content=b"abc" if method == "PUT" else None)
            assert answer.status_code in (403, 404), (changed, answer.text)
            if answer.status_code == 403:
                assert answer.json()["code"] == "bad_signature"
            else:
                assert answer.json()["code"] == "route_not_found"
    for left_out in ("", url.partition("?")[2].partition("&")[0]):
        assert stranger.get(f"{url.partition('?')[0]}?{left_out}").status_code == 403


def test_a_stranger_can_neither_begin_nor_complete(server: Server, owner: httpx.Client, stranger: httpx.Client) -> None:
    upload = begin(owner, 3)
    etags = send(stranger, upload, b"abc")
    assert stranger.post("/v1/uploads", json={"size": 1, "mime_type": "a/b"}).status_code == 401
    assert complete(stranger, upload, etags).status_code == 401
    unknown = owner.post("/v1/uploads/0190a1b2-0000-7000-8000-000000000000/complete", json={"etags": etags})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "upload_not_found")


def test_what_cannot_be_uploaded_is_refused_at_once(owner: httpx.Client) -> None:
    def answer(**body: Any) -> httpx.Response:
        return owner.post("/v1/uploads", json={"size": 1, "mime_type": "image/png", **body})

    assert answer(size=-1).json()["detail"][0]["loc"] == ["body", "size"]
    assert answer(size="1").status_code == 422
    assert answer(mime_type="png").json()["detail"][0]["type"] == "media_type"
    assert answer(mime_type="a/b\r\nx: y").status_code == 422
    big = answer(size=(64 << 20) + 1)
    assert (big.status_code, big.json()["code"]) == (413, "file_too_large")
    assert "max_file" in big.json()["hint"]


def test_a_body_that_is_no_part_keeps_its_own_limit(owner: httpx.Client) -> None:
    upload = begin(owner, 3)
    answer = complete(owner, upload, ["x" * (300 << 10)])
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_the_same_key_begins_one_upload(owner: httpx.Client) -> None:
    body = {"size": 3, "mime_type": "image/png"}
    first, second = (
        owner.post("/v1/uploads", json=body, headers={"Idempotency-Key": "upload-1"}).json() for _ in range(2)
    )
    assert first == second


def test_a_file_is_read_in_ranges_and_asked_for_without_its_bytes(owner: httpx.Client, stranger: httpx.Client) -> None:
    content = os.urandom(3 * PART)
    url = uploaded(owner, stranger, content)
    head = stranger.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(content)))
    part = stranger.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert stranger.get(url, headers={"Range": "bytes=-5"}).content == content[-5:]
    assert stranger.get(url, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    same = {"Range": "bytes=0-0", "If-Range": head.headers["etag"]}
    assert stranger.get(url, headers=same).status_code == 206
    assert stranger.get(url, headers={**same, "If-Range": '"other"'}).status_code == 200
    known = stranger.get(url, headers={"If-None-Match": head.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Grüße aus 東京.png", "Gr%C3%BC%C3%9Fe%20aus%20%E6%9D%B1%E4%BA%AC.png"),
        ("../../etc/passwd", "passwd.png"),
        ('a"b;c.txt', "a%22b%3Bc.txt"),
        ("", "file.png"),
        ("...", "file.png"),
        ("x" * 500 + ".jpeg", "x" * 195 + ".jpeg"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_harmless(
    owner: httpx.Client, stranger: httpx.Client, name: str, shown: str
) -> None:
    url = uploaded(owner, stranger, b"abc", name=name)
    assert url.partition("?")[0].rpartition("/")[2] == shown
    answer = stranger.get(url)
    assert answer.content == b"abc"
    assert answer.headers["content-disposition"] == f"inline; filename*=utf-8''{shown}"


def test_uploads_survive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, upload_part="1MiB") as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers) as owner, httpx.Client(timeout=25) as stranger:
            content = os.urandom(2 * PART)
            upload = begin(owner, len(content))
            one, two = pieces(upload, content)
            first = put(stranger, upload["urls"][0], one)
            server.restart()
            second = put(stranger, upload["urls"][1], two)
            url = complete(owner, upload, [first, second]).json()["download_url"]
            server.restart()
            assert stranger.get(url).content == content


def test_what_has_expired_says_so_and_is_removed(tmp_path: Path) -> None:
    with running(tmp_path, upload_ttl="2s", file_ttl="1s") as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers) as owner, httpx.Client(timeout=25) as stranger:
            late = begin(owner, 3)
            url = uploaded(owner, stranger, b"abc")

            def expired(method: str, link: str) -> bool:
                answer = stranger.request(method, link, content=b"abc" if method == "PUT" else None)
                return answer.status_code == 403 and answer.json()["code"] == "link_expired"

            until(lambda: expired("GET", url), "the file's link expires")
            until(lambda: expired("PUT", late["urls"][0]), "the part's link expires")
            answer = None

            def over() -> bool:
                nonlocal answer
                answer = complete(owner, late, ['"x"'])
                return answer.status_code == 410

            until(over, "the upload is over")
            assert answer is not None
            assert answer.json()["code"] == "upload_expired"
            server.restart()
            blobs = server.data / "blobs"
            until(
                lambda: not [one for one in (*blobs.rglob(".parts/*"), *blobs.rglob("files/*/*")) if one.is_file()],
                "the bytes are gone",
            )
            assert complete(owner, late, ['"x"']).status_code in (404, 410)
