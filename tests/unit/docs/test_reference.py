"""What is generated from the code is up to date: the settings in docs/configuration.md and .env.example, the keys of
the store in docs/architecture.md.
"""

import re

import pytest

from app.env_file import parse
from app.settings import Settings, settings_from
from docs.scripts.reference import (
    ARCHITECTURE,
    CONFIGURATION,
    ENV_EXAMPLE,
    GROUPS,
    architecture,
    compose_table,
    configuration,
    env_example,
)

UP_TO_DATE = "run: python -m docs.scripts.reference"


def test_the_example_is_up_to_date() -> None:
    text = ENV_EXAMPLE.read_text()
    assert text == env_example(text), UP_TO_DATE


def test_the_configuration_page_is_up_to_date() -> None:
    text = CONFIGURATION.read_text()
    assert text == configuration(text, ENV_EXAMPLE.read_text()), UP_TO_DATE


def test_the_table_of_keys_is_up_to_date() -> None:
    text = ARCHITECTURE.read_text()
    assert "| `job:{job_id}` |" in text
    assert text == architecture(text), UP_TO_DATE


def test_the_configuration_page_has_every_setting_and_every_variable() -> None:
    text = CONFIGURATION.read_text()
    names = {name.upper() for name in Settings.model_fields} | set(
        re.findall(r"^#?([A-Z_]+)=", ENV_EXAMPLE.read_text(), re.MULTILINE)
    )
    assert {name for name in names if f"`{name}`" not in text} == set()
    assert set(GROUPS) <= set(Settings.model_fields)
    assert len(list(compose_table(ENV_EXAMPLE.read_text()))) > 10


def test_a_setting_with_a_range_says_what_raising_and_lowering_it_does() -> None:
    silent = []
    for name, field in Settings.model_fields.items():
        bounded = any(hasattr(item, bound) for item in field.metadata for bound in ("ge", "gt", "le"))
        if bounded and name != "port" and not re.search(r"Raise .*; lower ", field.description or ""):
            silent.append(name)
    assert silent == []


@pytest.mark.parametrize("uncommented", [False, True])
def test_the_example_with_its_defaults_changes_nothing(uncommented: bool) -> None:
    text = ENV_EXAMPLE.read_text()
    if uncommented:
        text = re.sub(r"(?m)^#([A-Z_]+=)", r"\1", text.rpartition("# --- The service")[2])
    file = parse(text)
    assert (len(file.values) > 40) == uncommented
    assert settings_from({}, file) == settings_from({}, parse(""))
