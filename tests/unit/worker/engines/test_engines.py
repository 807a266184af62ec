"""The engines that a worker knows."""

from app.engines.options import OPTIONS
from worker.engines import ENGINES, engine_class, resolve


def test_the_engines_are_the_same_on_both_sides() -> None:
    assert set(OPTIONS) == set(ENGINES)
    assert resolve("auto") != "null"
    for name in ENGINES:
        assert engine_class(name).name == name
