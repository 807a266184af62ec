"""What keeps the API from starting, without a traceback where it is the settings or the store."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EXPECTED = re.compile(r"^app\.(?:settings\.SettingsError|redis\.server\.StoreError): (.*)", re.MULTILINE | re.DOTALL)


class Startup:
    """Shortens the message that the server logs when the application does not start."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_shortened(message: Message) -> None:
            found = _EXPECTED.search(message.get("message", ""))
            await send({**message, "message": found[1].strip()} if found else message)

        await self._app(scope, receive, send_shortened)
