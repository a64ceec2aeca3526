"""One prediction while it is here: what the SDK reports to, the files it is given and gives, and its end as a Done.

Both ways of running predictions (serial.py, slots.py) take its steps: start() gives the arguments of predict(), and one
of succeeded(), failed() and cancelled() says how it went. Knows nothing about threads, loops or signals.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Dict, List, Optional, Set, cast

from augury.protocol import Done, Metric, Predict, Progress, ProtocolError
from augury.sdk.fields import File
from augury.sdk.storing import NotStored

from . import convert, failure, invoke
from .capture import Capture, printable
from .channel import Channel, TooBig
from .loader import Predictor
from .stream import Flusher, Stream

if TYPE_CHECKING:
    from .handover import Handover

METRIC_NAMES = 1_000
"""How many metrics one run may record under different names."""
METRIC_LIMIT = 64 << 10
"""Bytes of JSON that the value of a metric may have."""


class Desk:
    """What every run of this worker works with; `predictor` has been set up."""

    def __init__(
        self,
        channel: Channel,
        capture: Capture,
        predictor: Predictor,
        max_output: int,
        fetch_allow: List[str],
        outbox: Optional[str] = None,
    ) -> None:
        self.channel = channel
        self.capture = capture
        self.predictor = predictor
        self.max_output = max_output
        self.fetch_allow = fetch_allow
        self.outbox = outbox
        self.flusher = Flusher()

    def call(self, run: Run, arguments: Dict[str, Any]) -> Any:
        """The result of a sync predict()."""
        signature = self.predictor.signature
        if run.stream is not None:
            return invoke.feed(self.predictor.predict, arguments, run.stream, run.tell)
        return invoke.call(self.predictor.predict, arguments, signature.is_generator, signature.is_text, run.keep)

    def call_async(self, run: Run, arguments: Dict[str, Any]) -> Awaitable[Any]:
        """The result of an async predict()."""
        signature = self.predictor.signature
        if run.stream is not None:
            return invoke.feed_async(self.predictor.predict, arguments, run.stream, run.tell)
        return invoke.call_async(self.predictor.predict, arguments, signature.is_generator, signature.is_text, run.keep)

    def call_batch(self, arguments: Dict[str, Any]) -> Any:
        """The result of a sync predict() that gets several predictions at once."""
        return invoke.call(self.predictor.predict, arguments, False, False, _as_it_is)

    def call_batch_async(self, arguments: Dict[str, Any]) -> Awaitable[Any]:
        """The result of an async one."""
        return invoke.call_async(self.predictor.predict, arguments, False, False, _as_it_is)

    def warn_outside(self, where: str, error: BaseException) -> None:
        """Tell in the worker's own log what the model's code raised where no prediction can answer for it."""
        kind, message, _ = failure.describe(error, where)
        self.capture.warn(None, f"{where}: {kind}: {message}")

    def report(self, done: Done) -> None:
        """Send a prediction's end, whatever its output is: one that cannot be sent is a failed one."""
        try:
            frame = self.channel.encode(done, self.max_output)
        except TooBig as error:
            frame = self.channel.encode(_refused(done, convert.too_big(error.size, self.max_output)))
        except NotStored as error:
            frame = self.channel.encode(_unstored(done.id, done.seconds, error))
        except (ValueError, TypeError, RecursionError, MemoryError, ProtocolError, OSError) as error:
            frame = self.channel.encode(_refused(done, f"The output could not be handed over: {error}"))
        self.channel.put(frame)


class Run:
    """The run of one prediction, as model code reports to it.

    `folder` gives its scratch folder when asked; `stopped` says whether the model has been told of a cancellation.
    """

    def __init__(self, desk: Desk, predict: Predict, folder: Callable[[], str], stopped: Callable[[], bool]) -> None:
        self.id = predict.id
        self._desk = desk
        self._input = predict.input
        self._files = predict.files
        self._handover: Optional[Handover] = None
        self._folder = folder
        self._started: Optional[float] = None
        self._metrics: Set[str] = set()
        self.stream: Optional[Stream] = None
        """Where the items of predict() go, if they are wanted one by one."""
        if predict.stream and desk.predictor.signature.is_generator:
            self.stream = Stream(
                predict.id,
                desk.channel,
                desk.flusher,
                joined=desk.predictor.signature.is_text,
                max_output=desk.max_output,
                emit=self._emit,
                files=self._untold,
                warn=self.warn,
                stopped=stopped,
            )

    @property
    def scratch(self) -> str:
        return self._folder()

    @property
    def mentions_url(self) -> bool:
        """Whether arguments() may have to fetch something."""
        return _mentions_url(self._input)

    def metric(self, name: str, value: Any) -> None:
        if name not in self._metrics:
            if len(self._metrics) >= METRIC_NAMES:
                if len(self._metrics) == METRIC_NAMES:
                    self._metrics.add("")  # which is no name: told once
                    self.warn(f"metric dropped: {name}: there are {METRIC_NAMES} metrics already; so are all new ones")
                return
            self._metrics.add(name)
        if isinstance(value, (str, list, dict)):
            size = len(self._desk.channel.dump(value))
            if size > METRIC_LIMIT:
                self.warn(f"metric dropped: {name}: {size} bytes of JSON are more than {METRIC_LIMIT}")
                return
        self._desk.channel.send(Metric(self.id, name, value))

    def progress(self, fraction: float, message: Optional[str]) -> None:
        self._desk.channel.send(Progress(self.id, fraction, None if message is None else printable(message)))

    def warn(self, text: str) -> None:
        self._desk.capture.warn(self.id, text)

    def arguments(self) -> Dict[str, Any]:
        """What predict() is to be called with; file inputs are fetched here. Raises what the input deserves."""
        arguments, ignored = convert.decode_input(self._desk.predictor.signature, self._input, self._fetch)
        for name in ignored:
            self.warn(f"The input {name!r} is not one of this model's: it was dropped.")
        return arguments

    def keep(self, item: Any) -> Any:
        """What stands for an item that was yielded, its files taken now; what is no output fails at the end."""
        if item is None or isinstance(item, (str, int, float)):
            return item
        try:
            plain, warnings = convert.encode_output(item, self._emit)
        except convert.OutputError:
            return item
        for warning in warnings:
            self.warn(warning)
        return plain

    def begin(self) -> None:
        """predict() is entered now."""
        self._started = time.perf_counter()

    def succeeded(self, value: Any) -> Done:
        """The end of a run that returned `value`, or failed where that is no output."""
        seconds = self._seconds()
        stream = self.stream
        try:
            if stream is not None and value is stream:
                # Its items that wait to be sent tell of their files themselves.
                return Done(self.id, "succeeded", seconds, stream.whole())
            output, warnings = convert.encode_output(value, self._emit_returned)
            if stream is not None and isinstance(output, str if self._desk.predictor.signature.is_text else list):
                stream.parts(output)
        except convert.OutputError as error:
            return Done(self.id, "failed", seconds, type="OutputError", message=str(error))
        except NotStored as error:
            return _unstored(self.id, seconds, error)
        except Exception as error:  # noqa: BLE001 - converting calls the model's own objects: what they raise is the model's.
            return self._failed(error, seconds)
        for warning in warnings:
            self.warn(warning)
        if self._handover is None:
            return Done(self.id, "succeeded", seconds, output)
        return Done(self.id, "succeeded", seconds, output, files=self._untold())

    def failed(self, error: BaseException) -> Done:
        """The end of a run whose predict(), or whose input, raised this."""
        if isinstance(error, convert.InputError):
            cause = error.__cause__  # the author's own check of a value
            traceback = [] if cause is None else failure.describe(cause).traceback
            return Done(self.id, "failed", None, None, "InputError", str(error), traceback)
        if isinstance(error, NotStored):
            return _unstored(self.id, self._seconds(), error)
        return self._failed(error, self._seconds())

    def cancelled(self, error: Optional[BaseException]) -> Done:
        """The end of a run that was cancelled; an error that its clean-up raised is told in the log."""
        seconds = self._seconds()
        if error is not None:
            self.tell(error)
        return Done(self.id, "cancelled", seconds)

    def tell(self, error: BaseException) -> None:
        """Put into the log what the model's code raised while it was being left."""
        for line in failure.describe(error).traceback:
            self.warn(line)

    def end(self, done: Done) -> None:
        """Report the end, after everything that was yielded before it."""
        try:
            if self.stream is not None:
                self.stream.flush()
        except NotStored as error:
            done = _unstored(self.id, done.seconds, error)
        finally:
            if self._handover is not None:
                self._handover.drop()
            self._desk.report(done)

    def _failed(self, error: BaseException, seconds: Optional[float]) -> Done:
        kind, message, traceback = failure.describe(error)
        return Done(self.id, "failed", seconds, None, kind, message, traceback)

    def _seconds(self) -> Optional[float]:
        return None if self._started is None else time.perf_counter() - self._started

    def _fetch(self, text: str, request: convert.FileRequest) -> File:
        from . import fetch  # slow to import, and most models have no file inputs

        own = self._files.get(text)
        fetcher = fetch.Fetcher(self._desk.fetch_allow, request.media_types, request.max_bytes)
        try:
            if own is None:
                path, name, content_type = fetcher.fetch(text, self.scratch)
            else:
                path, name, content_type = fetcher.copy(own[0], own[1], own[2], self.scratch)
        except fetch.FetchError as error:
            raise convert.InputError(f"input.{request.place}: {error}") from None
        return File(path, name=name, content_type=content_type)

    def _emit(self, file: File) -> str:
        return self._taken(file, returned=False)

    def _emit_returned(self, file: File) -> str:
        return self._taken(file, returned=True)

    def _taken(self, file: File, returned: bool) -> str:
        outbox = self._desk.outbox
        if outbox is None:
            return data_uri(file, self._desk.max_output)
        if self._handover is None:
            from .handover import Handover  # most models have no output files

            self._handover = Handover(outbox)
        return self._handover.take(file, self.scratch, returned)

    def _untold(self) -> List[Dict[str, Any]]:
        return [] if self._handover is None else self._handover.untold()


def data_uri(file: File, limit: int) -> str:
    """The file's bytes as a data: URI with its content type; raises OSError over `limit` or without such a file."""
    import base64

    if not os.path.isfile(file):
        raise OSError("is no file that the run has written")
    size = os.path.getsize(file)
    if size * 4 // 3 > limit:
        raise OSError(f"has {size} bytes, more than fits into an output of {limit}")
    return f"data:{file.content_type};base64,{base64.b64encode(file.read_bytes()).decode()}"


def _as_it_is(item: Any) -> Any:
    return item


def _mentions_url(value: Any) -> bool:
    if isinstance(value, str):
        return value[:4].lower() == "http"
    if isinstance(value, dict):
        return any(map(_mentions_url, cast("Dict[str, Any]", value).values()))
    return isinstance(value, list) and any(map(_mentions_url, cast("List[Any]", value)))


def _unstored(prediction: str, seconds: Optional[float], error: NotStored) -> Done:
    return Done(prediction, "failed", seconds, type="storage", message=str(error), unstored=error.file)


def _refused(done: Done, message: str) -> Done:
    return Done(done.id, "failed", done.seconds, type="OutputError", message=message)
