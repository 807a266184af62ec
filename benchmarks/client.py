"""An HTTP client that costs next to nothing, and the load generator built on it, which runs as a process of its own."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import httptools
import uvloop

ANSWER_WITHIN = 120.0  # seconds


class Client(asyncio.Protocol):
    """One keep-alive connection to a port of this machine, made again where the server has closed it when idle.

    One request at a time.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def request(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and body of the answer; `body` is bytes of that `kind`, or becomes JSON. Raises OSError where there is
        no answer.
        """
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        assert self._transport is not None
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(content)}\r\n"
        if content:
            head += f"Content-Type: {kind}\r\n"
        self._answer = loop.create_future()
        self._transport.write(head.encode() + b"\r\n" + content)
        return await asyncio.wait_for(self._answer, ANSWER_WITHIN)

    async def json(self, method: str, path: str, body: Any = None, *, expect: tuple[int, ...] = (200, 202)) -> Any:
        """The answer's JSON. Raises RuntimeError where its status is not expected."""
        status, answer = await self.request(method, path, body)
        if status not in expect:
            raise RuntimeError(f"{method} {path} was answered with {status}: {answer[:500]!r}")
        return json.loads(answer)

    async def upload(self, document: bytes, **fields: str) -> str:
        """Has our service take the document; the job's id."""
        part = '--limit\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
        head = "".join(f"{part.format(name, '')}{value}\r\n" for name, value in fields.items())
        head += part.format("file", '; filename="document.pdf"')
        body = head.encode() + document + b"\r\n--limit--\r\n"
        status, answer = await self.request("POST", "/infer", body, kind="multipart/form-data; boundary=limit")
        if status != 202:
            raise RuntimeError(f"the upload was answered with {status}: {answer[:500]!r}")
        job: str = json.loads(answer)["job_id"]
        return job

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # asyncio's side
    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))

    # the parser's side
    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        body, self._body = bytes(self._body), bytearray()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), body))


async def load(port: int, method: str, path: str, body: Any, *, clients: int, requests: int) -> Mapping[str, Any]:
    """`requests` in all, by `clients` that each send the next as soon as the last is answered."""
    connections = [Client(port) for _ in range(clients)]
    turns = iter(range(requests))
    latencies: list[float] = []

    async def one(client: Client) -> None:
        for _ in turns:
            begun = time.perf_counter()
            status, answer = await client.request(method, path, body)
            if not 200 <= status < 300:
                raise RuntimeError(f"{method} {path} was answered with {status}: {answer[:500]!r}")
            latencies.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*map(one, connections))
    seconds = time.perf_counter() - begun
    for client in connections:
        client.close()
    return {"seconds": seconds, "latencies": latencies}


def main() -> int:
    parser = argparse.ArgumentParser(description="Sends requests and prints how long each took, as JSON.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("method")
    parser.add_argument("path")
    parser.add_argument("body", nargs="?", help="JSON")
    it = parser.parse_args()
    body = None if it.body is None else json.loads(it.body)
    print(json.dumps(uvloop.run(load(it.port, it.method, it.path, body, clients=it.clients, requests=it.requests))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
