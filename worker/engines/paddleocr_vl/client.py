"""What stands in for the pipeline's client of the VLM server: every request of every page goes through here.

PaddleX's own lets one failed block fail all pages, waits ten minutes for each, and cannot be told to stop. This one
asks again, waits while servers are away, gives up on single blocks only, and ends what a page has in flight when it is
cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from concurrent.futures import Future, wait
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import anyio

from worker.engines.paddleocr_vl.cpu_limiter import CpuLimiter
from worker.engines.paddleocr_vl.document_limiter import Share
from worker.engines.paddleocr_vl.servers import Server, Servers

log = logging.getLogger(__name__)

TRIES = 5
"""Of a block that a server cannot answer. Finding the server away costs none, waiting for it in vain more than one."""
TIMEOUT_COST = 3
PAUSE, PAUSE_MAX = 0.5, 30.0
"""Seconds before the second try, doubled for each one more, unless the server says when to come again."""

_NOT_THE_BLOCKS_FAULT = frozenset({401, 403, 404, 408, 429})
"""The server is busy, or has another key or model than it had."""

KINDS = {
    "OCR:": "text",
    "Table Recognition:": "table",
    "Formula Recognition:": "formula",
    "Chart Recognition:": "chart",
    "Seal Recognition:": "seal",
    "Spotting:": "spotting",
}
"""What a prompt asks for."""

REPEATS, REPEATED, REPEATED_IN_TABLES = 20, 50, 2_000
"""Times, and characters, that a text's end repeats itself where the model cannot stop; tables may have empty rows."""


@dataclass(eq=False)
class PageCall:
    """The requests of a page, from the thread that works on it; they are sent once its `share` lets them."""

    share: Share
    cores: CpuLimiter
    futures: list[Future[Any]] = field(default_factory=list)
    sent: int = 0
    warnings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Of the blocks that were not read, why not."""
    cancelled: bool = False

    def cancel(self) -> None:
        """Ends what is in flight; the thread stops at its next request or answer."""
        self.cancelled = True
        self.end_if_cancelled()

    def end_if_cancelled(self) -> None:
        if self.cancelled:
            for future in self.futures:
                future.cancel()


current_page: ContextVar[PageCall] = ContextVar("current_page")


class _Answer:
    """A future as PaddleX uses them. Who waits for it lends its core to others; the answers of a page come together."""

    def __init__(self, page: PageCall, future: Future[Any]) -> None:
        self._page = page
        self._future = future
        self.done = future.done
        self.cancel = future.cancel

    def result(self) -> Any:
        if not self._future.done():
            with self._page.cores.lent():
                wait(self._page.futures)
        return self._future.result()


class _Refused(Exception):
    """The block is not read; says why."""


class _Failed(Exception):
    """A request failed and may be sent again; says why. `cost` is in tries, `pause` what the server asks for."""

    def __init__(self, reason: str, cost: int = 1, pause: float | None = None) -> None:
        super().__init__(reason)
        self.cost = cost
        self.pause = pause


class Client:
    """Has the interface of PaddleX's GenAIClient. Requests are sent from `loop`, whatever thread asks for them."""

    def __init__(self, servers: Servers, backend: str, timeout: float, loop: asyncio.AbstractEventLoop) -> None:
        self.backend = backend
        self._servers = servers
        self._timeout = timeout
        self._loop = loop

    def create_chat_completion(
        self, messages: list[Any], *, return_future: bool = False, timeout: float | None = None, **arguments: Any
    ) -> Any:
        """The completion, or a future of it; one without text where the block could not be read."""
        page = current_page.get()
        if page.cancelled:
            raise asyncio.CancelledError
        future = asyncio.run_coroutine_threadsafe(self._complete(page, messages, arguments), self._loop)
        page.sent += 1
        page.futures.append(future)
        page.end_if_cancelled()
        answer = _Answer(page, future)
        return answer if return_future else answer.result()

    def close(self) -> None:
        """The servers' clients are closed with the servers."""

    async def _complete(self, page: PageCall, messages: list[Any], arguments: dict[str, Any]) -> Any:
        kind = KINDS.get(messages[0]["content"][1]["text"], "text")
        await page.share.may_ask()
        try:
            completion = await self._insist(page, messages, arguments)
        except _Refused as refused:
            page.failures.append(f"A {kind} block was not read: {refused}")
            return _completion("")
        choice = completion.choices[0]
        text = choice.message.content or ""
        if choice.finish_reason == "length":
            page.warnings.append(f"A {kind} block is truncated: its text is longer than max_new_tokens.")
        if repeats(text, REPEATED_IN_TABLES if kind == "table" else REPEATED):
            page.warnings.append(f"A {kind} block repeats itself: the model did not stop.")
        return completion

    async def _insist(self, page: PageCall, messages: list[Any], arguments: dict[str, Any]) -> Any:
        """Asks until a server answers. Raises _Refused."""
        spent = tries = 0
        while True:
            async with self._servers.place() as server:
                try:
                    completion = await self._ask(server, messages, arguments)
                    server.succeeded()
                    return completion
                except _Failed as failure:
                    reason, cost, pause = str(failure), failure.cost, failure.pause
                    server.failed(page, reason)
            if pause is None:
                await self._servers.look_at(server)
            tries += 1
            spent += cost if server.unavailable_reason is None else 0
            if spent >= TRIES:
                raise _Refused(f"{reason}; tried {tries} times.")
            if pause is None:
                pause = PAUSE * 2**spent * random.uniform(0.8, 1.2)
            await asyncio.sleep(min(pause, PAUSE_MAX))

    async def _ask(self, server: Server, messages: list[Any], arguments: dict[str, Any]) -> Any:
        """A completion with a choice. Raises _Failed, _Refused."""
        import openai

        sent = server.client.create_chat_completion(messages, return_future=True, timeout=self._timeout, **arguments)
        try:
            # The SDK's timeout is one of silence; a server that drips would never end.
            with anyio.fail_after(self._timeout):
                completion = await asyncio.wrap_future(sent)
        except (TimeoutError, openai.APITimeoutError) as error:
            reason = f"the VLM server took more than {self._timeout:g} s (VL_TIMEOUT)"
            raise _Failed(reason, TIMEOUT_COST) from error
        except openai.APIStatusError as error:
            reason = f"the VLM server answered {error.status_code}: {_message(error)}"
            if error.status_code in _NOT_THE_BLOCKS_FAULT or error.status_code >= 500:
                raise _Failed(reason, pause=_retry_after(error)) from error
            raise _Refused(f"{reason}.") from error
        except openai.APIConnectionError as error:
            raise _Failed("the VLM server cannot be reached") from error
        except (openai.OpenAIError, ValueError) as error:
            raise _Failed(f"the VLM server sent an invalid answer ({type(error).__name__})") from error
        if not getattr(completion, "choices", None) or completion.choices[0].message is None:
            raise _Failed("the VLM server answered with no choices")
        return completion


def repeats(text: str, characters: int) -> bool:
    """Whether the text's last `characters`, at least, are the same few, or the same sentence, over and over."""
    for length in range(1, min(len(text) // REPEATS, 200) + 1):
        end, times = text[-length:], max(REPEATS, math.ceil(characters / length))
        if end.strip() and text.endswith(end * times):
            return True
    return False


def _completion(text: str) -> Any:
    message = SimpleNamespace(content=text)
    return SimpleNamespace(choices=[SimpleNamespace(message=message, finish_reason="error")])


def _message(error: Any) -> str:
    """The server's own words, shortened."""
    body = error.body
    words = body.get("message") if isinstance(body, dict) else None
    return str(words or error.response.reason_phrase or "no reason given")[:200].rstrip(".")


def _retry_after(error: Any) -> float | None:
    """Seconds that the server asks to wait; None where it does not say."""
    try:
        return max(0.0, float(error.response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None
