"""Outages of the store: which of its errors are none of ours and may be over at another moment, and what each means."""

import re

import redis.exceptions

_MEANINGS = {
    "READONLY": "read-only: it is a replica, or a primary that is failing over",
    "UNBLOCKED": "failing over to another server",
    "NOSCRIPT": "failing over to another server",
    "MASTERDOWN": "failing over: this replica has lost its primary",
    "CLUSTERDOWN": "failing over: its cluster is down",
    "TRYAGAIN": "moving its data to another server",
    "NOREPLICAS": "not taking writes: fewer replicas follow it than min-replicas-to-write asks for",
    "MISCONF": "not taking writes: it cannot write to its own disk, which may be full",
    "OOM": "full: its maxmemory is reached",
    "LOADING": "starting: it is still loading its data",
    "BUSY": "busy with a script of somebody's",
    "EXECABORT": "not taking writes",
    "NOPERM": "refusing a command: the user in REDIS_URL lacks the permission (+@all -@admin -@dangerous +script|load)",
    "WRONGTYPE": "shared with another application whose keys have our names: give us a database of our own",
    "DENIED": "refusing connections from other hosts: it is in protected mode",
}
"""The store's error codes that are outages, each as it goes on after "the store is"."""

_CODES = "|".join(_MEANINGS)
_CODE = re.compile(rf"^(?:EXECABORT .*because of: )?({_CODES})\b|^ERR Error running script.* -({_CODES})\b", re.DOTALL)
"""Redis 6.2 wraps what a script's command raised, and all of them what aborts a transaction."""

_MOVED = frozenset({"READONLY", "UNBLOCKED", "MASTERDOWN"})

GONE = "not answering"
REFUSED = "refusing access: wrong user or password in REDIS_URL (redis://:PASSWORD@HOST:PORT/0)"
NO_DATABASE = "without the database that REDIS_URL names: use 0, as in redis://:PASSWORD@HOST:PORT/0"
NO_TLS = "not speaking TLS: begin REDIS_URL with redis://, not rediss://"
UNTRUSTED = "not trusted: name the file of its certificate authority, as in rediss://HOST:PORT/0?ssl_ca_certs=FILE"

_LASTING = {
    "DB index is out of range": NO_DATABASE,
    "[SSL: CERTIFICATE_VERIFY_FAILED]": UNTRUSTED,
}
"""What is in the messages of errors that REDIS_URL is to blame for."""


class StoreDown(Exception):
    """The store is unavailable: gone, read-only, full, failing over. `message` says which, for everybody to read.

    `lasting`: it ends only with another REDIS_URL, or another configuration of the store.
    `moved`: connections to it lead to a server that is no longer the one that takes writes.
    """

    def __init__(self, message: str, detail: str = "", *, code: str = "", lasting: bool = False) -> None:
        super().__init__(f"{message} ({detail})" if detail else message)
        self.message = message
        self.code = code
        self.lasting = lasting
        self.moved = code in _MOVED


def outage(error: Exception) -> StoreDown | None:
    """What a command of the store has raised, as an outage; None where it is another error."""
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
        return StoreDown("not a Redis or Valkey, or something between garbles its answers", text)
    return None
