"""What a job is told in confidence: headers for the server of its document, and the document's password.

They are blobs beside the document, not in the store, whose log would keep them: the headers until the document is
there, the password until it is opened, all until the job's end at the latest. Nothing writes them again after the
submission, so what one process forgets no other brings back.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from app.storage.blobs import JobFolder

HEADERS_MAX = 20
HEADERS_LENGTH = 8192  # characters of all names and values

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
_OURS = re.compile(
    r"host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-.*|accept-encoding|range|if-.*|proxy-.*",
    re.IGNORECASE,
)
"""Headers that the request itself depends on."""


@dataclass(frozen=True)
class Secrets:
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    password: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return bool(self.headers) or self.password is not None

    @classmethod
    def of(cls, folder: JobFolder) -> "Secrets":
        """What the job still has of them."""
        headers, password = {}, None
        with suppress(FileNotFoundError):
            headers = json.loads(folder.read(folder.headers))
        with suppress(FileNotFoundError):
            password = folder.read(folder.password).decode()
        return cls(headers, password)

    def keep(self, folder: JobFolder) -> None:
        """Stores them; for a new job."""
        if self.headers:
            folder.write(folder.headers, json.dumps(self.headers).encode())
        if self.password is not None:
            folder.write(folder.password, self.password.encode())


def forget_headers(folder: JobFolder) -> None:
    folder.remove(folder.headers)


def forget(folder: JobFolder) -> None:
    """Forgets all of them."""
    forget_headers(folder)
    folder.remove(folder.password)


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises ValueError, without any value in it, where they cannot be sent along with the request for a document."""
    if len(headers) > HEADERS_MAX or sum(len(name) + len(value) for name, value in headers.items()) > HEADERS_LENGTH:
        raise ValueError(f"at most {HEADERS_MAX} headers with {HEADERS_LENGTH} characters in total are allowed")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError("a header name is invalid")
        if _OURS.fullmatch(name):
            raise ValueError(f"{name} cannot be set")
        if value and not _VALUE.fullmatch(value):
            raise ValueError(f"the value of {name} is not printable ASCII, or begins or ends with white space")
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("duplicate header name")
