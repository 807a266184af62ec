"""Examples by the name of their schema: answers of a real service, with ids and times replaced and images cut short."""

import json
from importlib.resources import files

from pydantic import JsonValue

EXAMPLES: dict[str, list[JsonValue]] = json.loads(files("app.api.schemas").joinpath("examples.json").read_text())
