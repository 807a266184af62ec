"""All settings of the product: environment variables of the same names, and `.env` in the working directory."""

import difflib
import os
import re
import sys
from functools import cached_property
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.env_file import EnvFile, EnvFileError, find, read_env_file, upper_case
from app.hosts import allowed_host, allowed_network
from app.model_names import VLModel, choose

TOMBSTONE_TTL = 7 * 24 * 3600
"""Seconds an expired job is still known as such: not a setting, but it goes with RESULT_TTL."""

ENGINES = ("paddleocr_vl", "pp_ocr")
"""The engines there are."""
HIDDEN_ENGINES = ("null",)
"""Engines for tests: known only while a worker offers them."""


def _split(value: Any) -> Any:
    """Lists come from the environment as comma-separated words."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _server_url(word: str) -> str:
    """The base of an OpenAI-style server. Raises ValueError."""
    parts = urlsplit(word)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{word!r} is not an address like http://127.0.0.1:8118/v1")
    return word.rstrip("/") + ("" if parts.path.strip("/") else "/v1")


_REDIS_OPTIONS = {
    "db", "username", "password", "client_name", "protocol", "socket_timeout", "socket_connect_timeout",
    "socket_keepalive", "retry_on_timeout", "health_check_interval", "max_connections",
}  # fmt: skip
_TLS_OPTIONS = {
    "ssl_ca_certs", "ssl_ca_path", "ssl_ca_data", "ssl_certfile", "ssl_keyfile", "ssl_password", "ssl_cert_reqs",
    "ssl_check_hostname", "ssl_ciphers",
}  # fmt: skip
"""What the query of REDIS_URL may hold: options of redis-py's connections."""


def _check_redis_url(word: str) -> None:
    """Raises ValueError where redis-py could not use it, or would read something else into it."""
    parts = urlsplit(word)
    if parts.scheme not in ("redis", "rediss", "unix"):
        bare = re.fullmatch(r"[\w.-]+(:\d+)?", word)
        example = f"redis://{word}/0" if bare else "redis://:PASSWORD@HOST:6379/0"
        raise ValueError(f"it should begin with redis://, rediss:// (with TLS) or unix://, as in {example}")
    escape = "characters of a password other than letters and digits should be escaped, as in %40 for @"
    if parts.fragment:
        raise ValueError(f"it contains #; {escape}")
    if parts.scheme == "unix":
        if not parts.path or parts.hostname:
            raise ValueError("it should be like unix:///path/to/redis.sock")
    else:
        try:
            parts.port  # noqa: B018
        except ValueError:
            raise ValueError(f"its port is not a number below 65536; {escape}") from None
        if not re.fullmatch(r"(/\d*)?", parts.path):
            raise ValueError("its path should be a database number, as in redis://HOST:6379/0")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    known = _REDIS_OPTIONS | (_TLS_OPTIONS if parts.scheme == "rediss" else set())
    for name in options:
        if name not in known:
            raise ValueError(f"it has the unknown option {name}; known options are {', '.join(sorted(known))}")
    if not options.get("db", "0").isdecimal():
        raise ValueError("its option db should be a database number")


class Settings(BaseModel):
    """All settings with their defaults; every limit is finite."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    host: str = Field(
        "127.0.0.1",
        description="Address the API listens on. Any address other than loopback requires ALLOW_ANONYMOUS=1.",
    )
    port: int = Field(8080, ge=1, le=65535, description="Port the API listens on.")
    allow_anonymous: bool = Field(
        False,
        description="Acknowledges that the API is unauthenticated. Required to listen on an address other than "
        "loopback.",
    )
    public_url: str | None = Field(
        None,
        description="Base URL that clients use, such as https://ocr.example.com. Links in responses start with it.",
    )
    allowed_hosts: list[str] = Field(
        [],
        description="More host names accepted in Host and Origin, besides localhost, HOST and the host of PUBLIC_URL. "
        "Unset: Host is checked only when the API listens on loopback.",
    )
    trusted_proxies: list[str] = Field(
        [],
        description="Addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto headers are "
        "trusted.",
    )
    data_dir: Path = Field(
        Path("data"),
        description="Directory for documents, results and the built-in store. All APIs and workers of one store must "
        "share it.",
    )
    redis_url: str | None = Field(
        None,
        repr=False,
        description="URL of a Redis or Valkey server, 6.2 or newer. Unset: the service runs its own server in "
        "DATA_DIR.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Minimum log level.")

    engine: str = Field(
        "auto",
        validation_alias=AliasChoices("engine", "ocr_engine"),
        description="Engine of the worker: pp_ocr, paddleocr_vl (or vllm), or auto, which picks the engine installed "
        "in this environment.",
    )
    worker_concurrency: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Jobs a worker processes at once, not counting downloads. Unset: 8, or 32 with paddleocr_vl. "
        "Raise it if the VLM server is idle while jobs wait; lower it to use less memory.",
    )
    shutdown_timeout: float = Field(
        10,
        validation_alias=AliasChoices("shutdown_timeout", "shutdown_grace"),
        ge=0,
        le=3600,
        description="Seconds a stopping worker waits for its jobs before it returns them to the queue. Raise it to "
        "interrupt less work; lower it to stop sooner.",
    )
    slice_pages: int = Field(
        32,
        ge=1,
        le=2000,
        description="Pages per slice. A longer document is split into slices that run in parallel. Raise it for fewer "
        "store operations; lower it to spread long documents over more workers.",
    )
    engine_max_pages: int = Field(
        10_000,
        validation_alias=AliasChoices("engine_max_pages", "host_pages"),
        ge=1,
        description="Pages after which the engine host process is replaced. Raise it to reload models less often; "
        "lower it if an engine leaks memory.",
    )
    engine_start_timeout: float = Field(
        1800,
        gt=0,
        le=86400,
        description="Seconds an engine may take to load its models, downloads included, before it is restarted. Raise "
        "it for slow networks or disks; lower it to notice a hung start sooner.",
    )
    engine_max_memory_mb: int = Field(
        16_384,
        validation_alias=AliasChoices("engine_max_memory_mb", "host_memory_mb"),
        ge=16,
        description="Memory in MiB at which the engine host process is replaced. Raise it if models are reloaded too "
        "often; lower it to stay below a container's limit.",
    )
    page_processes: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Processes that work on pages at once. Unset: one per CPU core. Raise it if cores are idle and "
        "memory is free; lower it to leave cores to other programs.",
    )
    page_timeout: float = Field(
        60,
        gt=0,
        le=3600,
        description="Seconds of CPU time a page may take. A page whose process uses no CPU for as long, and does not "
        "wait for it either, fails too. Raise it for very complex pages; lower it to give up on bad pages sooner.",
    )
    page_memory_mb: int = Field(
        700,
        ge=256,
        description="Memory in MiB a page process may use; a page that needs more fails. Raise it for very large "
        "pages; lower it on a machine with little memory.",
    )
    document_timeout: float = Field(
        4 * 3600,
        gt=0,
        le=7 * 86400,
        description="Seconds of work that all pages of a document may take together; the remaining pages fail. Raise "
        "it for long scanned books; lower it to limit the cost of one document.",
    )

    model: Literal["v1", "v1.5", "v1.6"] | None = Field(
        None,
        description="PaddleOCR-VL version: selects pipeline, layout model and VLM together. Unset: derived from "
        "MODEL_NAME, otherwise v1.6.",
    )
    model_name: str | None = Field(
        None,
        description="Model name that the VLM server uses. Unset: the official name, such as PaddleOCR-VL-1.6-0.9B.",
    )
    vl_server_url: list[str] = Field(
        ["http://127.0.0.1:8118/v1"],
        validation_alias=AliasChoices("vl_server_url", "vllm_url"),
        description="URLs of VLM servers, all with the same model. /v1 is added to a URL without a path.",
    )
    vl_backend: Literal[
        "vllm-server", "sglang-server", "fastdeploy-server", "mlx-vlm-server", "llama-cpp-server", "native"
    ] = Field(
        "vllm-server", description="Software that the VLM servers run; native loads the VLM into the worker instead."
    )
    vl_api_key: str | None = Field(None, repr=False, description="Bearer token sent to the VLM servers.")
    vl_max_concurrency: int = Field(
        200,
        ge=1,
        le=4096,
        description="Requests in flight per VLM server, for all jobs of a worker together. Raise it if the GPU is not "
        "busy while work waits; lower it if requests time out.",
    )
    vl_timeout: float = Field(
        300,
        gt=0,
        le=3600,
        description="Seconds a VLM server may take for one block of a page. Raise it if blocks fail under load; lower "
        "it to notice a hung server sooner.",
    )
    vl_model_dir: Path | None = Field(
        None, description="Directory with the weights of the VLM, for VL_BACKEND=native. Unset: they are downloaded."
    )
    device: str | None = Field(
        None,
        description="Device for models that the worker loads, such as gpu:0 or cpu. Unset: a GPU if Paddle finds one.",
    )
    layout_engine: Literal["paddle", "onnxruntime"] = Field(
        "paddle", description="Runtime of the layout model. onnxruntime runs on the CPU and does not need PaddlePaddle."
    )
    layout_model_dir: Path | None = Field(
        None,
        description="Directory of the layout model. Unset: the official model, downloaded when the worker is set up.",
    )
    doc_preprocessing: bool = Field(
        False, description="Also load the models for use_doc_orientation_classify and use_doc_unwarping."
    )
    doc_orientation_model_dir: Path | None = Field(
        None, description="Directory of the document orientation model. Unset: the official model."
    )
    doc_unwarping_model_dir: Path | None = Field(
        None, description="Directory of the document unwarping model. Unset: the official model."
    )
    paddle_pdx_model_source: Literal["bos", "huggingface", "modelscope", "aistudio"] = Field(
        "bos", description="Where official models are downloaded from."
    )

    data_quota_gb: float = Field(
        50,
        gt=0,
        description="GiB that DATA_DIR may hold; beyond it new documents are rejected and queued jobs wait. Raise it "
        "if the disk has room; lower it to keep space for other programs.",
    )
    max_file_mb: int = Field(
        200,
        ge=1,
        description="Largest document in MiB, uploaded or downloaded. Raise it to accept larger files; lower it to "
        "limit disk and network use per job.",
    )
    max_pages: int = Field(
        2000,
        ge=1,
        description="Maximum pages per job, counted after page_ranges. Raise it to accept longer documents; lower it "
        "to limit the work of one job.",
    )
    max_page_pixels: int = Field(
        40_000_000,
        ge=10_000,
        description="Maximum pixels of a rendered page; a larger one is scaled down. Raise it for fine print on large "
        "sheets; lower it to save time and memory.",
    )

    max_queued_jobs: int = Field(
        10_000,
        validation_alias=AliasChoices("max_queued_jobs", "queue_max"),
        ge=1,
        description="Maximum jobs waiting or running; beyond it new ones are rejected with 503 queue_full. Raise it "
        "to absorb longer bursts; lower it so that clients are rejected instead of waiting for hours.",
    )

    fetch_timeout: float = Field(
        120,
        gt=0,
        le=3600,
        description="Seconds a whole download may take. Raise it for slow servers; lower it to give up on them sooner.",
    )
    fetch_allowed_hosts: list[str] = Field(
        [],
        description="Hosts (name or address, optionally with :port) that documents may be downloaded from although "
        "they are private.",
    )
    fetch_allowed_networks: list[str] = Field(
        [], description="Networks such as 10.0.0.0/8 that documents may be downloaded from, on any port."
    )
    callback_allowed_hosts: list[str] = Field(
        [],
        description="Hosts (name or address, optionally with :port) that may receive callbacks although they are "
        "private.",
    )
    callback_allowed_networks: list[str] = Field(
        [], description="Networks such as 10.0.0.0/8 that may receive callbacks, on any port."
    )
    result_ttl: int = Field(
        72 * 3600,
        ge=60,
        description="Seconds a job and its result are kept after the job ends. Raise it to fetch results later; lower "
        "it to free disk space sooner.",
    )
    webhook_max_inline_bytes: int = Field(
        32 << 20,
        validation_alias=AliasChoices("webhook_max_inline_bytes", "webhook_inline_max"),
        ge=0,
        description="Largest callback body in bytes; a larger result is replaced by its result_url. Raise it if "
        "receivers accept large bodies; lower it if they do not.",
    )
    webhook_timeout: float = Field(
        15,
        gt=0,
        le=120,
        description="Seconds one delivery of a callback may take. Raise it for slow receivers; lower it to retry "
        "sooner.",
    )

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
                raise ValueError(f"{word!r} is not a host name such as ocr.example.com")
        return [word.lower().removesuffix(".") for word in words]

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, words: list[str]) -> list[str]:
        for word in words:
            ip_network(word)
        return words

    @field_validator(
        "log_level", "engine", "model", "vl_backend", "layout_engine", "paddle_pdx_model_source", mode="before"
    )
    @classmethod
    def _lower(cls, word: Any) -> Any:
        return word.lower() if isinstance(word, str) else word

    @field_validator("host")
    @classmethod
    def _host(cls, word: str) -> str:
        if word.startswith("[") and word.endswith("]"):
            word = word[1:-1]
        try:
            if not re.fullmatch(r"[\w.-]+", word):
                ip_address(word)
        except ValueError:
            advice = (
                "it should be an address or a host name, such as 127.0.0.1, ::1 or localhost; set the port with PORT"
            )
            raise ValueError(advice) from None
        return word

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, word: str | None) -> str | None:
        if word is not None:
            _check_redis_url(word)
        return word

    @field_validator("data_dir")
    @classmethod
    def _home(cls, folder: Path) -> Path:
        try:
            return folder.expanduser()
        except RuntimeError:
            raise ValueError("there is no such home directory") from None

    @field_validator("layout_model_dir", "vl_model_dir", "doc_orientation_model_dir", "doc_unwarping_model_dir")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        """The engine host has another working directory."""
        return None if folder is None else folder.expanduser().absolute()

    @field_validator("engine")
    @classmethod
    def _engine(cls, name: str) -> str:
        if name == "vllm":
            return "paddleocr_vl"
        if name in ("auto", *ENGINES, *HIDDEN_ENGINES):
            return name
        known = ["auto", *ENGINES]
        near = difflib.get_close_matches(name, known, 1)
        raise ValueError(f"it should be one of {', '.join(known)}" + (f"; did you mean {near[0]}?" if near else ""))

    @field_validator("vl_server_url")
    @classmethod
    def _servers(cls, words: list[str]) -> list[str]:
        if not words:
            raise ValueError("it names no server")
        return [_server_url(word) for word in words]

    @field_validator("fetch_allowed_hosts", "callback_allowed_hosts")
    @classmethod
    def _hosts(cls, words: list[str]) -> list[str]:
        for word in words:
            allowed_host(word)
        return words

    @field_validator("fetch_allowed_networks", "callback_allowed_networks")
    @classmethod
    def _networks(cls, words: list[str]) -> list[str]:
        for word in words:
            allowed_network(word)
        return words

    @model_validator(mode="after")
    def _one_model(self) -> "Settings":
        choose(self.model, self.model_name)
        return self

    @model_validator(mode="after")
    def _room_for_a_document(self) -> "Settings":
        if self.max_file_mb > self.data_quota_gb * 1024:
            raise ValueError(
                f"MAX_FILE_MB={self.max_file_mb} is more than the {self.data_quota_gb:g} GiB of DATA_QUOTA_GB; "
                "raise DATA_QUOTA_GB or lower MAX_FILE_MB"
            )
        return self

    @cached_property
    def vl_model(self) -> VLModel:
        """The version of PaddleOCR-VL that MODEL and MODEL_NAME ask for."""
        return choose(self.model, self.model_name)

    @cached_property
    def max_file_bytes(self) -> int:
        return self.max_file_mb << 20

    def link(self, path: str) -> str:
        """`path` of the API, as a client can follow it: with PUBLIC_URL where there is one."""
        return (self.public_url or "") + path


class SettingsError(Exception):
    """The environment or `.env` holds a value that is invalid; the message has a line for each."""


def setting_names() -> dict[str, tuple[str, ...]]:
    """The names that each setting may be given by, by its field."""
    aliases = {
        name: getattr(field.validation_alias, "choices", [name]) for name, field in Settings.model_fields.items()
    }
    return {name: tuple(str(choice).upper() for choice in choices) for name, choices in aliases.items()}


def load_settings() -> Settings:
    """The settings of this process's environment and working directory. Raises SettingsError."""
    try:
        file = read_env_file()
    except EnvFileError as error:
        raise SettingsError(str(error)) from None
    return settings_from(upper_case(os.environ), file)


def settings_from(environment: dict[str, str], file: EnvFile) -> Settings:
    """The same of these; names of the environment are in upper case. Raises SettingsError."""
    given = {field: found for field, names in setting_names().items() if (found := find(names, environment, file))}
    try:
        return Settings.model_validate({field: value for field, (_, value, _) in given.items()})
    except ValidationError as error:
        lines = []
        for item in error.errors():
            message = str(item["msg"]).removeprefix("Value error, ")
            if item["loc"]:
                name, value, from_file = given[str(item["loc"][0])]
                where = " in .env" if from_file else ""
                message = f"{name}={_shown(value)}{where} is invalid: {message[0].lower()}{message[1:]}"
            lines.append(message if message[-1] in ".?!" else f"{message}.")
        raise SettingsError("\n".join(lines)) from None


def _shown(value: str) -> str:
    """Without passwords, and no longer than a line."""
    value = re.sub(r"(?<=://).*@|^(?!\w+://).*@", "***@", value, flags=re.DOTALL)
    value = re.sub(r"(password=)[^&]*", r"\1***", value)
    return repr(value if len(value) <= 100 else f"{value[:100]}…")


def settings_or_exit() -> Settings:
    """The same for programs: what is invalid is named on standard error, and the program ends with status 2."""
    try:
        return load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
