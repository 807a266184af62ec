"""The real pipeline between a layout model with fixed boxes and a VLM server with fixed answers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from benchmarks.simulated import layout
from benchmarks.simulated.vlm import RunningVLM
from support.harness import Service, running
from support.paddleocr_vl.service import environment

os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore:unclosed:ResourceWarning")  # PaddleX's client, where we use it
    for kind in ("DeprecationWarning", "UserWarning"):  # of libraries that we cannot change
        config.addinivalue_line("filterwarnings", f"ignore::{kind}")


@pytest.fixture(scope="session")
def layout_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PP-DocLayoutV3 for ONNX Runtime."""
    return layout.build(tmp_path_factory.mktemp("models") / "v3")


@pytest.fixture(scope="session")
def shared_vlm() -> Iterator[RunningVLM]:
    server = RunningVLM()
    yield server
    server.stop()


@pytest.fixture
def vlm(shared_vlm: RunningVLM) -> Iterator[RunningVLM]:
    """A VLM server that answers at once; the test may change it."""
    shared_vlm.reset()
    yield shared_vlm
    shared_vlm.reset()


@pytest.fixture(scope="session")
def shared_service(layout_dir: Path, shared_vlm: RunningVLM) -> Iterator[Service]:
    with running(**environment(layout_dir, shared_vlm)) as service:
        yield service


@pytest.fixture
def service(shared_service: Service, vlm: RunningVLM) -> Service:
    """A service with the engine, and its VLM server as the test has it."""
    return shared_service


@pytest.fixture
def settings(layout_dir: Path, vlm: RunningVLM) -> Settings:
    return Settings(layout_engine="onnxruntime", layout_model_dir=layout_dir, vl_server_url=[vlm.url])
