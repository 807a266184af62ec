"""The images, run: by buildah, which needs no daemon. CONTRIBUTING.md says how they are built for this."""

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.processes.ports import free_port
from app.redis.server import find_server
from support.documents import scan_pdf, text_pdf
from support.harness import Service, spawn, wait_for

pytestmark = pytest.mark.slow  # once is enough, on one Python

NAME = "localhost/paddleocr-vl-service"
USER = 10001
BASE = "docker.io/library/python:3.11-slim-bookworm"
OF_THE_RUNNER = ("proc", "sys", "dev", "run", "etc", "data", "models", "tmp", "usr/local/lib/python3.11")
"""Where buildah mounts or writes, and what the images may write to."""

os.environ |= {"STORAGE_DRIVER": os.environ.get("STORAGE_DRIVER", "overlay"), "BUILDAH_ISOLATION": "chroot"}


def buildah(*arguments: str) -> str:
    return subprocess.run(
        ["buildah", *arguments], check=True, capture_output=True, text=True, timeout=300
    ).stdout.strip()


def need(*images: str) -> None:
    if not os.environ.get("TEST_IMAGES"):
        pytest.skip("tests/docker/images.sh builds the images and runs this")
    if shutil.which("buildah") is None or os.getuid() != 0:
        pytest.skip("needs buildah, as root")
    for image in images:
        if subprocess.run(["buildah", "images", "-q", image], capture_output=True).returncode != 0:
            pytest.skip(f"{image} is not built: BUILDER=buildah ./build.sh")


class Container(Service):
    """An image that runs, with the machine's own network. Its client speaks to the API at its port."""

    def __init__(self, image: str, data_dir: Path, **environment: str) -> None:
        super().__init__(data_dir, **environment)
        self._image = image
        self._name = buildah("from", "--pull-never", image)
        self._root = Path(buildah("mount", self._name))
        self.log = data_dir.parent / f"{self._name}.log"

    def start(self, *wrapper: str, ready: bool = True) -> "Container":
        arguments = ["--network", "host", "--volume", f"{self.data_dir}:/data", "--env", f"PORT={self.port}"]
        for name, value in self._environment.items():
            if name.startswith("/"):
                arguments += ["--volume", f"{value}:{name}"]
            else:
                arguments += ["--env", f"{name}={value}"]
        config = json.loads(buildah("inspect", "--type", "image", self._image))["OCIv1"]["config"]
        with self.log.open("ab") as log:
            command = ["buildah", "run", *arguments, self._name, "--", *config["Cmd"]]
            self.process = spawn(*command, stdout=log, stderr=log)
        if ready:
            wait_for(self._ready, 120)
        return self

    def ours(self) -> list[psutil.Process]:
        """What runs in the container, without buildah."""
        return [process for process in self.tree() if "buildah" not in process.name() and process.name() != "exe"]

    def written(self, since: float) -> list[str]:
        """Files outside of the volumes that are younger."""
        found = []
        for folder, folders, files in os.walk(self._root):
            inside = Path(folder).relative_to(self._root)
            folders[:] = [name for name in folders if str(inside / name) not in OF_THE_RUNNER]
            for name in files:
                path = Path(folder, name)
                if path.lstat().st_mtime > since:
                    found.append(str(inside / name))
        return found

    def remove(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.kill_all()
        self.client.close()
        buildah("rm", self._name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that the user of the images may write to, and nobody else."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, USER, 0)
    return folder


@contextlib.contextmanager
def container(image: str, data: Path, **environment: str) -> Iterator[Container]:
    made = Container(image, data, **environment)
    try:
        yield made
    except BaseException:
        if made.log.exists():
            print(made.log.read_text()[-4000:])
        raise
    finally:
        made.remove()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[str]:
    """A store with a password, like the one of the compose files; its URL."""
    port = free_port()
    arguments = ["--port", str(port), "--requirepass", "secret", "--appendonly", "yes", "--dir", str(tmp_path)]
    server = spawn(find_server(), *arguments, stdout=subprocess.DEVNULL)
    yield f"redis://:secret@127.0.0.1:{port}/0"
    server.terminate()
    server.wait(20)


def test_the_service_image_reads_a_document_and_survives_a_kill(data: Path) -> None:
    need(f"{NAME}:cpu")
    with container(f"{NAME}:cpu", data, ALLOW_ANONYMOUS="1") as service:
        began = time.time()
        service.start()
        assert {process.uids().real for process in service.ours()} == {USER}
        assert "eighty households" in service.result(service.submit(text_pdf()))["result"]["markdown"]
        result = service.result(service.submit(scan_pdf()))["result"]
        assert "eighty households in the northern districts" in result["markdown"]
        waiting = [service.submit(scan_pdf()) for _ in range(4)]
        service.kill_all()
        service.start()
        for job in waiting:
            assert service.result(job)["status"] == "finished"
        assert service.written(began) == []


def test_no_image_with_an_api_starts_without_a_word(data: Path) -> None:
    for image in (f"{NAME}-api", f"{NAME}:cpu"):
        need(image)
        with container(image, data) as closed:
            closed.start(ready=False)
            assert closed.process.wait(60) == 2
            assert "ALLOW_ANONYMOUS=1" in closed.log.read_text()


def test_api_and_worker_images_work_together(data: Path, store: str) -> None:
    need(f"{NAME}-api", f"{NAME}-worker-cpu")
    began = time.time()
    with (
        container(f"{NAME}-api", data, ALLOW_ANONYMOUS="1", REDIS_URL=store) as api,
        container(f"{NAME}-worker-cpu", data, REDIS_URL=store) as worker,
    ):
        api.start(ready=False)
        worker.start(ready=False)
        wait_for(api._ready, 120)
        for each in (api, worker):
            assert {process.uids().real for process in each.ours()} == {USER}
        jobs = [api.submit(scan_pdf()) for _ in range(4)]
        worker.kill_all()
        worker.start(ready=False)
        for job in jobs:
            assert "northern districts" in api.result(job)["result"]["markdown"]
        job = api.submit(text_pdf())
        api.kill_all()
        api.start(ready=False)
        wait_for(api._answers, 60)
        assert api.result(job)["status"] == "finished"
        assert api.written(began) == worker.written(began) == []


@pytest.mark.filterwarnings("ignore::UserWarning")  # PaddlePaddle's about ccache
def test_the_gpu_worker_reads_a_document_on_a_machine_without_one(data: Path, store: str) -> None:
    """Built with PROFILE=paddle-cpu: all but Paddle's index and the download of the layout model."""
    need(f"{NAME}-api", f"{NAME}-worker-gpu")
    pytest.importorskip("onnx", reason="runs in the environment of ENGINE=paddleocr_vl ./run.sh test")
    from benchmarks.simulated import layout
    from benchmarks.simulated.vlm import RunningVLM

    models, vlm = data.parent / "models", RunningVLM()
    models.mkdir()
    layout.build(models / "layout", paddle=True)
    (models / "cache").mkdir(mode=0o700)
    os.chown(models / "cache", USER, 0)
    volumes = {"/layout": str(models / "layout"), "/models": str(models / "cache")}
    own = volumes | {"LAYOUT_MODEL_DIR": "/layout", "DEVICE": "cpu"}
    try:
        with (
            container(f"{NAME}-api", data, ALLOW_ANONYMOUS="1", REDIS_URL=store) as api,
            container(f"{NAME}-worker-gpu", data, REDIS_URL=store, VL_SERVER_URL=vlm.url, **own) as worker,
        ):
            api.start(ready=False)
            worker.start(ready=False)
            wait_for(api._ready, 180)
            assert {process.uids().real for process in worker.ours()} == {USER}
            answer = api.result(api.submit(text_pdf(2)))
            assert answer["status"] == "finished", answer
            assert answer["result"]["engine"] == "paddleocr_vl"
            assert len(answer["result"]["pages"]) == 2
    finally:
        vlm.stop()


def test_the_api_image_is_small() -> None:
    need(f"{NAME}-api", BASE)
    assert used(f"{NAME}-api") - used(BASE) < 250 << 20


def used(image: str) -> int:
    """Bytes of the files in an image."""
    name = buildah("from", "--pull-never", image)
    try:
        told = subprocess.run(["du", "-sb", buildah("mount", name)], capture_output=True, check=True).stdout
        return int(told.split()[0])
    finally:
        buildah("rm", name)


@pytest.mark.parametrize("image", ["-api", "-worker-cpu", ":cpu", "-worker-gpu"])
def test_an_image_says_what_it_is_and_holds(image: str) -> None:
    need(NAME + image)
    described = json.loads(buildah("inspect", "--type", "image", NAME + image))
    config = described["OCIv1"]["config"]
    assert config["User"] == f"{USER}:0"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert config["Labels"]["org.opencontainers.image.title"].startswith("PaddleOCR-VL Service")
    assert described["Docker"]["config"]["Healthcheck"]["Test"][:3] == ["CMD", "python", "-m"]
    name = buildah("from", "--pull-never", NAME + image)
    try:
        root = Path(buildah("mount", name))
        parts = json.loads((root / "opt/venv/sbom.json").read_text())
        assert parts["bomFormat"] == "CycloneDX"
        assert {"fastapi", "redis"} <= {part["name"] for part in parts["components"]}
        assert not (root / "app/tests").exists()
    finally:
        buildah("rm", name)
