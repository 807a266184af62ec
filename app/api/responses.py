"""Answers in JSON."""

from typing import Any

from fastapi.responses import JSONResponse

from app.strict_json import encode


class Answer(JSONResponse):
    """JSON that is valid whatever a client, a document or an engine put into it."""

    def render(self, content: Any) -> bytes:
        return encode(content)
