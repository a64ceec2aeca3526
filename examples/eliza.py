# /// script
# requires-python = ">=3.10"
# dependencies = []
#
# [tool.augury.compatibilities]
# openai_chat_completions = true
# ///
"""A therapist of 1966 who speaks OpenAI's own language: a native model, given a request's body, yielding its chunks.

What somebody says is matched against a few patterns; the rest of the sentence comes back, seen from the other side.
"""

import re
import time
import uuid
from collections.abc import Iterator
from typing import Annotated, Any

from augury import Input, metric

TURNED = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "am": "are", "was": "were", "myself": "yourself",
    "you": "I", "your": "my", "yours": "mine", "yourself": "myself", "i'm": "you are", "i've": "you have",
}  # fmt: skip
PATTERNS = [
    (r"\bi need (.+)", ["Why do you need {}?", "Would it really help you to get {}?"]),
    (r"\bi(?:'m| am) (.+)", ["How long have you been {}?", "How do you feel about being {}?"]),
    (r"\bi (?:feel|felt) (.+)", ["Do you often feel {}?", "When do you usually feel {}?"]),
    (r"\bi (?:can't|cannot) (.+)", ["What would it mean to you if you could {}?", "Why can't you {}?"]),
    (r"\bbecause (.+)", ["Is that the real reason?", "What else comes to mind when you think that {}?"]),
    (r"\bmy (mother|father|sister|brother|family)\b", ["Tell me more about your {}.", "How is it with your {}?"]),
    (r"\byou (.+)", ["We were talking about you, not me.", "Why do you say that I {}?"]),
    (r"\b(?:hello|hi|hey)\b", ["Hello. What is on your mind?"]),
    (r"(.+)\?", ["Why do you ask that?", "What do you think?"]),
]
OTHERWISE = ["Please go on.", "Can you say more about that?", "How does that make you feel?"]


def predict(
    messages: Annotated[list[dict[str, Any]], Input(description="As OpenAI's API has them", min_length=1)],
    max_tokens: Annotated[int, Input(description="Words of the answer at most", ge=1)] = 100,
) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a chat completion, a word in each."""
    said = [text_of(one) for one in messages if one.get("role") == "user"]
    words = answer(said[-1] if said else "", len(said) - 1).split()
    same = {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": "eliza",
    }

    def chunk(delta: dict[str, Any], reason: str | None = None, **beside: Any) -> dict[str, Any]:
        return {**same, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **beside}

    yield chunk({"role": "assistant", "content": ""})
    for number, word in enumerate(words[:max_tokens]):
        yield chunk({"content": f" {word}" if number else word})
    spoken, heard = min(len(words), max_tokens), sum(len(one.split()) for one in said)
    metric("output_tokens", spoken)
    usage = {"prompt_tokens": heard, "completion_tokens": spoken, "total_tokens": heard + spoken}
    yield chunk({}, "length" if spoken < len(words) else "stop", usage=usage)


def answer(said: str, turn: int) -> str:
    """What Eliza says; `turn` is how often she was spoken to before, so that she does not repeat herself."""
    said = said.strip().rstrip(".!").replace("’", "'")
    for pattern, answers in PATTERNS:
        if found := re.search(pattern, said, re.IGNORECASE):
            about = turned(found[1]) if found.groups() else ""
            return answers[turn % len(answers)].format(about)
    return OTHERWISE[turn % len(OTHERWISE)]


def turned(text: str) -> str:
    return " ".join(TURNED.get(word.lower(), word) for word in re.split(r"[.,;!?]", text)[0].split())


def text_of(message: dict[str, Any]) -> str:
    """A message's text: its content, or the parts of it that are text."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    return " ".join(one["text"] for one in content or [] if one.get("type") == "text")
