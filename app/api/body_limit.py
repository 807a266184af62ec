"""Bodies are cut off at their limit, declared or not, before anything reads them, and have to come in time."""

import time

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.error_handlers import problem
from app.errors import TooLarge, TooSlow

FORM_OVERHEAD = 1 << 20  # bytes: part headers and the other fields beside the file
GRACE = 30.0  # seconds that a body may take however small it is
RATE = 8192  # bytes a second that it has to come with beyond that, on the average
TOO_SLOW = f"The request body arrives too slowly; send at least {RATE >> 10} KiB per second."

DIGITS_MAX = 18  # of a length that is worth reading


class BodyLimit:
    """Refuses request bodies that are larger than a file of `max_file_mb` and its form, or slower than RATE."""

    def __init__(self, app: ASGIApp, max_file_mb: int) -> None:
        self._app = app
        self._limit = (max_file_mb << 20) + FORM_OVERHEAD
        self._error = TooLarge(f"The request body is larger than MAX_FILE_MB ({max_file_mb} MiB).")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and (len(declared) > DIGITS_MAX or int(declared) > self._limit):
            await problem(self._error)(scope, receive, send)
            return
        seen, complete, begun = 0, False, time.monotonic()

        async def counted() -> Message:
            nonlocal seen, complete
            if complete:  # what comes now is the end of the connection
                return await receive()
            with anyio.move_on_after(begun + GRACE + seen / RATE - time.monotonic()) as deadline:
                message = await receive()
            if deadline.cancelled_caught:
                raise TooSlow(TOO_SLOW)
            seen += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if seen > self._limit:
                raise self._error
            return message

        await self._app(scope, counted, send)
