"""A VLM server with fixed answers: OpenAI-style, with a delay, a capacity, and ways to fail.

    python -m benchmarks.simulated.vlm PORT [DELAY [CAPACITY]]

prints each request as a line of JSON when it comes and when it has been answered.
"""

import asyncio
import base64
import hashlib
import io
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from PIL import Image

from app.processes.ports import free_port

MODEL = "PaddleOCR-VL-1.6-0.9B"

REPLIES = {
    "OCR:": "Read from {digest}, {size}.",
    "Table Recognition:": "<fcel>A<fcel>{digest}<nl><fcel>1<fcel>2<nl>",
    "Formula Recognition:": "\\[x^2 + {digest}\\]",
    "Chart Recognition:": "a | {digest}\n1 | 2",
    "Seal Recognition:": "Seal {digest}",
    "Spotting:": "",
}


@dataclass
class Request:
    """One request for a completion. `digest` is that of its picture; `ended` stays None while it goes on."""

    body: dict[str, Any]
    headers: dict[str, str]
    digest: str
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    aborted: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        data = self.body["messages"][0]["content"][0]["image_url"]["url"].partition(",")[2]
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            return image.size

    @property
    def prompt(self) -> str:
        prompt: str = self.body["messages"][0]["content"][1]["text"]
        return prompt


@dataclass
class Reply:
    """What a request gets: `status` and `body` instead of a completion, or one with these values."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    finish: str = "stop"
    delay: float | None = None


class SimulatedVLM:
    """An ASGI application. `answer(request)` may choose a reply; None stands for the usual one."""

    def __init__(self, delay: float = 0, capacity: int = 256, model: str = MODEL) -> None:
        self.delay = delay
        self.model = model
        self.health, self.health_delay = 200, 0.0
        self.requests: list[Request] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.answer: Callable[[Request], Reply | None] = lambda request: None
        self.on_event: Callable[[str, Request], None] = lambda event, request: None
        self._capacity = asyncio.Semaphore(capacity)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.endswith("/health"):
            await asyncio.sleep(self.health_delay)
            await _respond(send, self.health, {})
        elif path.endswith("/models"):
            listed = {"object": "list", "data": [{"id": self.model, "object": "model", "owned_by": "nobody"}]}
            await _respond(send, 200, listed)
        else:
            await self._complete(scope, receive, send)

    async def _complete(self, scope: Any, receive: Any, send: Any) -> None:
        data = bytearray()
        while True:
            message = await receive()
            data += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = json.loads(data)
        picture = body["messages"][0]["content"][0]["image_url"]["url"]
        digest = hashlib.sha256(base64.b64decode(picture.partition(",")[2])).hexdigest()[:12]
        request = Request(body, headers, digest)
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.on_event("began", request)
        gone = asyncio.create_task(receive())  # returns when the client goes
        try:
            reply = self.answer(request) or Reply()
            work = asyncio.create_task(self._work(self.delay if reply.delay is None else reply.delay))
            await asyncio.wait([gone, work], return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                request.aborted = True
                return
            if reply.status == 200 and reply.body is None:
                text = reply.text
                if text is None:
                    text = REPLIES[request.prompt].format(digest=digest, size="{} by {}".format(*request.size))
                await _respond(send, 200, _completion(body["model"], text, reply.finish))
            else:
                await _respond(send, reply.status, reply.body, reply.headers)
        finally:
            gone.cancel()
            self.in_flight -= 1
            request.ended = time.monotonic()
            self.on_event("ended", request)

    async def _work(self, delay: float) -> None:
        async with self._capacity:
            await asyncio.sleep(delay)


class RunningVLM(SimulatedVLM):
    """The server in a thread of this process, on a free port."""

    def __init__(self, delay: float = 0, capacity: int = 256, model: str = MODEL) -> None:
        super().__init__(delay, capacity, model)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._server: uvicorn.Server
        self._thread: threading.Thread
        self.start()

    def start(self) -> None:
        """Starts it, or starts it again where it was."""
        config = uvicorn.Config(self, host="127.0.0.1", port=self.port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        """Breaks all connections and refuses new ones."""
        self._server.force_exit = self._server.should_exit = True
        self._thread.join(10)

    def reset(self) -> None:
        """As new, but running."""
        self.delay, self.model, self.health, self.health_delay = 0, MODEL, 200, 0
        self.requests = []
        self.most_in_flight = self.in_flight
        self.answer = lambda request: None


def _completion(model: str, text: str, finish: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "simulated",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
    }


async def _respond(send: Any, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": "application/json", "content-length": str(len(data))} | (headers or {})
    encoded = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": data})


def main(port: int, delay: float = 0, capacity: float = 256) -> None:
    vlm = SimulatedVLM(delay, int(capacity))

    def tell(event: str, request: Request) -> None:
        line = {"event": event, "at": time.monotonic(), "width": request.size[0], "in_flight": vlm.in_flight}
        print(json.dumps(line), flush=True)

    vlm.on_event = tell
    uvicorn.run(vlm, host="127.0.0.1", port=port, log_level="error", lifespan="off")


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(float, sys.argv[2:]))
