"""What POST /infer takes, as JSON and as a form."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, WithJsonSchema

from app.jobs.models import Priority
from app.jobs.submission import KEY_MAX, PASSWORD_MAX, URL_MAX


class Submission(BaseModel):
    """What can be said about a document, whichever way it comes."""

    model_config = ConfigDict(extra="forbid")

    callback_url: str | None = Field(
        None,
        max_length=URL_MAX,
        description="http or https address that the outcome is posted to when the job ends; see the webhook "
        "`job_ended`. Addresses in private networks must be allowed by CALLBACK_ALLOWED_HOSTS or "
        "CALLBACK_ALLOWED_NETWORKS.",
    )
    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=KEY_MAX,
        description="A key of your choice. A repeated request with the same key returns the job of the first one, for "
        "as long as its result is kept (RESULT_TTL).",
    )
    engine: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="The engine that reads the document: `pp_ocr` or `paddleocr_vl`. By default, the engine of the "
        "live workers.",
    )
    options: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="Options of the engine. `pp_ocr` has none; those of `paddleocr_vl` are the parameters of "
        "`PaddleOCRVL.predict`.",
    )
    priority: Priority = Field("normal", description="Jobs of higher priority come first; none waits forever.")
    page_ranges: str | None = Field(
        None,
        max_length=4096,
        description="Pages to read, counted from 1, as in `1-3,5,8-`. By default, all pages.",
        examples=["1-3,5"],
    )
    metadata: JsonValue = Field(
        None, description="Any JSON of yours, returned with the job. At most 16 KiB; null counts as absent."
    )
    password: SecretStr | None = Field(
        None,
        min_length=1,
        max_length=PASSWORD_MAX,
        description="Password of an encrypted PDF. It is deleted as soon as the document has been opened.",
    )


class UrlSubmission(Submission):
    """A document that the service downloads."""

    pdf_url: str = Field(
        max_length=URL_MAX,
        description="http or https address of the document: a PDF, PNG, JPEG, TIFF, WebP or BMP file. Addresses in "
        "private networks must be allowed by FETCH_ALLOWED_HOSTS or FETCH_ALLOWED_NETWORKS.",
    )
    headers: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Headers for the server of `pdf_url`, for example Authorization. They are deleted as soon as the "
        "document has been downloaded.",
    )


class FileSubmission(Submission):
    """A document that is uploaded as a form. An empty field counts as absent."""

    file: Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})] = Field(
        description="The document: a PDF, PNG, JPEG, TIFF, WebP or BMP file of at most MAX_FILE_MB. Its content "
        "decides on the format, not its name."
    )
