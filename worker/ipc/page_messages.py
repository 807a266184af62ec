"""The calls of the engine host to a page process.

A document may have taken the process over, so all that it answers is checked: each call has a `parse`, which raises
Misconduct.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypedDict, TypeVar

from worker.ipc.calls import MESSAGE_MAX, Call, Misconduct

PARTS_MAX = 20_000
"""That a call may leave: of a page few, but an assembly may change all pages, each between two parts of the result."""

GivenFile = Literal["source", "document", "pages"]
"""A file that comes with a call; `pages` are the stored pages, one JSON object a line."""
BlobKind = Literal["source", "document", "page", "layout", "image", "raster", "result"]

T = TypeVar("T")
Value = TypeVar("Value")
Files = TypeVar("Files")
AnyPageCall = TypeVar("AnyPageCall", bound="PageCall[Any]")


class PageFailure(TypedDict):
    """A page that failed, as results list it; `index` counts from 1."""

    index: int
    code: str
    message: str


@dataclass(frozen=True)
class ReportSandbox(Call[str]):
    """Asks in which sandbox the process is: a value of worker.page_process.sandbox.Sandbox."""

    def parse(self, answer: Any) -> str:
        return _checked(answer, str)


class BlobPart(NamedTuple):
    """`size` bytes from `start` in the spool of a page process: the next part of the blob `name` of that kind."""

    kind: str
    name: str
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


@dataclass(frozen=True)
class PageAnswer(Generic[Value]):
    """The answer of a page process. `loaded`: it has loaded models that later processes had better inherit."""

    value: Value
    parts: list[BlobPart]
    loaded: bool


@dataclass(frozen=True)
class PageHandler(Generic[Files]):
    """What a page process does for one class of calls, given the call and the call's files."""

    kind: type[PageCall[Any]]
    handle: Callable[[Any, Files], object]


class PageCall(Call[PageAnswer[Value]], Generic[Value]):
    """A call about a document.

    Open files come with it, and what its handler writes goes back in a spool: see handover.py.
    """

    given: ClassVar[tuple[GivenFile, ...]] = ("source",)
    """The files that it reads."""
    taken: ClassVar[frozenset[BlobKind]]
    """The kinds of blobs that it may leave."""

    def parse(self, answer: Any) -> PageAnswer[Value]:
        fields = _checked(answer, dict)
        parts = _parts(_checked(fields.get("parts"), list))
        return PageAnswer(self.parse_value(fields.get("value")), parts, _checked(fields.get("loaded"), bool))

    def parse_value(self, value: object) -> Value:
        """The value of the answer, from its JSON. Raises Misconduct."""
        raise NotImplementedError

    @classmethod
    def done_by(cls: type[AnyPageCall], function: Callable[[AnyPageCall, Files], Value]) -> PageHandler[Files]:
        return PageHandler(cls, function)


@dataclass(frozen=True)
class Decrypt(PageCall[None]):
    """Leaves a copy that needs no password of a PDF that needs this one. Raises DocumentError."""

    taken = frozenset({"source"})
    password: str = field(repr=False)

    def parse_value(self, value: object) -> None:
        return _nothing(value)


@dataclass(frozen=True)
class Prepare(PageCall[list[int]]):
    """Opens, counts and, with `survey`, surveys the document; leaves document.json. Raises DocumentError.

    The answer lists the numbers of the pages to do.
    """

    taken = frozenset({"document"})
    page_ranges: str | None
    max_pages: int
    survey: bool

    def parse_value(self, value: object) -> list[int]:
        return [_checked(number, int) for number in _checked(value, list)]


@dataclass(frozen=True)
class OnePageCall(PageCall[Value]):
    """A call about one page of a prepared document; `number` counts from 1."""

    given = ("source", "document")
    number: int


@dataclass(frozen=True)
class ReadPage(OnePageCall[None]):
    """Reads the page and leaves it, its pictures and its layout first. Raises PageError."""

    taken = frozenset({"page", "layout", "image"})

    def parse_value(self, value: object) -> None:
        return _nothing(value)


@dataclass(frozen=True)
class RenderPage(OnePageCall[tuple[int, int]]):
    """Leaves the page's pixels, without any header: see OpenDocument.raster for `scale`. Raises PageError.

    The answer is their height and width.
    """

    taken = frozenset({"raster"})
    scale: float

    def parse_value(self, value: object) -> tuple[int, int]:
        height, width = _sized(value, 2)
        return _checked(height, int), _checked(width, int)


@dataclass(frozen=True)
class Assemble(PageCall[list[PageFailure]]):
    """Makes the result from the stored pages; leaves it, and the pages that it changes. Raises DocumentError.

    The answer lists the pages that failed.
    """

    given = ("pages",)
    taken = frozenset({"page", "result"})
    engine: str
    version: str

    def parse_value(self, value: object) -> list[PageFailure]:
        return list(map(_failure, _checked(value, list)))


def _checked(value: object, kind: type[T]) -> T:
    """The value, which has to be of that very type: a bool is no int. Raises Misconduct."""
    if type(value) is not kind:
        raise Misconduct(f"its answer has {type(value).__name__} instead of {kind.__name__}")
    return value


def _nothing(value: object) -> None:
    if value is not None:
        raise Misconduct("its answer has an unexpected value")


def _sized(value: object, length: int) -> list[Any]:
    found: list[Any] = _checked(value, list)
    if len(found) != length:
        raise Misconduct(f"its answer has a list of {len(found)} items instead of {length}")
    return found


def _parts(values: list[object]) -> list[BlobPart]:
    """Parts that follow each other in the spool, so that no more can be copied than is there."""
    if len(values) > PARTS_MAX:
        raise Misconduct(f"it returned {len(values)} parts of blobs")
    parts, end = [], 0
    for value in values:
        kind, name, start, size = _sized(value, 4)
        part = BlobPart(_checked(kind, str), _checked(name, str), _checked(start, int), _checked(size, int))
        if part.start < end or part.size <= 0:
            raise Misconduct("the parts of its blobs do not follow each other")
        parts.append(part)
        end = part.end
    return parts


def _failure(value: object) -> PageFailure:
    fields = _checked(value, dict)
    code, message = (_text(fields.get(name)) for name in ("code", "message"))
    return {"index": _checked(fields.get("index"), int), "code": code, "message": message}


def _text(value: object) -> str:
    """Text that goes into the record of a job, cut to MESSAGE_MAX."""
    text = _checked(value, str)[:MESSAGE_MAX]
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Misconduct("its answer has a lone surrogate") from None
    return text
