"""The messages: every kind survives the way, however it is cut, and what is not ours is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury import protocol
from augury.protocol import (
    INLINE_LIMIT,
    Begun,
    Cancel,
    Done,
    Fatal,
    Frames,
    Hello,
    Load,
    Log,
    Message,
    Metric,
    Predict,
    Progress,
    ProtocolError,
    Ready,
    Recall,
    Recalled,
    SetupFailed,
    Shutdown,
    Unhealthy,
)

EVERY: list[Message] = [
    Load("/m", "predict.py:Predictor", 4, "/s", 1000, ["10.0.0.0/8"]),
    Load("/m", None, 1, "/s", 1000),
    Load("/m", None, 8, "/s", 1000, [], None, 0.05),
    Predict("p1", {"text": "ü\u2028\x00😀", "n": 12345678901234567890123, "f": 1.5, "none": None, "list": [1, [2]]}),
    Cancel("p1"),
    Recall(["p1", "p2"]),
    Shutdown(),
    Hello(1, "3.11.7", 42),
    Ready(0.5, 4, ["a warning"]),
    SetupFailed("ValueError", "no", ["line"], "predict.py", 3),
    Log("p1", "stdout", "hello", 1.5),
    Log(None, "stderr", "", 0.0),
    Metric("p1", "tokens", {"in": 1}),
    Progress("p1", 0.5, None),
    Begun(["p1", "p2"]),
    Recalled([]),
    Done("p1", "succeeded", 0.25, {"kind": "Shutdown"}),
    Done("p1", "failed", None, None, "ValueError", "no", ["a", "b"]),
    Unhealthy("healthcheck() returned False"),
    Fatal("the end"),
]


def _through(frames: Frames, data: bytes) -> list[Message]:
    return [protocol.decode(body) for body in frames.feed(data)]


def test_every_message_survives_the_way(tmp_path: Path) -> None:
    data = b"".join(protocol.encode(message, str(tmp_path)) for message in EVERY)
    assert _through(Frames(str(tmp_path)), data) == EVERY


def test_messages_arrive_whole_when_they_come_byte_by_byte(tmp_path: Path) -> None:
    frames = Frames(str(tmp_path))
    data = b"".join(protocol.encode(message, str(tmp_path)) for message in EVERY)
    arrived = [message for byte in data for message in _through(frames, bytes([byte]))]
    assert arrived == EVERY


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_any_input_survives_the_way(values: dict[str, Any]) -> None:
    assert protocol.decode(protocol.encode(Predict("p", values), "/nowhere")[4:]) == Predict("p", values)


def test_a_message_over_the_inline_limit_is_a_file_that_is_gone_once_read(tmp_path: Path) -> None:
    message = Done("p", "succeeded", 1.0, "x" * (5 << 20))
    frame = protocol.encode(message, str(tmp_path))
    assert len(frame) < 100
    assert len(list(tmp_path.iterdir())) == 1
    assert _through(Frames(str(tmp_path)), frame) == [message]
    assert list(tmp_path.iterdir()) == []


def test_a_body_of_exactly_the_inline_limit_travels_inline(tmp_path: Path) -> None:
    bare = len(protocol.encode(Fatal(""), str(tmp_path))) - 4
    for text, files in (("x" * (INLINE_LIMIT - bare), 0), ("x" * (INLINE_LIMIT - bare + 1), 1)):
        frame = protocol.encode(Fatal(text), str(tmp_path))
        assert len(list(tmp_path.iterdir())) == files
        assert _through(Frames(str(tmp_path)), frame) == [Fatal(text)]


@pytest.mark.parametrize(
    "name", ["../outside.json", "/etc/passwd", "spill-x.txt", "other.json", "", "spill-a/b.json", "\udcff"]
)
def test_a_spill_name_that_is_none_of_ours_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.json").write_text("{}")
    folder = tmp_path / "spill"
    folder.mkdir()
    raw = name.encode("utf-8", "surrogateescape")
    with pytest.raises(ProtocolError, match="no spill file"):
        Frames(str(folder)).feed((len(raw) | 1 << 31).to_bytes(4, "big") + raw)
    assert (tmp_path / "outside.json").exists()


def test_a_spill_file_that_is_a_link_is_refused_and_one_that_is_missing_too(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    os.symlink(tmp_path / "secret", tmp_path / "spill-1.json")
    for raw in (b"spill-1.json", b"spill-2.json"):
        with pytest.raises(ProtocolError, match="spill file"):
            Frames(str(tmp_path)).feed((len(raw) | 1 << 31).to_bytes(4, "big") + raw)


def test_a_frame_that_announces_more_than_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="over the limit"):
        Frames(str(tmp_path)).feed((INLINE_LIMIT + 1).to_bytes(4, "big"))


def test_a_body_over_the_message_limit_is_refused_by_both_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = protocol.encode(Fatal("x" * (3 << 20)), str(tmp_path))
    monkeypatch.setattr(protocol, "MESSAGE_LIMIT", 2 << 20)
    with pytest.raises(ProtocolError, match="over the limit"):
        protocol.encode(Fatal("x" * (3 << 20)), str(tmp_path))
    with pytest.raises(ProtocolError, match="over the limit"):
        Frames(str(tmp_path)).feed(frame)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"Cancel"',
        b"{}",
        b'{"kind":"Nonsense"}',
        b'{"kind":["Cancel"]}',
        b'{"kind":"Cancel"}',
        b'{"kind":"Cancel","id":"a","more":1}',
        b'{"kind":"Cancel","id":"\xff"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="not a message"):
        protocol.decode(body)


def test_what_is_no_json_is_not_sent(tmp_path: Path) -> None:
    for value, error in ((float("nan"), ValueError), (object(), TypeError)):
        with pytest.raises(error):
            protocol.encode(Done("p", "succeeded", 1.0, value), str(tmp_path))


def test_lone_surrogates_are_replaced_so_that_the_other_end_can_read(tmp_path: Path) -> None:
    frame = protocol.encode(Fatal("a\ud800b"), str(tmp_path))
    assert json.loads(frame[4:])["message"] == "a?b"
