"""The line to a child process: whatever comes over it, nobody waits for ever and no dead child counts as alive."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import JobError
from app.processes.die_with_parent import die_with_parent
from worker.ipc.calls import Call, Misconduct
from worker.ipc.channel import LINE_MAX, Channel, ChildDied, serve

DEADLINE = 20  # seconds; far more than anything here takes

FUZZ = settings(max_examples=60, deadline=None)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("\ud800")
junk = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
names = st.sampled_from(["call", "event", "result", "error", "op", "kind", "message", "code", "retryable"])
almost = st.dictionaries(names, junk | st.just(1) | st.dictionaries(names, junk), max_size=5)
lines = st.one_of(
    junk.map(lambda value: json.dumps(value).encode()),
    almost.map(lambda value: json.dumps(value).encode()),
    almost.map(lambda value: json.dumps({"call": 1, **value}).encode()),
    almost.map(lambda value: json.dumps({"call": 1, "op": "Anything", **value}).encode()),
    st.binary(max_size=20).map(lambda data: data.replace(b"\n", b"")),
    st.just(b"[" * 20_000),
)


@dataclass(frozen=True)
class Anything(Call[Any]):
    """A call whose answer may be anything but "bad"."""

    number: int = 0

    def parse(self, answer: Any) -> Any:
        if answer == "bad":
            raise Misconduct(answer)
        return answer


async def send(end: socket.socket, line: bytes) -> None:
    """Sends a line, unless the other side has hung up."""
    end.setblocking(False)
    with contextlib.suppress(ConnectionError):
        await asyncio.get_running_loop().sock_sendall(end, line + b"\n")


@asynccontextmanager
async def child(*, deaths: list[ChildDied] | None = None) -> AsyncIterator[tuple[Channel, socket.socket]]:
    """A channel to a real process, and the child's end of its line, which the test speaks on."""
    ours, theirs = socket.socketpair()
    process = await asyncio.create_subprocess_exec(*die_with_parent("sleep", "600"))
    reader, writer = await asyncio.open_connection(sock=ours, limit=LINE_MAX)
    channel = Channel(process, reader, writer, None if deaths is None else deaths.append)
    try:
        with theirs:
            yield channel, theirs
    finally:
        channel.kill()
        await channel.wait()


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        "null",
        '{"call": []}',
        '{"call": 1}',
        '{"call": 1, "error": null}',
        '{"call": 1, "error": {"kind": [], "message": "", "code": "", "retryable": false}}',
        '{"call": 1, "error": {"kind": "PageError", "message": {}, "code": "", "retryable": false}}',
        '{"call": 1, "error": {"kind": "PageError", "message": "\\ud800", "code": "", "retryable": false}}',
        "\udcff",
        "[" * 20_000,
    ],
)
@pytest.mark.anyio
async def test_a_child_that_breaks_the_protocol_is_dead(line: str) -> None:
    deaths: list[ChildDied] = []
    async with child(deaths=deaths) as (channel, end):
        call = asyncio.create_task(channel.call(Anything()))
        await asyncio.sleep(0)
        await send(end, line.encode(errors="surrogateescape"))
        with pytest.raises(ChildDied, match="SIGKILL"):
            await asyncio.wait_for(call, DEADLINE)
        assert not channel.alive
        assert channel._process.returncode == -9
        assert len(deaths) == 1
        with pytest.raises(ChildDied):
            await channel.call(Anything())


@pytest.mark.anyio
async def test_an_answer_that_its_call_does_not_accept_fails_the_call_alone() -> None:
    async with child() as (channel, end):
        for answer in ("bad", "good"):
            call = asyncio.create_task(channel.call(Anything()))
            await asyncio.sleep(0)
            await send(end, json.dumps({"call": channel._last, "result": answer}).encode())
            if answer == "bad":
                with pytest.raises(Misconduct):
                    await asyncio.wait_for(call, DEADLINE)
            else:
                assert await asyncio.wait_for(call, DEADLINE) == "good"


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ({"op": "Anything"}, {"result": 0}),
        ({"op": "Anything", "number": 7}, {"result": 7}),
        ({"op": "Anything", "nmber": 7}, {"code": "internal"}),
        ({"op": "Nothing"}, {"code": "internal"}),
    ],
)
@pytest.mark.anyio
async def test_a_call_gets_its_fields(message: dict[str, Any], answer: dict[str, Any]) -> None:
    async def handler(call: Anything) -> Any:
        return call.number

    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(serve(theirs.detach(), [Anything.handled_by(handler)]))
    with ours:
        await send(ours, json.dumps({"call": 1, **message}).encode())
        reader, writer = await asyncio.open_connection(sock=ours.dup())
        received = json.loads(await asyncio.wait_for(reader.readline(), DEADLINE))
        writer.close()
        await writer.wait_closed()
    await asyncio.wait_for(serving, DEADLINE)
    assert answer.items() <= received.get("error", received).items()


@given(st.lists(lines, max_size=4))
@FUZZ
def test_whatever_a_child_sends_every_call_ends(sent: list[bytes]) -> None:
    async def attack() -> None:
        async with child() as (channel, end):
            call = asyncio.create_task(channel.call(Anything()))
            await asyncio.sleep(0)
            for line in [*sent, b'{"call": 1, "result": "good"}']:
                await send(end, line)
            with contextlib.suppress(ChildDied, JobError):
                await asyncio.wait_for(call, DEADLINE)
            if not channel.alive:
                assert channel._process.returncode is not None

    asyncio.run(attack())


@given(st.lists(lines, min_size=1, max_size=4))
@FUZZ
def test_whatever_a_parent_sends_the_child_ends_with_it(sent: list[bytes]) -> None:
    async def attack() -> None:
        ours, theirs = socket.socketpair()

        async def handler(call: Anything) -> Any:
            return call.number

        serving = asyncio.create_task(serve(theirs.detach(), [Anything.handled_by(handler)]))
        with ours:
            for line in sent:
                await send(ours, line)
        assert (await asyncio.wait({serving}, timeout=DEADLINE))[0]
        serving.exception()

    asyncio.run(attack())


@pytest.mark.anyio
async def test_a_death_that_cannot_be_accounted_for_fails_the_calls_all_the_same() -> None:
    ours, theirs = socket.socketpair()
    process = await asyncio.create_subprocess_exec(*die_with_parent("sleep", "600"))
    reader, writer = await asyncio.open_connection(sock=ours)

    def fail(died: ChildDied) -> None:
        raise RuntimeError

    channel = Channel(process, reader, writer, fail)
    with theirs:
        call = asyncio.create_task(channel.call(Anything()))
        await asyncio.sleep(0)
        channel.kill()
    with pytest.raises(ChildDied):
        await asyncio.wait_for(call, DEADLINE)
    with pytest.raises(RuntimeError):
        await channel._pump
