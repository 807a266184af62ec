"""build.sh, with a docker that notes what it is asked."""

import os
import subprocess
from pathlib import Path

import pytest

from app import __version__
from support.harness import ROOT

pytestmark = pytest.mark.slow  # once is enough, on one Python

NAME = "paddleocr-vl-service"
REGISTRY = "ccr-2vdh3abv-pub.cnc.bj.baidubce.com/paddlepaddle"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    program = tmp_path / "bin/docker"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\necho "$*" >>"$LOG"\n'
        'case "$*" in *format*) echo 123456789 ;; "image inspect"*) exit $MISSING ;; esac\n'
    )
    program.chmod(0o755)
    return tmp_path / "log"


def build(log: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{log.parent}/bin:{os.environ['PATH']}"
    log.write_text("")
    return subprocess.run(
        [ROOT / "build.sh", *arguments],
        env={"PATH": path, "LOG": str(log), "MISSING": "0", **environment},
        capture_output=True,
        text=True,
        timeout=30,
        cwd=log.parent,
    )


def builds(log: Path) -> dict[str, str]:
    """What each image is built with, by its moving tag, in order."""
    found = [line for line in log.read_text().splitlines() if line.startswith("build ")]
    return {line.split("--tag ")[1].split()[0]: line for line in found}


def test_all_images_are_built_in_order(log: Path) -> None:
    ended = build(log)
    assert ended.returncode == 0, ended.stderr
    made = builds(log)
    assert list(made) == [
        f"{NAME}-api:latest",
        f"{NAME}-worker-cpu:latest",
        f"{NAME}-worker-gpu:latest",
        f"{NAME}:latest",
        f"{NAME}:cpu",
    ]
    for name, line in made.items():  # a service has it from its worker
        assert (f"--build-arg VERSION={__version__} " in line) == name.startswith((f"{NAME}-api", f"{NAME}-worker"))
    assert f"--build-arg BASE={REGISTRY}/paddleocr-vl:latest-nvidia-gpu " in made[f"{NAME}-worker-gpu:latest"]
    assert f"--build-arg WORKER={NAME}-worker-gpu:latest" in made[f"{NAME}:latest"]
    assert f"--build-arg WORKER={NAME}-worker-cpu:latest" in made[f"{NAME}:cpu"]
    assert f"--tag {NAME}:{__version__}-cpu --file docker/service.Dockerfile ." in made[f"{NAME}:cpu"]
    assert "123 MB" in ended.stdout


def test_a_service_is_built_of_a_worker_of_today(log: Path) -> None:
    assert build(log, "service").returncode == 0
    assert list(builds(log)) == [f"{NAME}-worker-gpu:latest", f"{NAME}:latest"]
    assert build(log, "worker-cpu", "service-cpu").returncode == 0
    assert list(builds(log)) == [f"{NAME}-worker-cpu:latest", f"{NAME}:cpu"]


def test_blackwell_digests_and_models(log: Path) -> None:
    assert build(log, "worker-gpu", GPU_SUFFIX="-sm120", MODEL="v1").returncode == 0
    (line,) = builds(log).values()
    assert f"BASE={REGISTRY}/paddleocr-vl:latest-nvidia-gpu-sm120 " in line
    assert "PADDLE_INDEX=https://www.paddlepaddle.org.cn/packages/stable/cu129/ " in line
    assert "MODEL=v1 " in line
    assert build(log, "api", BASE="registry.lan/python:3.12-slim", DIGEST="sha256:0123").returncode == 0
    (line,) = builds(log).values()
    assert "BASE=registry.lan/python:3.12-slim --build-arg DIGEST=sha256:0123 " in line


def test_a_digest_is_that_of_one_image(log: Path) -> None:
    ended = build(log, DIGEST="sha256:0123")
    assert (ended.returncode, builds(log)) == (1, {})
    assert "build one at a time" in ended.stderr
    assert build(log, "service-cpu", DIGEST="sha256:0123").returncode == 0
    assert ["DIGEST=sha256:0123" in line for line in builds(log).values()] == [True, False]


def test_what_it_does_not_know_is_named(log: Path) -> None:
    ended = build(log, "worker-tpu")
    assert ended.returncode == 1
    assert "Unknown image: worker-tpu. The images are: api worker-cpu worker-gpu service service-cpu" in ended.stderr
    assert build(log, "--help").returncode == 2
    assert builds(log) == {}


def test_without_docker_it_says_where_to_get_it(log: Path) -> None:
    (log.parent / "bin/docker").unlink()
    ended = build(log, BUILDER="docker-that-is-not-there")
    assert ended.returncode == 1
    assert "https://docs.docker.com" in ended.stderr


def test_prefetch_gathers_images_and_models(log: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in ("build.sh", "app/__init__.py", "docker/compose.yaml", "docker/compose.common.yaml"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    log.write_text("")
    ended = subprocess.run(
        ["bash", copy / "build.sh", "--prefetch"],
        env={"PATH": f"{log.parent}/bin:{os.environ['PATH']}", "LOG": str(log), "MISSING": "1", "MODEL": "v1.5"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 0, ended.stderr
    calls = log.read_text()
    assert list(builds(log)) == [f"{NAME}-api:latest", f"{NAME}-worker-gpu:latest"]
    assert f"--volume {copy}/offline/models:/models --env MODEL=v1.5 {NAME}-worker-gpu:latest python -m " in calls
    vlm = f"{REGISTRY}/paddleocr-genai-vllm-server:latest-nvidia-gpu"
    assert f"pull {vlm}\n" in calls
    saved = f"{NAME}-api:latest {NAME}-worker-gpu:latest {vlm} valkey/valkey:8.1-alpine\n"
    assert f"save --output offline/images.tar {saved}" in calls
    assert "docker load -i offline/images.tar" in ended.stdout
    assert f"MODELS={copy}/offline/models" in ended.stdout
