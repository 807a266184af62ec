"""What the service sends to a job's callback_url. It is described here and sent by app/webhooks."""

from fastapi import APIRouter, Header, Response

from app.api.schemas.results import Callback

webhooks = APIRouter()


@webhooks.post(
    "job_ended",
    operation_id="job_ended",
    summary="A job has ended",
    tags=["callbacks"],
    status_code=200,
    response_class=Response,
    response_description="Received. Any status from 200 to 299 counts.",
    responses={410: {"description": "Do not send this callback again."}},
)
def job_ended(
    body: Callback,
    webhook_id: str = Header(description="The job's id. It is the same in every try: use it to drop duplicates."),
    webhook_timestamp: int = Header(description="When this try was made, in seconds since 1970-01-01 UTC."),
) -> None:
    """Sent to the `callback_url` of a job when the job ends, and again when it ends after a retry.

    Any other status than 200 to 299 and 410, or no answer within WEBHOOK_TIMEOUT, leads to further tries over two days.
    A header `Retry-After` in seconds is respected.
    """
