"""The state of the service itself."""

from typing import Literal

from pydantic import Field

from app.api.schemas.base import Schema

LOG_ID = "A new id for each answer, as HPS clients expect it."


class Health(Schema):
    """The API process is alive."""

    status: Literal["ok"]
    logId: str = Field(description=LOG_ID)
    errorCode: Literal[0]
    errorMsg: Literal["Healthy"]


class Readiness(Schema):
    """Whether a document that is submitted now will be worked on now."""

    status: Literal["ok", "unavailable"]
    logId: str = Field(description=LOG_ID)
    errorCode: Literal[0, 503] = Field(description="0 if the service is ready, else 503.")
    errorMsg: str = Field(description="`Healthy`, or what is missing, for people.")
    parts: dict[str, str] = Field(
        description="The state of each part: `store`, `blobs`, `worker`, and each engine with a live worker. It is "
        "`ok`, or what is wrong, for people."
    )


class EngineQueue(Schema):
    """The work of one engine, counted in slices. A slice is a range of at most SLICE_PAGES pages of one job."""

    waiting: int = Field(ge=0, description="Number of slices that wait.")
    running: int = Field(ge=0, description="Number of slices that a worker is working on.")
    work: int = Field(ge=0, description="Sum of `waiting` and `running`.")
    oldest_seconds: float = Field(ge=0, description="Waiting time of the oldest waiting slice, in seconds; 0 if none.")


class Queue(Schema):
    """The work of every engine, also of engines without a worker."""

    engines: dict[str, EngineQueue] = Field(description="The work by the engine's name.")
