"""Outages of Redis: which of its errors are temporary or a matter of its configuration, and what each means."""

import re

import redis.exceptions

_MEANINGS = {
    "READONLY": "it is read-only (a replica, or a primary that is failing over)",
    "UNBLOCKED": "it is failing over to another server",
    "NOSCRIPT": "it is failing over to another server",
    "MASTERDOWN": "it is failing over (this replica has lost its primary)",
    "CLUSTERDOWN": "it is failing over (its cluster is down)",
    "TRYAGAIN": "it is moving data to another server",
    "NOREPLICAS": "it rejects writes: fewer replicas are connected than min-replicas-to-write requires",
    "MISCONF": "it rejects writes: it cannot write to its own disk, which may be full",
    "OOM": "it is full (maxmemory is reached)",
    "LOADING": "it is starting and still loading its data",
    "BUSY": "it is busy with a long-running script",
    "EXECABORT": "it rejects writes",
    "NOPERM": "the user in REDIS_URL lacks a permission; it needs +@all -@admin -@dangerous +script|load",
    "WRONGTYPE": "another application uses the same keys; give this service a database of its own",
    "DENIED": "it rejects connections from other hosts (protected mode)",
}
"""The store's error codes that are outages, each as a reason that follows "Redis is unavailable: "."""

_CODES = "|".join(_MEANINGS)
_CODE = re.compile(rf"^(?:EXECABORT .*because of: )?({_CODES})\b|^ERR Error running script.* -({_CODES})\b", re.DOTALL)
"""Redis 6.2 wraps what a script's command raised, and all of them what aborts a transaction."""

_MOVED = frozenset({"READONLY", "UNBLOCKED", "MASTERDOWN"})

GONE = "it does not answer"
REFUSED = "authentication failed: wrong user or password in REDIS_URL (redis://:PASSWORD@HOST:PORT/0)"
NO_DATABASE = "it does not have the database in REDIS_URL; use 0, as in redis://:PASSWORD@HOST:PORT/0"
NO_TLS = "it does not use TLS; start REDIS_URL with redis://, not rediss://"
UNTRUSTED = "its certificate is not trusted; name the CA file, as in rediss://HOST:PORT/0?ssl_ca_certs=FILE"

_LASTING = {
    "DB index is out of range": NO_DATABASE,
    "[SSL: CERTIFICATE_VERIFY_FAILED]": UNTRUSTED,
}
"""What is in the messages of errors that REDIS_URL is to blame for."""


class StoreDown(Exception):
    """Redis is unavailable: gone, read-only, full, failing over. `message` says which, and holds no secret.

    `lasting`: only a change of REDIS_URL or of the configuration of Redis ends it.
    `moved`: the server is no longer the primary, so open connections to it must be closed.
    """

    def __init__(self, message: str, detail: str = "", *, code: str = "", lasting: bool = False) -> None:
        super().__init__(f"{message} ({detail})" if detail else message)
        self.message = message
        self.code = code
        self.lasting = lasting
        self.moved = code in _MOVED


def outage(error: Exception) -> StoreDown | None:
    """The outage that an error of a Redis command stands for; None if it is another kind of error."""
    if isinstance(error, redis.exceptions.AuthenticationError):
        return StoreDown(REFUSED, lasting=True)
    text = str(error).rpartition(" of pipeline caused error: ")[2].lstrip("('\"")
    for part, message in _LASTING.items():
        if part in text:
            return StoreDown(message, lasting=True)
    status = getattr(error, "status_code", None)
    found = _CODE.match(f"{status} {text}" if status else text)
    if found:
        code = found[1] or found[2]
        return StoreDown(_MEANINGS[code], text, code=code)
    if isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError):
        return StoreDown(GONE, text)
    if isinstance(error, redis.exceptions.InvalidResponse):
        return StoreDown("its answers are invalid: this may not be a Redis or Valkey server", text)
    return None
