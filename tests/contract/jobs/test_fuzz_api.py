"""Whatever a client sends is never an error of the server's, and never takes more than linear time.

FUZZ_EXAMPLES sets how many random requests each test sends (60): the long form is FUZZ_EXAMPLES=5000.
"""

import asyncio
import contextlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.strict_json import decode
from support.in_process import serving

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", 60))
often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 60,  # a run of CI says the same each time
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Headers = list[tuple[bytes, bytes]]
JSON_TYPE: Headers = [(b"content-type", b"application/json")]


class Fuzzed:
    """The API with one ended job, asked as a server would ask it."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop, job: str) -> None:
        self._app = app
        self._loop = loop
        self.job = job

    def send(self, method: str, target: str, headers: Headers = [], body: bytes = b"") -> int:  # noqa: B006
        """The status of the answer, which is checked. `target` is ASCII, as servers pass it on."""
        return self._loop.run_until_complete(self._send(method, target, headers, body))

    async def _send(self, method: str, target: str, headers: Headers, body: bytes) -> int:
        path, _, query = target.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "scheme": "http",
            "method": method, "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
            "root_path": "", "headers": [(b"host", b"127.0.0.1"), *headers], "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8080),
        }  # fmt: skip
        pieces = [body[:1000], body[1000:]]
        messages = [{"type": "http.request", "body": piece, "more_body": piece is not pieces[-1]} for piece in pieces]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)  # raises what would be a traceback
        status: int = sent[0]["status"]
        assert status < 500, (method, target, headers, body, sent)
        if dict(sent[0]["headers"]).get(b"content-type", b"").endswith(b"json"):
            decode(b"".join(message.get("body", b"") for message in sent[1:]) or b"null")
        return status


@pytest.fixture(scope="module")
def fuzzed(store_server: str) -> Iterator[Fuzzed]:
    with redis.Redis.from_url(store_server) as client:
        client.flushdb()  # what other tests have left belongs to another DATA_DIR
    loop = asyncio.new_event_loop()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="ocr-test-") as folder:
        api = contextlib.AsyncExitStack()
        made = loop.run_until_complete(
            api.enter_async_context(serving(patch, store_server, Path(folder), max_queued_jobs=1_000_000))
        )
        yield Fuzzed(made.app, loop, loop.run_until_complete(made.job(metadata={"a": 1})))
        loop.run_until_complete(api.aclose())
    loop.close()


@pytest.fixture(autouse=True)
def _no_errors_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []


FIELDS = [
    "pdf_url", "callback_url", "idempotency_key", "engine", "options", "priority", "page_ranges", "metadata", "headers",
    "password", "file",
]  # fmt: skip
QUERY = ["status", "engine", "created_after", "created_before", "limit", "cursor", "wait", "format", "raw"]
HEADERS = [
    "idempotency-key", "last-event-id", "content-type", "content-length", "origin", "sec-fetch-site", "host", "accept",
    "accept-encoding", "range", "x-forwarded-for", "x-forwarded-proto", "transfer-encoding", "cookie", "authorization",
]  # fmt: skip
ODD = [
    "", "\0", "\ud800", "nan", "NaN", "inf", "1e999", "-1", "9" * 400, "0001-01-01T00:00:00", "9999-12-31", "..", "%00",
    "a" * 300, "\u202e", "null", "{}", "[]", '"', "http://[", "http://a:99999/", "//", "1-", "9-", "é", "\n", "[[",
    "http://127.0.0.1/", "http://example.com/a.pdf", "high", "pp_ocr", "1-3,5", "bmFufg==", "0", "1", "true", "zip",
]  # fmt: skip

texts = st.one_of(st.sampled_from(ODD), st.text(st.characters(), max_size=30))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
names = st.one_of(st.sampled_from(FIELDS), texts)


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@often
@given(st.dictionaries(names, values, max_size=5), st.booleans(), st.binary(max_size=3), st.integers(0, 200))
def test_json_bodies(fuzzed: Fuzzed, body: dict[str, Any], escaped: bool, noise: bytes, at: int) -> None:
    text = raw(json.dumps(body, ensure_ascii=escaped))
    fuzzed.send("POST", "/infer", JSON_TYPE, text)
    fuzzed.send("POST", "/infer", JSON_TYPE, text[:at] + noise + text[at:])
    good = {"pdf_url": "http://example.com/a.pdf"} | body
    fuzzed.send("POST", "/infer", JSON_TYPE, raw(json.dumps(good)))


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile")  # Starlette leaves those of a form cut off to be collected
@often
@given(st.lists(st.tuples(names, texts, st.booleans()), max_size=6), texts, st.binary(max_size=20), st.booleans())
def test_forms(fuzzed: Fuzzed, parts: list[tuple[str, str, bool]], parameter: str, end: bytes, whole: bool) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%PDF-\r\n' if whole else b""
    for name, value, is_file in parts:
        filename = b'; filename="' + raw(value) + b'"' if is_file else b""
        body += b'--b\r\nContent-Disposition: form-data; name="' + raw(name) + b'"' + filename + b"\r\n\r\n"
        body += raw(value) + b"\r\n"
    for tail, kind in ((b"--b--\r\n", b"boundary=b"), (end, b"boundary=b"), (b"--b--\r\n", raw(parameter))):
        fuzzed.send("POST", "/infer", [(b"content-type", b"multipart/form-data; " + kind)], body + tail)


@often
@given(
    st.lists(st.tuples(st.sampled_from(QUERY), texts), max_size=4), st.text(st.characters(codec="ascii"), max_size=20)
)
def test_queries(fuzzed: Fuzzed, pairs: list[tuple[str, str]], noise: str) -> None:
    query = "&".join(f"{name}={quote(raw(value))}" for name, value in pairs)
    for path in ("/jobs", *(f"/jobs/{fuzzed.job}{end}" for end in ("", "/result", "/events", "/pages/1"))):
        fuzzed.send("GET", f"{path}?{query}")
    fuzzed.send("HEAD", f"/jobs?{query}&{quote(noise, safe='%&=;+')}")


METHODS = ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW"]


@often
@given(st.sampled_from(METHODS), texts, texts)
def test_paths(fuzzed: Fuzzed, method: str, first: str, second: str) -> None:
    one, two = quote(raw(first), safe="/"), quote(raw(second), safe="")
    for path in (f"/{one}", f"/jobs/{one}/{two}", f"/jobs/{one}/images/{two}", f"/jobs/{one}/retry", f"/docs/{two}"):
        fuzzed.send(method, path)
    for path in (f"images/{two}", f"pages/{two}", two):
        fuzzed.send("GET" if method == "DELETE" else method, f"/jobs/{fuzzed.job}/{path}")


@often
@given(st.lists(st.tuples(st.sampled_from(HEADERS), texts), max_size=5))
def test_headers(fuzzed: Fuzzed, pairs: list[tuple[str, str]]) -> None:
    headers = [(name.encode(), raw(value)) for name, value in pairs]
    for path in ("/jobs", "/docs", "/docs/swagger-ui.css", f"/jobs/{fuzzed.job}/events", f"/jobs/{fuzzed.job}/result"):
        fuzzed.send("GET", path, headers)
    fuzzed.send("POST", "/infer", JSON_TYPE + headers, b'{"pdf_url": "http://example.com/a.pdf"}')
    fuzzed.send("POST", "/infer", headers + JSON_TYPE, b"{")


# --- time


PATTERNS: dict[str, Callable[[int], str]] = {
    pattern: (lambda n, repeated=pattern: repeated * (n // len(repeated)))
    for pattern in (
        "a",
        " ",
        "(",
        "[",
        '{"a":',
        "%",
        "0",
        "1,",
        "\u0300",
        "é",
        ".",
        "-",
        "a@",
        '"',
        "\\",
        ";",
        "=",
        "\t",
        "&a=",
    )
} | {
    "1-  x": lambda n: "1-" + " " * n + "x",
    "  x": lambda n: " " * n + "x",
    "http://a.a.": lambda n: "http://" + "a." * (n // 2),
    "http://éé": lambda n: "http://" + "é" * n,
    "http://xn--aa": lambda n: "http://xn--" + "a" * n,
    "http://[::": lambda n: "http://[" + ":" * n,
}
LONGEST = {"json": 4000, "large json": 60_000, "form": 4000, "large form": 60_000, "rest": 20_000}
"""Letters: below and above the limits of single fields; what servers let through as a header or a target."""
SLOW, GROWTH = 0.05, 7
"""Seconds of CPU from which a request's growth is looked at, and how much more four times as much may take."""


def requests(fuzzed: Fuzzed, value: str, kind: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Requests of one kind with `value` in each place there is for one."""
    if "json" in kind:
        for name in FIELDS:
            body = {"pdf_url": "http://example.com/", name: value}
            yield name, ("POST", "/infer", JSON_TYPE, json.dumps(body).encode())
        for name in ("options", "headers", "metadata"):
            nested = {"pdf_url": "http://example.com/", name: {value: value[:10]}}
            yield f"{name}'s", ("POST", "/infer", JSON_TYPE, json.dumps(nested).encode())
        yield "the body", ("POST", "/infer", JSON_TYPE, value.encode())
    elif "form" in kind:
        multipart: Headers = [(b"content-type", b"multipart/form-data; boundary=b")]
        for name in FIELDS:
            part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%PDF-\r\n--b--\r\n'
            yield name, ("POST", "/infer", multipart, (part + file).encode())
        for head in (f"form-data; name={value}", f'form-data; name="file"; filename="{value}"', value):
            part = f"--b\r\nContent-Disposition: {head}\r\n\r\n%PDF-\r\n--b--\r\n"
            yield "Content-Disposition", ("POST", "/infer", multipart, part.encode())
        yield "the form", ("POST", "/infer", multipart, value.encode())
    else:
        for name in QUERY:
            yield name, ("GET", f"/jobs?{name}={quote(value)}")
        yield "the query", ("GET", f"/jobs?{quote(value, safe='&=;')}")
        for path in ("", "jobs/", f"jobs/{fuzzed.job}/images/", f"jobs/{fuzzed.job}/pages/", "docs/"):
            yield f"/{path}", ("GET", f"/{path}{quote(value)}")
        for name in HEADERS:
            yield name, ("POST", "/infer", [(name.encode(), value.encode())], b"{}")
        for parameter in ("boundary=", "charset=", ""):
            multipart = [(b"content-type", f"multipart/form-data; {parameter}{value}".encode())]
            yield parameter, ("POST", "/infer", multipart, b"--b--")


def cpu_seconds(fuzzed: Fuzzed, request: tuple[Any, ...]) -> float:
    began = time.process_time()
    fuzzed.send(*request)
    return time.process_time() - began


@pytest.mark.parametrize("kind", LONGEST)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_time_is_linear(fuzzed: Fuzzed, pattern: str, kind: str) -> None:
    longest = LONGEST[kind]
    short, long = (list(requests(fuzzed, PATTERNS[pattern](length), kind)) for length in (longest // 4, longest))
    for (place, quarter), (_, whole) in zip(short, long, strict=True):
        if cpu_seconds(fuzzed, whole) < SLOW:
            continue
        took = min(cpu_seconds(fuzzed, whole) for _ in range(3))
        before = max(cpu_seconds(fuzzed, quarter) for _ in range(3))
        assert took < SLOW or took < GROWTH * before, (
            f"{place}: {before:.3f} s, then {took:.3f} s for four times as much"
        )
