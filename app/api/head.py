"""HEAD: what GET would answer, without its body."""

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """Has HEAD done as GET, and ends the work as soon as the headers are known: a stream of events has no end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        with anyio.CancelScope() as work:

            async def headers(message: Message) -> None:
                await send(message if message["type"] != "http.response.body" else {"type": "http.response.body"})
                if message["type"] == "http.response.body":
                    work.cancel()

            await self._app({**scope, "method": "GET"}, receive, headers)
