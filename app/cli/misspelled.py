"""Finds misspelled settings in the environment and `.env`: a typo would otherwise pass unnoticed."""

import logging
import os
from collections.abc import Iterable, Iterator

from app.env_file import EnvFile, read_env_file
from app.settings import setting_names

log = logging.getLogger(__name__)

WARNED = "OCR_SETTINGS_WARNED"
"""Set in the environment once a process has warned: those that it starts say nothing."""

OF_SCRIPTS = frozenset({
    "PYTHON", "VENV", "PIP_CERT",  # run.sh
    "BUILDER", "GPU_SUFFIX", "BASE", "DIGEST",  # build.sh
    "REDIS_PASSWORD", "COMPOSE_PROFILES", "HTTP_PORT", "GPU_DEVICE_ID", "IMAGE_TAG", "VLM_IMAGE_TAG",  # compose files
    "WORKER_REPLICAS", "WORKER_MEMORY", "VLM_MEMORY", "MODELS", "VLM_GPU_MEMORY", "VLM_MAX_NUM_SEQS",
    "VLM_MAX_BATCHED_TOKENS",
})  # fmt: skip
"""Names that .env.example, run.sh, build.sh and the compose files know."""

_OF_OTHERS = (
    "AWS_", "COMPOSE_", "CUDA_", "DOCKER_", "FLAGS_", "GOOGLE_", "HF_", "HPS_", "LC_", "LD_", "MALLOC_", "NCCL_",
    "NVIDIA_", "OMP_", "PADDLE_", "PIP_", "PYTHON", "REQUESTS_CA_", "S3_", "SSL_", "UV_", "UVICORN_", "VLLM_",
)  # fmt: skip
"""Beginnings of names in .env that libraries, Docker and compose files of one's own read."""
_ALSO_OF_OTHERS = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "TZ", "LANG", "PATH", "HOME"})

SHORT = 5  # letters: names of no more are told from others' by swapped letters only
LONG = 10  # letters: names of so many may differ in two, in .env


def warn_of_misspelled() -> None:
    """Logs a warning for each name in the environment or `.env` that looks like a misspelled setting. Processes started
    from here do not repeat it.
    """
    if os.environ.get(WARNED):
        return
    os.environ[WARNED] = "1"
    for line in misspelled(os.environ, read_env_file()):
        log.warning("%s", line)


def misspelled(environment: Iterable[str], file: EnvFile) -> Iterator[str]:
    """A warning for each misspelled setting."""
    known = {name for names in setting_names().values() for name in names}
    for name in sorted({name.upper() for name in environment} - known - OF_SCRIPTS):
        if near := _near(name, known, in_file=False):
            yield f"{name} in the environment is not a setting and has no effect: did you mean {near}?"
    for line in file.unreadable:
        yield f"Line {line} of .env is not NAME=value and has no effect."
    unknown = [name for name in file.values if name not in known | OF_SCRIPTS and not _of_others(name)]
    ours = len(unknown) < len(file.values) / 2  # else it is the file of another program, in whose folder we run
    for name in unknown:
        if near := _near(name, known, in_file=ours):
            yield f"{name} in .env is not a setting and has no effect: did you mean {near}?"
        elif ours:
            yield f"{name} in .env is not a setting and has no effect."


def _of_others(name: str) -> bool:
    return name.startswith(_OF_OTHERS) or name in _ALSO_OF_OTHERS


def _near(name: str, known: Iterable[str], *, in_file: bool) -> str | None:
    """The setting that `name` is a misspelling of. In the environment of a machine much is similar by chance."""
    for setting in sorted(known):
        if name.replace("_", "") == setting.replace("_", ""):
            return setting
    for setting in sorted(known):
        length = max(len(name), len(setting))
        distance = _distance(name, setting)
        if distance == 1 and (length > SHORT or in_file or sorted(name) == sorted(setting)):
            return setting
        if distance <= 2 and in_file and length >= LONG:
            return setting
    return None


def _distance(one: str, other: str) -> int:
    """Letters to insert, delete, replace or swap with their neighbour to get from one to the other; at most 3."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, target in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], 3)
