"""Bodies are cut off at their limit, declared or not, before anything reads them."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem
from app.errors import TooLarge

FORM_OVERHEAD = 1 << 20  # bytes: part headers and the other fields beside the file


class BodyLimit:
    """Refuses request bodies that are larger than a file of `max_file_mb` and its form."""

    def __init__(self, app: ASGIApp, max_file_mb: int) -> None:
        self._app = app
        self._limit = (max_file_mb << 20) + FORM_OVERHEAD
        self._error = TooLarge(f"The body is larger than MAX_FILE_MB, which is {max_file_mb}.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limit:
            await problem(self._error)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise self._error
            return message

        await self._app(scope, counted, send)
