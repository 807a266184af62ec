"""Strict JSON as in RFC 8259: the module `json` also reads and writes NaN, Infinity and lone surrogates.

What clients send is read by `decode`, which rejects all that could not be written again. What is stored and served is
written by `encode`, which never fails because of what a document or an engine put into it.
"""

import json
import math
from typing import Any, NoReturn

DEPTH_MAX = 32
"""Levels of arrays and objects; nothing that clients have a reason to send comes near it."""


def decode(data: bytes | bytearray | str) -> Any:
    """Reads JSON that comes from a client. Raises ValueError, with a message that repeats nothing of it.

    Rejected are names that an object has twice, NaN and Infinity, numbers beyond those of double precision, strings
    that are not Unicode text (lone surrogates), and more than DEPTH_MAX levels.
    """
    text = data if isinstance(data, str) else data.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=_constant, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    _check(value)
    return value


def encode(value: Any) -> bytes:
    """`value` as JSON in UTF-8. Lone surrogates become U+FFFD, numbers that are not finite null."""
    try:
        return _dump(value)
    except ValueError:  # of which UnicodeEncodeError is one
        return _dump(clean(value))


_TOO_DEEP = f"it is nested more than {DEPTH_MAX} levels deep"


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a duplicate name")
    return found


def _check(value: Any) -> None:
    """Raises ValueError for what `decode` rejects. Without recursion, so that depth costs nothing."""
    left = [(value, 1)]
    while left:
        value, depth = left.pop()
        if isinstance(value, str):
            if not _is_text(value):
                raise ValueError("a string has a lone surrogate")
        elif isinstance(value, (int, float)):
            if value.bit_length() > 1024 if isinstance(value, int) else not math.isfinite(value):
                raise ValueError("a number is too large")
        elif isinstance(value, (list, dict)):
            if depth > DEPTH_MAX:
                raise ValueError(_TOO_DEEP)
            if isinstance(value, dict):
                left += ((name, depth) for name in value)
                value = value.values()
            left += ((item, depth + 1) for item in value)


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def replace_surrogates(text: str) -> str:
    """`text` with its surrogate pairs joined, and U+FFFD for each half of one."""
    return text if _is_text(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean(value: Any) -> Any:
    """`value` with what JSON has no form for replaced, as `encode` does."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {
            replace_surrogates(name) if isinstance(name, str) else name: clean(item) for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value
