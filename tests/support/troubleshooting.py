"""The messages that docs/troubleshooting.md explains, as patterns."""

import re

from support.harness import ROOT


def messages() -> list[str]:
    """The document's messages, in its order."""
    text = (ROOT / "docs/troubleshooting.md").read_text()
    return [block.strip() for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL)]


def explained(beginning: str, told: str) -> bool:
    """Whether the message of the document that begins so is in what was told."""
    (message,) = [message for message in messages() if message.startswith(beginning)]
    return re.search(re.escape(message).replace("…", ".+?"), told) is not None


IN_ANY_ENVIRONMENT = (
    "HOST=",
    "Port …",
    "PORT=",
    "ENGINE=",
    "REDIS_URL=",
    "…/.env is UTF-16",
    "… is not a setting",
    "The worker exited",
    "store: nothing answers",
    "Redis at REDIS_URL cannot be used: authentication failed",
    "Redis at REDIS_URL cannot be used: it does not have",
    "Redis at REDIS_URL cannot be used: it does not use TLS",
    "DATA_DIR=… cannot be",
    "DATA_DIR … does not have",
    "store: it is read-only",
    "store: it may evict jobs",
    "Redis at REDIS_URL cannot be used: its version",
    "Waiting for a worker",
    "The engine does not start: this environment lacks",
    "The engine does not start: it was terminated by SIGSEGV",
    "The engine does not start: it was terminated by SIGKILL",
    "Page … took more than … MiB",
    "Page … took more than … s",
    "Page … made no progress",
    "the engine host was terminated by SIGKILL",
    "The queue is full",
    "DATA_DIR holds",
    "… has a private",
    "'…' is not a name",
    "Web pages of other sites",
)
"""Provoked in tests/integration/test_troubleshooting.py, and some in the tests of the part that says them."""

WITH_PADDLE = (
    "Waiting: The VLM server",
    "The VLM server at … serves",
    "The VLM server at … denies access",
    "The VLM server at … fails all requests",
    "PaddleOCR-VL cannot be loaded",
    "No ccache found",
)
"""Provoked in tests/paddleocr_vl/test_troubleshooting.py."""
