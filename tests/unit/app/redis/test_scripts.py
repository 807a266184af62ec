"""Lua scripts: each has the arguments that its class declares, and gets what it includes."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import fakeredis
import pytest

import app.jobs.scripts
import app.webhooks.outbox
from app.jobs.scripts import job_scripts
from app.redis.scripts import Call, Scripts
from app.settings import Settings

FOLDERS = {module.__name__: module.LUA for module in (app.jobs.scripts, app.webhooks.outbox)}
CALLS = [call for call in Call.__subclasses__() if call.__module__ in FOLDERS]


@pytest.mark.parametrize("module", FOLDERS)
def test_every_script_has_its_class(module: str) -> None:
    scripts = sorted(path.stem for path in FOLDERS[module].glob("*.lua"))
    assert sorted(call.script for call in CALLS if call.__module__ == module) == scripts


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.__name__}")
def test_a_script_uses_the_arguments_of_its_class(call: type[Call[Any]]) -> None:
    text = (FOLDERS[call.__module__] / f"{call.script}.lua").read_text()
    assert set(re.findall(r"\bargs\.(\w+)", text)) == {field.name for field in fields(call)}


@pytest.mark.parametrize("name", [call.script for call in CALLS if call.__module__ == "app.jobs.scripts"])
def test_what_a_script_includes_stands_in_front_of_it_once(name: str) -> None:
    text = job_scripts(fakeredis.FakeAsyncRedis(), Settings()).source(name)
    assert "@include" not in text
    functions = re.findall(r"^local function (\w+)", text, re.MULTILINE)
    assert sorted(functions) == sorted(set(functions))
    assert text.index("function redis.call") < text.index("redis.call(")  # overwritten keys are healed in all of them


def test_a_script_gets_only_what_it_includes() -> None:
    scripts = job_scripts(fakeredis.FakeAsyncRedis(), Settings(result_ttl=3600))
    claim, page = scripts.source("claim"), scripts.source("page")
    assert "local function refill" in claim
    assert "local function refill" not in page
    assert "local RESULT_TTL = 3600\n" in page
    assert "rq_leases = function" in claim
    assert "rq_leases = function" not in page


def test_includes_are_looked_for_beside_the_script_first(tmp_path: Path) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "include/one.lua").write_text('--- @include "two"\n--- @include "clock"\n-- one\n')
    (tmp_path / "include/two.lua").write_text("-- two\n")
    (tmp_path / "script.lua").write_text(
        '--- @include "one"\n--- @include "two"\nreturn key.job(key.OPEN) .. ttl.pages'
    )
    text = Scripts(fakeredis.FakeAsyncRedis(), tmp_path, constants={"NAME": "word", "LIMIT": 2}).source("script")
    order = [
        "local NAME = 'word'\nlocal LIMIT = 2\n",
        "  job = function",
        "local args",
        "-- two",
        "function now",
        "-- one",
    ]
    assert sorted(order, key=text.index) == order
    assert text.count("-- two") == 1
    assert text.endswith("return key.job(key.OPEN) .. ttl.pages")
