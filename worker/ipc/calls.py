"""What a call between two processes is: a dataclass that names its answer, so that both sides are type-checked.

The caller passes an instance to `Channel.call` or `Channel.stream`. The other side names a handler for each class, by
`handled_by` or `streamed_by`. The calls themselves are in messages.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
Event = TypeVar("Event")
AnyCall = TypeVar("AnyCall", bound="Call[Any]")
AnyStream = TypeVar("AnyStream", bound="Stream[Any, Any]")

MESSAGE_MAX = 4096  # characters of an error


class Misconduct(Exception):
    """A process sent what no process of ours sends: a document has taken it over."""


class Call(Generic[Answer]):
    """A call that is answered with an `Answer`. Subclasses are dataclasses of JSON-ready fields."""

    def parse(self, answer: Any) -> Answer:
        """The answer from its JSON. Taken as it comes here: only page processes are not trusted.

        Where a subclass checks it, raises Misconduct.
        """
        parsed: Answer = answer
        return parsed

    @classmethod
    def handled_by(cls: type[AnyCall], function: Callable[[AnyCall], Awaitable[Answer]]) -> Handler:
        async def handle(call: AnyCall, _: Callable[[Any], None]) -> Answer:
            return await function(call)

        return Handler(cls, handle)


class Stream(Call[Answer], Generic[Answer, Event]):
    """A call that yields events, which are JSON-ready, before its answer."""

    @classmethod
    def streamed_by(
        cls: type[AnyStream], function: Callable[[AnyStream, Callable[[Event], None]], Awaitable[Answer]]
    ) -> Handler:
        """`function` gets the call, and a function that sends an event."""
        return Handler(cls, function)


@dataclass(frozen=True)
class Handler:
    """What a process does for one class of calls."""

    kind: type[Call[Any]]
    handle: Callable[[Any, Callable[[Any], None]], Awaitable[object]]
