"""Lua scripts that run in the store: how they are put together, called and answered.

A script sees its arguments as the table `args`, the keys of app/redis/keys.py as `key`, and their lives in seconds as
`ttl`. A line `--- @include "name"` puts name.lua in front of it, from the folder `include` beside it or from
app/redis/lua. A script gets only what it includes: all of it is executed at every call.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar, cast

from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError

from app.redis import keys
from app.redis.client import Store
from app.redis.outages import outage

Answer = TypeVar("Answer")

COMMON = Path(__file__).parent / "lua"

_INCLUDE = re.compile(r'^--- @include "(\w+)"\n', re.MULTILINE)
_KEY = re.compile(r"\bkey\.(\w+)")
_TTL = re.compile(r"\bttl\.(\w+)")


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """A call of the script `script`. The fields are its arguments: values of JSON, or dataclasses of them.

    Numbers are doubles in Lua: a float is exactly the one sent, an integer is exact up to 2**53. What is None is left
    out, so that the script sees nil.
    """

    script: ClassVar[str]

    def arguments(self) -> str:
        return json.dumps(self, default=_given, ensure_ascii=False)

    def read(self, answer: Any) -> Answer:
        """What the answer of the store means: by default what it is."""
        return cast(Answer, answer)


def _given(fields: object) -> dict[str, Any]:
    """The fields of a dataclass that are not None."""
    return {name: value for name, value in vars(fields).items() if value is not None}


def named(words: list[Any]) -> dict[str, Any]:
    """An answer with names, which a script gives as {name, value, name, value, …}."""
    return dict(zip(words[::2], words[1::2], strict=True))


class Scripts:
    """The scripts of a folder, in one store. All of them include the files `always`, and see the `constants`."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        always: tuple[str, ...] = (),
        constants: Mapping[str, str | float] | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._always = always
        self._constants = constants or {}
        self._loaded: dict[str, AsyncScript] = {}

    async def run(self, call: Call[Answer]) -> Answer:
        """Raises StoreDown."""
        script = self._loaded.get(call.script)
        if script is None:
            script = self._loaded[call.script] = self._store.register_script(self.source(call.script))
        try:
            return call.read(await script(args=[call.arguments()]))
        except NoScriptError as error:  # lost again between loading and running it
            raise outage(error) or error from None

    def source(self, name: str) -> str:
        """The whole text of a script."""
        parts: dict[str, str] = {}
        for included in self._always:
            self._include(included, parts)
        own = self._expand((self._folder / f"{name}.lua").read_text("utf-8"), parts)
        text = "\n".join((*parts.values(), own))
        constants = [f"local {name} = {_literal(value)}" for name, value in self._constants.items()]
        declared = keys.lua(sorted(set(_KEY.findall(text))), sorted(set(_TTL.findall(text))))
        return "\n".join((*constants, declared, "local args = cjson.decode(ARGV[1])", text))

    def _include(self, name: str, parts: dict[str, str]) -> None:
        if name not in parts:
            own = self._folder / "include" / f"{name}.lua"
            file = own if own.exists() else COMMON / f"{name}.lua"
            parts[name] = self._expand(file.read_text("utf-8"), parts)  # after what it includes itself

    def _expand(self, text: str, parts: dict[str, str]) -> str:
        for name in _INCLUDE.findall(text):
            self._include(name, parts)
        return _INCLUDE.sub("", text)


def _literal(value: str | float) -> str:
    return f"'{value}'" if isinstance(value, str) else repr(value)
