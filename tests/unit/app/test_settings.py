"""How settings are read, what is said of invalid ones, and which names are taken for misspelled."""

import io
import re
import subprocess
import sys
from pathlib import Path

import dotenv
import pytest
import redis.asyncio
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.cli.misspelled import OF_SCRIPTS, misspelled
from app.engines.options import OPTIONS
from app.env_file import EnvFile, EnvFileError, parse, read_env_file
from app.model_names import version_of
from app.settings import _REDIS_OPTIONS, _TLS_OPTIONS, Settings, SettingsError, load_settings, setting_names
from support.harness import ROOT
from worker.engines import ENGINES

PIECES = [
    "export ", "export", "A", "B", "=", "= ", " ", "\t", "'", '"', "#", "\n", "\r\n", "\r", "\\", "\\n", "\\'", '\\"',
    "x", "$", "${A}", "${B:-d}", "${", "é",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@hypothesis_settings(max_examples=500, deadline=None)
def test_env_files_are_read_as_python_dotenv_reads_them(text: str) -> None:
    theirs = dotenv.dotenv_values(stream=io.StringIO(text, newline=""))
    assume(None not in theirs.values())  # a name alone
    assert parse(text).values == {name.upper(): value for name, value in theirs.items()}


READINGS = [
    ("ENGINE=paddleocr_vl", "paddleocr_vl"),
    ("export ENGINE=paddleocr_vl", "paddleocr_vl"),
    ("ENGINE = paddleocr_vl", "paddleocr_vl"),
    ("engine=paddleocr_vl", "paddleocr_vl"),
    ('ENGINE="paddleocr_vl"', "paddleocr_vl"),
    ("ENGINE='paddleocr_vl' # on the GPU", "paddleocr_vl"),
    ("ENGINE=PaddleOCR_VL", "paddleocr_vl"),
    ("OCR_ENGINE=vllm", "paddleocr_vl"),
    ("ENGINE=pp_ocr\r\nPORT=8081\r\n", "pp_ocr"),
    ("ENGINE=paddleocr_vl # comment", "paddleocr_vl"),
    ("\ufeffENGINE=paddleocr_vl", "paddleocr_vl"),
    ("#ENGINE=paddleocr_vl", "auto"),
    ("ENGINE=", "auto"),
    ("ENGINE=\nOCR_ENGINE=pp_ocr", "pp_ocr"),
    ("ENGINE=pp_ocr\nENGINE=paddleocr_vl", "paddleocr_vl"),
    ("NOTE='\nENGINE=paddleocr_vl\n'", "auto"),
]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("HOST_PAGES", "engine_max_pages"),
        ("HOST_MEMORY_MB", "engine_max_memory_mb"),
        ("QUEUE_MAX", "max_queued_jobs"),
        ("SHUTDOWN_GRACE", "shutdown_timeout"),
        ("WEBHOOK_INLINE_MAX", "webhook_max_inline_bytes"),
    ],
)
def test_old_names_of_settings(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    monkeypatch.setenv(old, "77")
    assert getattr(load_settings(), new) == 77


@pytest.mark.parametrize(("text", "engine"), READINGS)
def test_run_sh_and_the_service_read_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, engine: str
) -> None:
    (tmp_path / ".env").write_text(text, newline="", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_settings().engine == engine
    assert printed(tmp_path) == engine.replace("auto", "")


def printed(folder: Path) -> str:
    """What run.sh takes ENGINE for in that folder."""
    text = (ROOT / "run.sh").read_text()
    begin = text.index("read_settings() {")
    function = text[begin : text.index("\n}\n", begin) + 3]
    script = f'here={ROOT}\nany_python() {{ echo {sys.executable}; }}\n{function}\nread_settings\necho "$engine"'
    ended = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=30, check=True)
    return ended.stdout.strip()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("ENGINE=paddleocr_vl\nPORT=1\nMODEL=v1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCR_ENGINE", "pp_ocr")  # by another of its names
    monkeypatch.setenv("port", "2")
    monkeypatch.setenv("MODEL", "")
    settings = load_settings()
    assert (settings.engine, settings.port, settings.model) == ("pp_ocr", 2, "v1")
    assert printed(tmp_path) == "pp_ocr"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("PORT=1\n".encode("utf-16"), "is UTF-16, as Windows PowerShell writes it: save it as UTF-8"),
        ("PORT=1\n".encode("utf-16-le"), "is UTF-16"),
        ("PORT=1\nPUBLIC_URL=http://müller\n".encode("latin-1"), "is not UTF-8 text (line 2): save it as UTF-8"),
    ],
)
def test_env_files_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert words in str(caught.value)
    assert str(tmp_path / ".env") in str(caught.value)
    with pytest.raises(EnvFileError):
        read_env_file()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REDIS_URL", "redis+sentinel://h:26379/m", "should begin with redis://, rediss:// (with TLS) or unix://"),
        ("REDIS_URL", "localhost:6379", "as in redis://localhost:6379/0"),
        ("REDIS_URL", "http://localhost:6379", "should begin with redis://"),
        ("REDIS_URL", "redis://h/0?foo=1", "the unknown option foo"),
        ("REDIS_URL", "redis://h/0?ssl_ca_certs=a", "the unknown option ssl_ca_certs"),
        ("REDIS_URL", "redis://h:99999/0", "its port is not a number"),
        ("REDIS_URL", "redis://h:6379/first", "a database number"),
        ("REDIS_URL", "redis://h:6379/0?db=x", "a database number"),
        ("REDIS_URL", "redis://:a#b@h:6379/0", "should be escaped"),
        ("REDIS_URL", "redis://:a/b@h:6379/0", "should be escaped"),
        ("REDIS_URL", "unix://tmp/redis.sock", "unix:///path/to/redis.sock"),
        ("HOST", "127.0.0.1:8080", "an address or a host name"),
        ("HOST", "http://localhost", "an address or a host name"),
        ("HOST", "[::1", "an address or a host name"),
        ("ENGINE", "ppocr", "auto, paddleocr_vl, pp_ocr; did you mean pp_ocr?"),
        ("OCR_ENGINE", "tesseract", "should be one of auto, paddleocr_vl, pp_ocr"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("PORT", "http", "valid integer"),
        ("MAX_PAGES", "0", "greater than or equal to 1"),
        ("DATA_DIR", "~nobody-of-that-name/x", "there is no such home directory"),
    ],
)
def test_an_invalid_setting_gets_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.count("\n") == 0
    assert message.startswith(f"{name}=")
    assert words in message
    if "@" not in value:
        assert repr(value) in message


def test_several_invalid_settings_get_a_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("MAX_PAGES=0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    lines = str(caught.value).splitlines()
    assert [line.partition(" is invalid: ")[0] for line in lines] == ["PORT='http'", "MAX_PAGES='0' in .env"]


@pytest.mark.parametrize("url", ["redis+sentinel://u:s3cret@h", ":s3cret@h:6379", "redis://h?password=s3cret&foo=1"])
def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Settings(redis_url="redis://:s3cret@h"))


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis://h",
        "redis://h:6379",
        "redis://h/3",
        "redis://:p%40@h:6379/0",
        "redis://u:p@[::1]:6379/0?db=2",
        "rediss://h/0?ssl_cert_reqs=none",
        "unix:///tmp/r.sock",
        "unix:///tmp/r.sock?db=1&password=x",
    ],
)
def test_addresses_of_stores(url: str) -> None:
    assert Settings(redis_url=url).redis_url == url
    redis.asyncio.Redis.from_url(url).connection_pool.make_connection()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("name", sorted(_REDIS_OPTIONS | _TLS_OPTIONS))
def test_options_of_a_store_are_those_of_its_library(name: str) -> None:
    url = f"rediss://h/0?{name}={'none' if name == 'ssl_cert_reqs' else 2}"
    assert Settings(redis_url=url).redis_url == url
    redis.asyncio.Redis.from_url(url).connection_pool.make_connection()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("LOG_LEVEL", "INFO", "log_level", "info"),
        ("HOST", "[::1]", "host", "::1"),
        ("HOST", "fe80::1%eth0", "host", "fe80::1%eth0"),
        ("HOST", "my_host.lan", "host", "my_host.lan"),
        ("ENGINE", "PP_OCR", "engine", "pp_ocr"),
        ("MODEL", "V1.5", "model", "v1.5"),
        ("PORT", "8081\r", "port", 8081),  # docker run --env-file leaves it there
        ("DATA_DIR", "~/x", "data_dir", Path.home() / "x"),
        ("DATA_DIR", "data", "data_dir", Path("data")),
    ],
)
def test_what_is_accepted(monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: object) -> None:
    monkeypatch.setenv(name, value)
    assert getattr(load_settings(), field) == expected


def test_every_engine_is_a_setting_and_has_options() -> None:
    assert ENGINES.keys() == OPTIONS.keys()
    for field, names in setting_names().items():
        assert names[0] == field.upper()


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("PaddlePaddle/PaddleOCR-VL", "v1"),
        ("PaddleOCR-VL", "v1"),
        ("paddlepaddle/paddleocr-vl-0.9b", "v1"),
        ("PaddleOCR-VL-0.9B", "v1"),
        ("PaddlePaddle/PaddleOCR-VL-1.5", "v1.5"),
        ("PaddleOCR-VL-1.5-0.9B", "v1.5"),
        ("/models/paddleocr_vl-1.5/", "v1.5"),
        ("PaddlePaddle/PaddleOCR-VL-1.6", "v1.6"),
        ("PaddleOCR-VL-1.6-0.9B-GGUF", "v1.6"),
        ("PaddleOCR-VL-GGUF", "v1"),
        ("PaddleOCR-VL-2.0", None),
        ("PaddleOCR-VLM", None),
        ("ours", None),
    ],
)
def test_names_of_models_tell_their_version(name: str, version: str | None) -> None:
    assert version_of(name) == version
    model = Settings(model_name=name).vl_model
    assert (model.version, model.name) == (version or "v1.6", name)


NOT_OURS = """
    HOME PATH HOSTNAME HOSTTYPE LOGNAME USER SHELL TERM LANG LC_ALL DISPLAY EDITOR PAGER PWD OLDPWD SHLVL MAIL
    LS_COLORS XDG_DATA_DIRS XDG_DATA_HOME XDG_RUNTIME_DIR XDG_SESSION_TYPE DBUS_SESSION_BUS_ADDRESS
    SSH_AUTH_SOCK SSH_CLIENT TMPDIR DESKTOP_SESSION GNOME_SHELL_SESSION_MODE GTK_MODULES QT_ACCESSIBILITY
    XMODIFIERS WAYLAND_DISPLAY COLORTERM VTE_VERSION MACHTYPE OSTYPE COLUMNS LINES NVM_DIR JAVA_HOME GOPATH
    CARGO_HOME CONDA_PREFIX VIRTUAL_ENV PYTHONPATH PYTHONUNBUFFERED HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy
    no_proxy SSL_CERT_FILE REQUESTS_CA_BUNDLE INVOCATION_ID JOURNAL_STREAM POSTGRES_USER POSTGRES_PASSWORD
    POSTGRES_DB POSTGRES_HOST POSTGRES_PORT PGHOST PGPORT PGDATA DATABASE_URL MYSQL_HOST PORTS HOSTS POST MODELS
    MODE NODE_ENV DEBUG ENV STAGE AWS_REGION AWS_PROFILE GOOGLE_APPLICATION_CREDENTIALS KUBERNETES_SERVICE_HOST
    KUBERNETES_SERVICE_PORT KUBERNETES_SERVICE_PORT_HTTPS KUBERNETES_PORT KUBERNETES_PORT_443_TCP
    KUBERNETES_PORT_443_TCP_PROTO REDIS_PORT REDIS_HOST REDIS_PASSWORD REDIS_SERVICE_HOST REDIS_SERVICE_PORT
    REDIS_PORT_6379_TCP REDIS_PORT_6379_TCP_ADDR API_PORT API_SERVICE_HOST OCR_PORT OCR_SERVICE_PORT VLM_PORT
    VLM_SERVICE_HOST VLM_SERVICE_PORT VLM_PORT_8118_TCP WORKER_PORT WORKER_SERVICE_HOST CUDA_VISIBLE_DEVICES
    CUDA_VERSION NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES LD_LIBRARY_PATH GPG_KEY PYTHON_VERSION
    PYTHON_SHA256 HF_HOME HF_TOKEN PADDLE_PDX_CACHE_HOME OMP_NUM_THREADS UVICORN_WORKERS WEB_CONCURRENCY CI
    GITHUB_ACTIONS RUNNER_OS GITLAB_CI SENTRY_DSN SECRET_KEY API_KEY OPENAI_API_KEY SMTP_HOST MAIL_HOST DB_HOST
    DB_PORT APP_ENV APP_PORT LOG_FILE LOG_FORMAT
"""


def test_variables_of_others_are_not_taken_for_ours() -> None:
    assert list(misspelled(NOT_OURS.split(), EnvFile())) == []
    assert list(misspelled(OF_SCRIPTS, EnvFile())) == []
    example = re.sub(r"^#(?=[A-Z_]+=)", "", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    entries = parse(example)
    assert len(entries.values) > 50
    assert list(misspelled(entries.values, entries)) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PROT", "PORT"),
        ("HSOT", "HOST"),
        ("REDIS_URI", "REDIS_URL"),
        ("DATADIR", "DATA_DIR"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("ENGIN", "ENGINE"),
        ("redis_uri", "REDIS_URL"),
        ("VLM_SERVER_URL", "VL_SERVER_URL"),
        ("ALLOW_ANONYMUS", "ALLOW_ANONYMOUS"),
        ("WORKERCONCURRENCY", "WORKER_CONCURRENCY"),
    ],
)
def test_a_misspelled_setting_is_named(name: str, meant: str) -> None:
    in_environment = list(misspelled(["PATH", name], EnvFile()))
    assert in_environment == [
        f"{name.upper()} in the environment is not a setting and has no effect: did you mean {meant}?"
    ]
    (line,) = misspelled([], parse(f"PUBLIC_URL=https://a\nSLICE_PAGES=8\n{name}=1\n"))
    assert line == f"{name.upper()} in .env is not a setting and has no effect: did you mean {meant}?"


def test_what_else_in_an_env_file_of_ours_has_no_effect() -> None:
    lines = list(misspelled([], parse("PORT=1\nDATA_DIR=x\nCOLOUR=red\nHF_HOME=/m\nENGINE: pp_ocr\n")))
    assert lines == [
        "Line 5 of .env is not NAME=value and has no effect.",
        "COLOUR in .env is not a setting and has no effect.",
    ]


def test_the_env_file_of_another_program_is_left_alone() -> None:
    assert list(misspelled([], parse("PORT=3000\nDJANGO_SETTINGS=x\nDB=y\nSECRET=z\nHOSTS=a\n"))) == []


def test_a_document_of_the_largest_size_fits_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_QUOTA_GB", "0.1")
    with pytest.raises(SettingsError, match=r"^MAX_FILE_MB=200 is more than the 0\.1 GiB of DATA_QUOTA_GB; .*\.$"):
        load_settings()
    monkeypatch.setenv("MAX_FILE_MB", "102")
    assert load_settings().max_file_mb == 102


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "wiki.lan, files.lan:8000")
    monkeypatch.setenv("OCR_ENGINE", "pp_ocr")
    monkeypatch.setenv("REDIS_URL", "")
    settings = load_settings()
    assert settings.fetch_allowed_hosts == ["wiki.lan", "files.lan:8000"]
    assert (settings.engine, settings.redis_url, settings.max_file_bytes) == ("pp_ocr", None, 200 << 20)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ("v1.6", "PP-DocLayoutV3", "PaddleOCR-VL-1.6-0.9B")),
        ({"MODEL": "v1"}, ("v1", "PP-DocLayoutV2", "PaddleOCR-VL-0.9B")),
        ({"MODEL_NAME": "PaddleOCR-VL-1.5-0.9B"}, ("v1.5", "PP-DocLayoutV3", "PaddleOCR-VL-1.5-0.9B")),
        ({"MODEL_NAME": "PaddlePaddle/PaddleOCR-VL-0.9B"}, ("v1", "PP-DocLayoutV2", "PaddlePaddle/PaddleOCR-VL-0.9B")),
        ({"MODEL_NAME": "ours", "MODEL": "v1.5"}, ("v1.5", "PP-DocLayoutV3", "ours")),
    ],
)
def test_a_model_is_chosen_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: tuple[str, str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    model = load_settings().vl_model
    assert (model.version, model.layout, model.name) == expected


def test_models_that_contradict_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL", "v1.6")
    monkeypatch.setenv("MODEL_NAME", "PaddleOCR-VL-1.5-0.9B")
    with pytest.raises(SettingsError, match=r"MODEL=v1\.6 is PaddleOCR-VL-1\.6-0\.9B"):
        load_settings()


def test_names_that_people_already_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_ENGINE", "vllm")
    monkeypatch.setenv("VLLM_URL", "http://vlm:8118, http://vlm2:8000/proxy/v1/")
    monkeypatch.setenv("PADDLE_PDX_MODEL_SOURCE", "BOS")
    settings = load_settings()
    assert settings.engine == "paddleocr_vl"
    assert settings.vl_server_url == ["http://vlm:8118/v1", "http://vlm2:8000/proxy/v1"]
    assert settings.paddle_pdx_model_source == "bos"


def test_models_may_lie_beside_us(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAYOUT_MODEL_DIR", "models/layout")
    monkeypatch.setenv("VL_MODEL_DIR", "~/vl")
    settings = load_settings()
    assert settings.layout_model_dir == tmp_path / "models/layout"
    assert settings.vl_model_dir == Path.home() / "vl"


def test_every_setting_is_explained() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("FETCH_ALLOWED_HOSTS", "http://a"),
        ("PAGE_TIMEOUT", "no"),
        ("VL_SERVER_URL", "vlm:8118"),
        ("VL_SERVER_URL", ","),
        ("MODEL", "v2"),
    ],
)
def test_settings_that_cannot_be(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()
