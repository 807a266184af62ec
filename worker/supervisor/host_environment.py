"""What the engine host is given: of the environment what Python and model libraries need, of the settings no secret.

It starts the processes that parse documents, and its environment could be read from outside as long as it lives.
"""

from collections.abc import Mapping
from typing import Any

from app.settings import Settings

MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
"""For glibc: dozens of threads with megabytes each would leave fragments in as many arenas, ever more of them.
To map what a page needs anew each time would cost half as much time again.
"""

NAMES = {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"}
PREFIXES = ("LC_", "PYTHON", "MALLOC_", "OMP_", "COVERAGE_")
"""COVERAGE_ is for our tests."""

# A host that loads models itself may have to download them, and runs them on a GPU.
MODEL_ENGINES = {"paddleocr_vl"}
MODEL_NAMES = {"XDG_CACHE_HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}
MODEL_PREFIXES = ("CUDA_", "NVIDIA_", "NCCL_", "PADDLE_", "FLAGS_", "GLOG_", "HF_", "MODELSCOPE_", "SSL_")

SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
"""Words in names that are never passed on."""


def environment_for(engine: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Of `environment`, what the engine's host needs; ONNX Runtime's telemetry is turned off."""
    models = engine in MODEL_ENGINES
    names = NAMES | MODEL_NAMES if models else NAMES
    prefixes = PREFIXES + MODEL_PREFIXES if models else PREFIXES
    kept = {
        name: value
        for name, value in environment.items()
        if (name.upper() in names or name.startswith(prefixes)) and not any(word in name.upper() for word in SECRET)
    }
    return MALLOC | {"ORT_DISABLE_TELEMETRY": "1"} | kept


def settings_for(engine: str, settings: Settings) -> dict[str, Any]:
    """The settings as JSON, without secrets (fields that are left out of repr) but the one for VLM servers."""
    secrets = {name for name, field in Settings.model_fields.items() if not field.repr}
    if engine in MODEL_ENGINES:
        secrets.discard("vl_api_key")
    found = settings.model_dump(mode="json", exclude=secrets)
    return found | {"data_dir": str(settings.data_dir.absolute())}  # the host has another working directory
