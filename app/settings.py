"""Every knob of the product: environment variables of the same names, and `.env` in the working directory."""

import re
import sys
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.addresses import Rules
from app.vl_models import VLModel, choose


def _split(value: Any) -> Any:
    """Lists come from the environment as comma-separated words."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _server_url(word: str) -> str:
    """The base of an OpenAI-style server. Raises ValueError."""
    parts = urlsplit(word)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{word!r} is not an address like http://127.0.0.1:8118/v1")
    return word.rstrip("/") + ("" if parts.path.strip("/") else "/v1")


class Settings(BaseSettings):
    """All settings with their defaults; every limit is finite."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port the API listens on.")
    allow_anonymous: bool = Field(
        False, description="Listen on other addresses than loopback although nobody is asked for a key."
    )
    public_url: str | None = Field(
        None, description="Address clients know the API by, as https://ocr.example.com; links in answers begin with it."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        [],
        description="More names that requests may have in Host and Origin, besides localhost, HOST and PUBLIC_URL's; "
        "unset: Host is checked on loopback only.",
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        [], description="Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    data_dir: Path = Field(Path("data"), description="Where documents, results and our own store live.")
    redis_url: str | None = Field(None, description="Redis or Valkey 6.2 or newer; unset: one of our own in DATA_DIR.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    engine: str = Field(
        "auto",
        validation_alias=AliasChoices("engine", "ocr_engine"),
        description="The worker's engine: pp_ocr, paddleocr_vl (or vllm), or auto: the one whose environment this is.",
    )
    worker_concurrency: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Jobs a worker works on at a time, downloads aside; unset: 8, or 32 with paddleocr_vl.",
    )
    shutdown_grace: float = Field(
        10, ge=0, le=3600, description="Seconds a stopping worker gives its jobs before it hands them back."
    )
    slice_pages: int = Field(
        32, ge=1, le=2000, description="Longer documents are worked on in slices of so many pages, side by side."
    )
    host_pages: int = Field(10_000, ge=1, description="Pages after which the engine host is replaced.")
    engine_start_timeout: float = Field(
        1800,
        gt=0,
        le=86400,
        description="Seconds an engine may take to load its models, downloads included; then it is started again.",
    )
    host_memory_mb: int = Field(16_384, ge=16, description="Memory in MiB at which the engine host is replaced.")
    page_processes: int | None = Field(
        None, ge=1, le=256, description="Processes that work on pages; unset: one a core."
    )
    page_timeout: float = Field(
        60,
        gt=0,
        le=3600,
        description="Seconds a page may take; time in which other programs have the CPU does not count.",
    )
    page_memory_mb: int = Field(
        700, ge=256, description="Memory in MiB that a page process may have; a page that takes more is stopped."
    )
    document_timeout: float = Field(
        4 * 3600, gt=0, le=7 * 86400, description="Seconds of work that a document's pages may take in all."
    )

    model: Literal["v1", "v1.5", "v1.6"] | None = Field(
        None,
        description="PaddleOCR-VL's pipeline, layout model and VLM together; unset: by MODEL_NAME, or v1.6.",
    )
    model_name: str | None = Field(
        None, description="What the VLM server calls its model; unset: the official name, as in PaddleOCR-VL-1.6-0.9B."
    )
    vl_server_url: Annotated[list[str], NoDecode] = Field(
        ["http://127.0.0.1:8118/v1"],
        validation_alias=AliasChoices("vl_server_url", "vllm_url"),
        description="Addresses of VLM servers, all with the same model; /v1 is added where there is no path.",
    )
    vl_backend: Literal[
        "vllm-server", "sglang-server", "fastdeploy-server", "mlx-vlm-server", "llama-cpp-server", "native"
    ] = Field("vllm-server", description="What the VLM servers run; native: the VLM is loaded into the worker itself.")
    vl_api_key: str | None = Field(None, repr=False, description="Sent to the VLM servers as a bearer token.")
    vl_max_concurrency: int = Field(
        200, ge=1, le=4096, description="Requests in flight at a VLM server, of all jobs of a worker together."
    )
    vl_timeout: float = Field(300, gt=0, le=3600, description="Seconds a VLM server has for one block of a page.")
    vl_model_dir: Path | None = Field(None, description="The VLM's weights, for native; unset: they are downloaded.")
    device: str | None = Field(
        None, description="Where models run that the worker loads, as gpu:0 or cpu; unset: a GPU if Paddle sees one."
    )
    layout_engine: Literal["paddle", "onnxruntime"] = Field(
        "paddle", description="What runs the layout model; onnxruntime runs it on the CPU and needs no PaddlePaddle."
    )
    layout_model_dir: Path | None = Field(
        None, description="The layout model; unset: the official one, which is downloaded when the worker is set up."
    )
    doc_preprocessing: bool = Field(
        False, description="Load the models for use_doc_orientation_classify and use_doc_unwarping, too."
    )
    doc_orientation_model_dir: Path | None = Field(None, description="The model for the former; unset: official.")
    doc_unwarping_model_dir: Path | None = Field(None, description="The model for the latter; unset: official.")
    paddle_pdx_model_source: Literal["bos", "huggingface", "modelscope", "aistudio"] = Field(
        "bos", description="Where official models are downloaded from."
    )

    data_quota_gb: float = Field(
        50, gt=0, description="GiB that DATA_DIR may hold; beyond it no document is taken and none is worked on."
    )
    max_file_mb: int = Field(200, ge=1, description="Largest document, uploaded or downloaded, in MiB.")
    max_pages: int = Field(2000, ge=1, description="Most pages of one job, counted after page_ranges.")
    max_page_pixels: int = Field(40_000_000, ge=10_000, description="A page is rendered with no more pixels than this.")

    queue_max: int = Field(
        10_000, ge=1, description="Most jobs that wait or run; beyond it new ones are refused with 503 queue_full."
    )

    fetch_timeout: float = Field(120, gt=0, le=3600, description="Seconds a download may take in all.")
    fetch_allowed_hosts: Annotated[list[str], NoDecode] = Field(
        [], description="Hosts (name or address, optionally :port) that may be fetched though they are private."
    )
    fetch_allowed_networks: Annotated[list[str], NoDecode] = Field(
        [], description="Networks (as in 10.0.0.0/8) whose addresses may be fetched from, at any port."
    )
    callback_allowed_hosts: Annotated[list[str], NoDecode] = Field(
        [], description="Hosts (name or address, optionally :port) that callbacks may go to though they are private."
    )
    callback_allowed_networks: Annotated[list[str], NoDecode] = Field(
        [], description="Networks (as in 10.0.0.0/8) that callbacks may go to, at any port."
    )
    result_ttl: int = Field(72 * 3600, ge=60, description="Seconds a job and its result are kept after its end.")
    webhook_inline_max: int = Field(
        32 << 20, ge=0, description="Largest callback body in bytes; beyond it the callback links to the result."
    )
    webhook_timeout: float = Field(15, gt=0, le=120, description="Seconds one delivery of a callback may take.")

    _lists = field_validator(
        "allowed_hosts",
        "trusted_proxies",
        "fetch_allowed_hosts",
        "fetch_allowed_networks",
        "callback_allowed_hosts",
        "callback_allowed_networks",
        "vl_server_url",
        mode="before",
    )(_split)

    @field_validator("public_url")
    @classmethod
    def _public(cls, word: str | None) -> str | None:
        if word is None:
            return None
        parts = urlsplit(word)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{word!r} is not an address like https://ocr.example.com")
        return word.rstrip("/")

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, words: list[str]) -> list[str]:
        for word in words:
            if not re.fullmatch(r"[\w-]+(\.[\w-]+)*\.?", word, re.ASCII):
                raise ValueError(f"{word!r} is not a name alone, as in ocr.example.com")
        return [word.lower().removesuffix(".") for word in words]

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, words: list[str]) -> list[str]:
        for word in words:
            ip_network(word)
        return words

    @field_validator("paddle_pdx_model_source", mode="before")
    @classmethod
    def _lower(cls, word: Any) -> Any:
        return word.lower() if isinstance(word, str) else word

    @field_validator("layout_model_dir", "vl_model_dir", "doc_orientation_model_dir", "doc_unwarping_model_dir")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        """The engine host has another working directory."""
        return None if folder is None else folder.expanduser().absolute()

    @field_validator("engine")
    @classmethod
    def _alias(cls, name: str) -> str:
        return "paddleocr_vl" if name == "vllm" else name

    @field_validator("vl_server_url")
    @classmethod
    def _servers(cls, words: list[str]) -> list[str]:
        if not words:
            raise ValueError("names no server")
        return [_server_url(word) for word in words]

    @field_validator("fetch_allowed_hosts", "callback_allowed_hosts")
    @classmethod
    def _hosts(cls, words: list[str]) -> list[str]:
        Rules(words)
        return words

    @field_validator("fetch_allowed_networks", "callback_allowed_networks")
    @classmethod
    def _networks(cls, words: list[str]) -> list[str]:
        Rules(allowed_networks=words)
        return words

    @model_validator(mode="after")
    def _one_model(self) -> "Settings":
        choose(self.model, self.model_name)
        return self

    @cached_property
    def vl_model(self) -> VLModel:
        """The version of PaddleOCR-VL that MODEL and MODEL_NAME ask for."""
        return choose(self.model, self.model_name)

    @cached_property
    def fetch_rules(self) -> Rules:
        """Where documents may be downloaded from."""
        return Rules(self.fetch_allowed_hosts, self.fetch_allowed_networks, settings="FETCH")

    @cached_property
    def callback_rules(self) -> Rules:
        """Where callbacks may go to."""
        return Rules(self.callback_allowed_hosts, self.callback_allowed_networks, settings="CALLBACK")

    @cached_property
    def max_file_bytes(self) -> int:
        return self.max_file_mb << 20

    def link(self, path: str) -> str:
        """`path` of the API, as a client can follow it: with PUBLIC_URL where there is one."""
        return (self.public_url or "") + path


class SettingsError(Exception):
    """The environment holds a value that cannot be; the message names each."""


def load_settings() -> Settings:
    """The settings of this process's environment. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [_sentence(item) for item in error.errors()]
        raise SettingsError("Settings that cannot be:\n  " + "\n  ".join(lines)) from None


def settings_or_exit() -> Settings:
    """The same for programs: those that cannot be are named on standard error, and the program ends with 2."""
    try:
        return load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def _sentence(item: Any) -> str:
    if not item["loc"]:  # about several settings, which the message names
        return str(item["msg"]).removeprefix("Value error, ")
    return f"{str(item['loc'][0]).upper()}: {item['msg']} (it is {item['input']!r})"
