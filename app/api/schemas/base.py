"""What the models share."""

from typing import Annotated, TypeAlias, TypeVar

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

T = TypeVar("T")

Absent: TypeAlias = T | SkipJsonSchema[None]
"""A value that is left out where there is none; it is never null. The field's default is None."""


class Schema(BaseModel):
    """Base of the models. They do not forbid further fields: later versions may add some."""


JobId = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{32}$",
        description="The job's id: 32 hexadecimal digits.",
        examples=["f0c9f1d2a6b84c6c9a54ad0f3e1b7d25"],
    ),
]
METADATA = "The `metadata` of the request, unchanged. Absent if the request had none."
