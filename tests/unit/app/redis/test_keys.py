"""The registry of keys: what is declared once is what Python and Lua build."""

import inspect
import re

import pytest
from lupa.lua51 import LuaRuntime

from app.redis import keys

NAMES = {
    "active:{queue}", "audited:{queue}", "cursor:{queue}:{name}", "data:id", "data:reserved", "data:used",
    "delayed:{queue}", "dropped:{worker}", "ended:secrets", "engines", "engines:able", "engines:faults", "events",
    "expiring", "idem:{client}:{digest}", "job:{job_id}", "jobs:{client}", "jobs_by_engine:{engine}:{status}:{client}",
    "missing:{queue}", "open", "outbox", "outbox:bell", "outbox:{job_id}", "pages:{job_id}", "probe",
    "rq:execution:{slice_id}:{execution}", "rq:executions:{slice_id}", "rq:job:{slice_id}", "rq:queue:{queue}",
    "rq:queues", "rq:wip:{queue}", "rq:worker:{name}", "rq:workers", "rq:workers:{queue}", "rq:{status}:{queue}",
    "slice:{slice_id}", "turns:{queue}", "waiting:{job_id}", "waiting:{queue}", "waiting:{queue}:{priority}",
    "waiting:{queue}:{priority}:{client}",
}  # fmt: skip
"""In the store. A name that changes breaks upgrades: processes of the version before would not find what is there."""


def test_names_in_the_store_stay_the_same() -> None:
    assert {key.template for key in keys.REGISTRY.values()} == NAMES


def test_every_builder_is_declared() -> None:
    constants = {name for name, value in vars(keys).items() if name.isupper() and isinstance(value, str)}
    functions = {
        name
        for name, value in inspect.getmembers(keys, inspect.isfunction)
        if value.__module__ == keys.__name__ and not name.startswith("_") and name != "lua"
    }
    assert constants | functions == set(keys.REGISTRY)
    for key in keys.REGISTRY.values():
        assert key.holds.endswith("."), f"say what {key.name} holds"


@pytest.mark.parametrize("key", keys.REGISTRY.values(), ids=lambda key: key.name)
def test_lua_builds_the_same_names(key: keys.Key) -> None:
    values = [f"{parameter} of {key.name}" for parameter in key.parameters]
    builder = getattr(keys, key.name)
    lua = LuaRuntime()
    lua.execute(f"RESULT_TTL = 100 {keys.lua([key.name], [key.name]).replace('local ', '')}")
    made = lua.globals().key[key.name]
    assert (made(*values) if values else made) == (builder(*values) if values else builder)
    assert lua.globals().ttl[key.name] == key.ttl.total(100)
    assert re.findall(r"{(\w+)}", key.template) == list(key.parameters)
