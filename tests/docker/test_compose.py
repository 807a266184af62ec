"""The compose files: what they say of our images and settings, and the commands in them, run."""

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.model_names import OFFICIAL
from app.processes.ports import free_port
from app.redis.server import find_server
from app.settings import Settings
from support.harness import ROOT, spawn, wait_for

pytestmark = pytest.mark.slow  # once is enough, on one Python

FILES = ("compose", "compose.cpu")
NOT_SETTINGS = {"GPU_DEVICE_ID", "CUDA_VISIBLE_DEVICES"}
"""In our containers' environment, but not for app.settings."""

Service = dict[str, Any]


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / f"docker/{name}.yaml").read_text())
    return found


def services(name: str) -> dict[str, Service]:
    """With what they extend, as far as we look at it."""
    common = load("compose.common")["services"]
    merged = {}
    for service, own in load(name)["services"].items():
        base = common[own["extends"]["service"]] if "extends" in own else {}
        merged[service] = {**base, **own, "environment": base.get("environment", {}) | own.get("environment", {})}
        merged[service]["volumes"] = base.get("volumes", []) + own.get("volumes", [])
    return merged


@pytest.mark.parametrize("name", FILES)
def test_every_variable_is_a_setting(name: str) -> None:
    known = {name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    for service in ("api", "worker"):
        assert set(services(name)[service]["environment"]) <= known
    assert services(name)["api"]["environment"]["HOST"] == "0.0.0.0"


def test_every_variable_is_explained() -> None:
    example = (ROOT / ".env.example").read_text()
    for file in ROOT.glob("docker/compose*.yaml"):
        for variable in re.findall(r"(?<!\$)\$\{([A-Z_]+)", file.read_text()):
            assert re.search(rf"^#?{variable}=", example, re.MULTILINE), variable


@pytest.mark.parametrize("name", FILES)
def test_images_are_built_or_pinned(name: str) -> None:
    listed = subprocess.run([ROOT / "build.sh", "--list"], capture_output=True, text=True, check=True).stdout.split()
    for service, found in services(name).items():
        image = found["image"]
        if service in ("api", "worker"):
            assert image.replace("${IMAGE_TAG:-latest}", "latest") in listed
        elif service == "redis":
            assert re.fullmatch(r"valkey/valkey:\d+\.\d+-alpine", image)


@pytest.mark.parametrize("name", FILES)
def test_only_the_api_can_be_reached(name: str) -> None:
    found = services(name)
    assert [service for service in found if "ports" in found[service]] == ["api"]
    for service in ("api", "worker"):
        assert found[service]["read_only"] is True
        assert found[service]["cap_drop"] == ["ALL"]
        assert found[service]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    for settings in found.values():
        assert settings["restart"] == "unless-stopped"
        assert "memory" in settings["deploy"]["resources"]["limits"]
        assert {volume.partition(":")[0] for volume in settings["volumes"]} <= {
            *load(name)["volumes"],
            "${MODELS",
        }


def test_a_worker_has_time_to_hand_back() -> None:
    (grace,) = {services(name)["worker"]["stop_grace_period"] for name in FILES}
    assert int(grace.removesuffix("s")) >= Settings().shutdown_timeout + 15


def run_worker_command(tmp_path: Path, **environment: str) -> str:
    """What VL_SERVER_URL the worker of compose.yaml is started with."""
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\necho "$*: $VL_SERVER_URL"\n')
    program.chmod(0o755)
    command = [word.replace("$$", "$") for word in services("compose")["worker"]["command"]]
    path = f"{tmp_path}:{os.environ['PATH']}"
    ended = subprocess.run(command, env={"PATH": path, **environment}, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_a_worker_knows_the_vlm_server_of_each_gpu(tmp_path: Path) -> None:
    assert run_worker_command(tmp_path, GPU_DEVICE_ID="0") == "-m worker: http://vlm:8118/v1"
    ours = "-m worker: http://vlm:8118/v1,http://vlm:8119/v1,http://vlm:8120/v1"
    assert run_worker_command(tmp_path, GPU_DEVICE_ID="2,3,5", VL_SERVER_URL="") == ours
    assert run_worker_command(tmp_path, GPU_DEVICE_ID="0,1", VL_SERVER_URL="http://gpu.lan:1/v1").endswith(
        ": http://gpu.lan:1/v1"
    )


@pytest.fixture
def vlm(tmp_path: Path) -> Path:
    """A program `paddleocr` that notes how it is called and goes on until it is told to stop."""
    program = tmp_path / "paddleocr"
    program.write_text(
        '#!/bin/bash\ntrap "echo stopped $CUDA_VISIBLE_DEVICES >>$LOG; exit" TERM\n'
        'echo "gpu $CUDA_VISIBLE_DEVICES: $*" >>"$LOG"\n'
        'while [[ $1 != --backend_config ]]; do shift; done; cat "$2" >>"$LOG"\n'
        'if [[ $CUDA_VISIBLE_DEVICES == 9 ]]; then until grep -q "gpu 0" "$LOG"; do sleep 0.1; done; exit 7; fi\n'
        "while kill -0 $PPID 2>/dev/null; do sleep 0.1; done\n"
    )
    program.chmod(0o755)
    (tmp_path / "log").touch()
    return tmp_path


def start_vlm(folder: Path, **environment: str) -> "subprocess.Popen[str]":
    path = f"{folder}:{os.environ['PATH']}"
    return spawn(
        "bash",
        ROOT / "docker/vlm.sh",
        env={"PATH": path, "LOG": str(folder / "log"), **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("model", list(OFFICIAL))
def test_the_model_moves_the_vlm_too(vlm: Path, model: str) -> None:
    process = start_vlm(vlm, MODEL=model, GPU_DEVICE_ID="0", VLM_GPU_MEMORY="0.7")
    log = vlm / "log"
    wait_for(lambda: "max-num-batched-tokens" in log.read_text())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert f"--model_name {OFFICIAL[model].name} --host 0.0.0.0 --port 8118 --backend vllm" in log.read_text()
    assert "gpu-memory-utilization: 0.7\n" in log.read_text()


def test_each_gpu_has_a_server_and_all_stop_together(vlm: Path) -> None:
    process = start_vlm(vlm, GPU_DEVICE_ID="0,3")
    log = vlm / "log"
    wait_for(lambda: log.read_text().count("max-num-batched-tokens") == 2)
    assert re.search(r"gpu 0: .* --port 8118 ", log.read_text())
    assert re.search(r"gpu 3: .* --port 8119 ", log.read_text())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode != 0
    wait_for(lambda: {"stopped 0", "stopped 3"} <= set(log.read_text().splitlines()))


def test_a_server_that_ends_takes_the_container_with_it(vlm: Path) -> None:
    process = start_vlm(vlm, GPU_DEVICE_ID="0,9")
    process.communicate(timeout=20)
    assert process.returncode == 7
    wait_for(lambda: "stopped 0" in (vlm / "log").read_text())


def test_a_model_that_is_none_is_refused(vlm: Path) -> None:
    process = start_vlm(vlm, MODEL="v2", GPU_DEVICE_ID="0")
    _, told = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "MODEL=v2 is invalid: use v1, v1.5 or v1.6." in told


def test_the_store_asks_for_its_password_and_keeps_what_it_has(tmp_path: Path) -> None:
    """The command of the container, on our own server."""
    command = services("compose")["redis"]["command"]
    words = [word.replace("${REDIS_PASSWORD}", "secret") for word in command[1:]]
    port = free_port()
    server = spawn(find_server(), *words, "--port", str(port), "--dir", tmp_path, stdout=subprocess.DEVNULL)
    retry = Retry(NoBackoff(), 0)
    try:
        with redis.Redis(port=port, password="secret", retry=retry) as client:
            wait_for(lambda: _answers(client))
            assert client.config_get("appendonly") == {"appendonly": "yes"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        with (
            redis.Redis(port=port, retry=retry) as anybody,
            pytest.raises(redis.AuthenticationError),
        ):
            anybody.ping()
    finally:
        server.terminate()
        server.wait(20)
    assert list((tmp_path / "appendonlydir").iterdir())


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
