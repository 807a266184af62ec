"""What Lua makes of the values that Python sends, and Python of the answers."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import fakeredis
import pytest

from app.redis.client import Store, connect
from app.redis.scripts import Call, Scripts, named
from app.settings import Settings

pytestmark = pytest.mark.anyio

ECHO = """
--- @include "hashes"
local function shown(value)
  if type(value) == 'number' then return string.format('%.17g', value) end
  if type(value) ~= 'table' then return tostring(value) end
  local words = {}
  for name, item in pairs(value) do words[name] = shown(item) end
  return #words > 0 and words or named(words)
end
redis.call('HSET', 'echo', 'number', args.number, 'rising', args.number + 1)
redis.call('ZADD', 'scores', args.number, 'member')
local stored = redis.call('HMGET', 'echo', 'number', 'rising')
return named({
  number = shown(args.number), text = args.text, flag = shown(args.flag), missing = shown(args.missing),
  list = shown(args.list), fields = shown(args.fields), nested = shown(args.nested),
  stored = stored[1], rising = stored[2], score = redis.call('ZSCORE', 'scores', 'member'),
  again = tonumber(stored[1]) == args.number and 1 or 0,
})
"""


@dataclass(frozen=True)
class Nested:
    time: float
    missing: str | None = None


@dataclass(frozen=True)
class Echo(Call[dict[str, Any]]):
    script: ClassVar[str] = "echo"
    number: float
    text: str = ""
    flag: bool = False
    missing: str | None = None
    list: tuple[str | int, ...] = ()
    fields: Mapping[str, str] | None = None
    nested: Nested | None = None

    def read(self, answer: Any) -> dict[str, Any]:
        return named(answer)


@pytest.fixture(params=["server", "fakeredis"])
async def store(request: pytest.FixtureRequest, store_url: str) -> AsyncIterator[Store]:
    if request.param == "server":
        client = connect(Settings(redis_url=store_url))
    else:
        client = fakeredis.FakeAsyncRedis(decode_responses=True, version=(7, 0))
    yield client
    await client.aclose()


@pytest.fixture
def scripts(store: Store, tmp_path: Path) -> Scripts:
    (tmp_path / "echo.lua").write_text(ECHO)
    return Scripts(store, tmp_path)


@pytest.mark.parametrize(
    "number",
    [0, 1, 123_456_789_012, 2**53 - 1, 1_796_045_808.290768, 4_102_444_799.999999, 0.1, 0.021637899000779726, 1e-7],
)
async def test_numbers_arrive_exactly(scripts: Scripts, number: float) -> None:
    """Epoch seconds with microseconds, fences, numbers of pages: in Lua, in a hash, and as a score."""
    found = await scripts.run(Echo(number))
    assert float(found["number"]) == number
    assert float(found["stored"]) == number
    assert float(found["score"]) == number
    assert found["again"] == 1
    if isinstance(number, int):
        assert found["stored"] == str(number)  # as HINCRBY would have it
        assert int(found["rising"]) == number + 1


@pytest.mark.parametrize("text", ["", "a b", "null", 'quotes " and \\ and /', "line\nend\tüß漢字😀", "nul \0 and \x7f"])
async def test_texts_arrive_as_they_are(scripts: Scripts, text: str) -> None:
    found = await scripts.run(Echo(1, text, fields={"metadata": text}))
    assert found["text"] == text
    assert named(found["fields"]) == {"metadata": text}


async def test_what_is_none_is_nil(scripts: Scripts) -> None:
    found = await scripts.run(Echo(1, flag=True, list=("a", 1), nested=Nested(1.5)))
    assert (found["flag"], found["missing"], found["fields"]) == ("true", "nil", "nil")
    assert found["list"] == ["a", "1"]
    assert named(found["nested"]) == {"time": "1.5"}
    assert (await scripts.run(Echo(1)))["flag"] == "false"
