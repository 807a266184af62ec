"""./run.sh gpu on machines that lack something, and on one that has all it needs.

A machine is a folder of small programs that answer like docker, nvidia-smi and so on; nothing else is on its PATH but a
few of coreutils.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.harness import ROOT, spawn, wait_for

pytestmark = pytest.mark.slow  # once is enough, on one Python

TOOLS = ["bash", "cat", "chmod", "cut", "dirname", "grep", "head", "install", "od", "sed", "sort", "tail", "tr"]
A10 = "0, NVIDIA A10, 8.6, 23028, 22500"
T4 = "0, Tesla T4, 7.5, 15360, 15000"
P100 = "0, Tesla P100, 6.0, 16384, 16000"
RTX_5090 = "0, NVIDIA GeForce RTX 5090, 12.0, 32607, 32000"
TEMPLATE = "# Settings.\nHTTP_PORT=80\nREDIS_PASSWORD=\nALLOW_ANONYMOUS=\nCOMPOSE_PROFILES=vlm\n# MODEL=v1.6\n"
COMPOSE = "docker compose --env-file .env -f docker/compose.yaml"


def header(cuda: str = "12.6", driver: str = "560.35.03") -> str:
    return f"echo '| NVIDIA-SMI {driver}    Driver Version: {driver}    CUDA Version: {cuda}     |'"


class Host:
    """A machine on which all is well, until it is told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self.log = folder / "service", folder / "bin", folder / "calls"
        self.answers: dict[str, dict[str, str]] = {}
        (self.root / "docker").mkdir(parents=True)
        self.bin.mkdir()
        self.log.touch()
        for name in ("run.sh", "docker/gpu.sh"):
            shutil.copy(ROOT / name, self.root / name)
        (self.root / ".env.example").write_text(TEMPLATE)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or "")
        self.has("docker", **{
            "version *": "echo 28.2.2",
            "compose version --short": "echo 2.40.3",
            "info *": """echo '{"nvidia":{"path":"nvidia-container-runtime"},"runc":{"path":"runc"}}'""",
        })  # fmt: skip
        self.has("nvidia-smi", **{"": header(), "--query-gpu=*": f"echo '{A10}'"})
        self.has("curl", **{"*/health/ready": r"printf '{}\n200'"})
        for name in ("nvidia-ctk", "ss", "sleep"):
            self.has(name)
        self.program(self.root / "build.sh", {"*": 'echo "suffix=$GPU_SUFFIX model=$MODEL" >>"$LOG"'})

    def program(self, path: Path, answers: dict[str, str]) -> None:
        """Writes a program that notes each call and runs what `answers` has for its arguments, if anything."""
        patterns = {pattern.replace(" ", "\\ ") or "''": body for pattern, body in answers.items()}
        cases = "".join(f"  {pattern}) {body} ;;\n" for pattern, body in patterns.items())
        path.write_text(f'#!/bin/sh\necho "{path.name} $*" >>"$LOG"\ncase "$*" in\n{cases}esac\n')
        path.chmod(0o755)

    def has(self, name: str, **answers: str) -> "Host":
        """Adds to what the program answers; what is said last wins."""
        self.answers[name] = answers | {k: v for k, v in self.answers.get(name, {}).items() if k not in answers}
        self.program(self.bin / name, self.answers[name])
        return self

    def lacks(self, *names: str) -> "Host":
        for name in names:
            (self.bin / name).unlink()
        return self

    def gpu(self, *gpus: str, cuda: str = "12.6") -> "Host":
        lines = "\n".join(gpus)
        return self.has("nvidia-smi", **{"": header(cuda), "--query-gpu=*": f"echo '{lines}'"})

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": str(self.bin), "HOME": str(self.root), "LOG": str(self.log), "ALLOW_ANONYMOUS": "1", **more}

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "bash"), "run.sh", "gpu", *arguments],
            cwd=self.root,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def failing(words: str) -> dict[str, str]:
    return {"version *": f"echo; echo '{words}' >&2; exit 1"}


DOWN = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
DENIED = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
NO_RUNTIME = {"info *": """echo '{"runc":{"path":"runc"}}'"""}

# What is wrong: how the machine comes to it, the settings, the sentence's beginning, and a command or word that helps.
Spoil = Callable[[Host], object]
FAULTS: dict[str, tuple[Spoil, dict[str, str], str, str]] = {
    "no curl": (lambda host: host.lacks("curl"), {}, "curl is missing", "apt-get install -y curl"),
    "no docker": (lambda host: host.lacks("docker"), {}, "Docker is not installed", "get.docker.com | sudo sh"),
    "permission denied": (
        lambda host: host.has("docker", **failing(DENIED)),
        {},
        "You have no permission to use Docker",
        "sudo usermod -aG docker $USER",
    ),
    "no engine": (
        lambda host: host.has("docker", **failing(DOWN)),
        {},
        "There is a docker client, but no engine",
        "get.docker.com | sudo sh",
    ),
    "engine stopped": (
        lambda host: host.has("docker", **failing(DOWN)).has("dockerd"),
        {},
        "The Docker engine is not running",
        "sudo systemctl start docker",
    ),
    "no compose": (
        lambda host: host.has("docker", **{"compose version --short": "exit 1"}),
        {},
        "Docker's compose plugin is missing",
        "apt-get install -y docker-compose-plugin",
    ),
    "old compose": (
        lambda host: host.has("docker", **{"compose version --short": "echo v2.9.0"}),
        {},
        "docker compose is 2.9.0, but 2.24.0 or newer is required",
        "apt-get install -y docker-compose-plugin",
    ),
    "open to all": (
        lambda host: host,
        {"ALLOW_ANONYMOUS": "0"},
        "The API has no authentication: anyone who can reach port 80 of this machine can use it",
        "ALLOW_ANONYMOUS=1 ./run.sh gpu",
    ),
    "no driver": (
        lambda host: host.lacks("nvidia-smi"),
        {},
        "There is no NVIDIA driver (no nvidia-smi)",
        "sudo ubuntu-drivers install",
    ),
    "driver does not answer": (
        lambda host: host.has("nvidia-smi", **{"": 'echo "couldn\'t communicate with the NVIDIA driver"; exit 9'}),
        {},
        "The NVIDIA driver does not answer",
        "sudo reboot",
    ),
    "old driver": (
        lambda host: host.gpu(A10, cuda="12.4"),
        {},
        "The NVIDIA driver (560.35.03) supports CUDA 12.4, but the images for this GPU require 12.6: driver 560",
        "apt-get install -y nvidia-driver-580-server &&",
    ),
    "old driver for Blackwell": (
        lambda host: host.gpu(RTX_5090, cuda="12.8"),
        {},
        "The NVIDIA driver (560.35.03) supports CUDA 12.8, but the images for this GPU require 12.9: driver 575",
        "apt-get install -y nvidia-driver-580-server-open &&",
    ),
    "no toolkit": (
        lambda host: host.has("docker", **NO_RUNTIME).lacks("nvidia-ctk"),
        {},
        "The NVIDIA Container Toolkit is missing",
        "apt-get install -y nvidia-container-toolkit",
    ),
    "toolkit not configured": (
        lambda host: host.has("docker", **NO_RUNTIME),
        {},
        "The NVIDIA Container Toolkit is installed, but Docker is not configured to use it",
        "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
    ),
    "unknown GPU": (
        lambda host: host,
        {"GPU_DEVICE_ID": "0,3"},
        "GPU_DEVICE_ID names GPU '3', which does not exist",
        "  0  NVIDIA A10",
    ),
    "GPU too old for the VLM": (
        lambda host: host.gpu(T4),
        {},
        "vLLM does not run the VLM on GPU 0 (Tesla T4): compute capability 7.5",
        "--external-vlm http",
    ),
    "GPU too old for all": (
        lambda host: host.gpu(P100),
        {"COMPOSE_PROFILES": "external-vlm"},
        "GPU 0 (Tesla P100) is too old for PaddlePaddle",
        "GPU_DEVICE_ID",
    ),
    "memory held": (
        lambda host: host.gpu("0, NVIDIA A10, 8.6, 23028, 5120").has(
            "nvidia-smi", **{"-i 0 --query-compute-apps=*": "echo '4711, /usr/bin/python3, 17908 MiB'"}
        ),
        {},
        "GPU 0 has 5.0 GiB of 22.4 GiB free, but 13.2 GiB are required",
        "4711, /usr/bin/python3, 17908 MiB",
    ),
    "memory held by nobody knows whom": (
        lambda host: host.gpu("0, Tesla T4, 7.5, 15360, 2048"),
        {"COMPOSE_PROFILES": "external-vlm"},
        "GPU 0 has 2.0 GiB of 15.0 GiB free, but 3.0 GiB are required",
        "programs that nvidia-smi does not name",
    ),
    "GPU too small": (
        lambda host: host.gpu("0, NVIDIA RTX A1000, 8.6, 8188, 7900"),
        {},
        "GPU 0 is too small: it has 7.9 GiB, but 8.0 GiB are required",
        "--external-vlm URL",
    ),
    "no share of memory": (
        lambda host: host,
        {"VLM_GPU_MEMORY": "50%"},
        "VLM_GPU_MEMORY='50%' is invalid",
        "such as 0.5",
    ),
    "port taken": (
        lambda host: host.has(
            "ss", **{"*:80": """echo 'LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=7,fd=6))'"""}
        ),
        {},
        "Port 80 is in use by nginx",
        "HTTP_PORT=8080 ./run.sh gpu",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_missing_gets_a_message_and_what_helps(host: Host, fault: str) -> None:
    spoil, settings, beginning, remedy = FAULTS[fault]
    spoil(host)
    ended = host.run(**settings)
    assert ended.returncode == 1, ended.stdout
    assert ended.stderr.startswith(beginning)
    assert remedy in ended.stderr
    assert not [call for call in host.calls() if " up " in call or call.startswith("build.sh")]
    assert not (host.root / ".env").exists()


def test_every_fault_has_its_own_sentence() -> None:
    sentences = [beginning for _, _, beginning, _ in FAULTS.values()]
    assert not [(a, b) for a in sentences for b in sentences if a is not b and a.startswith(b)]


@pytest.mark.skipif(not shutil.which("docker"), reason="needs a docker client")
def test_what_a_real_client_says_without_engine_is_understood(host: Host) -> None:
    host.lacks("docker").has("dockerd")
    (host.bin / "docker").symlink_to(shutil.which("docker") or "")
    ended = host.run(DOCKER_HOST="unix:///nonexistent/docker.sock")
    assert ended.returncode == 1
    assert ended.stderr.startswith("The Docker engine is not running")
    assert re.search("Cannot connect to the Docker daemon|failed to connect to the docker API", ended.stderr)


def test_a_good_machine_is_told_check_by_check(host: Host) -> None:
    ended = host.run("--check")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        "✓ docker 28.2.2",
        "✓ driver 560.35.03 (CUDA 12.6)",
        "✓ NVIDIA Container Toolkit",
        "✓ GPU 0: NVIDIA A10 (compute capability 8.6)",
        "✓ memory: 21.9 GiB free of 22.4 GiB",
        "✓ docker compose 2.40.3",
        "✓ port 80",
        "✓ ALLOW_ANONYMOUS: anyone who can reach port 80 can use the service",
    ]
    assert not (host.root / ".env").exists()
    assert not [call for call in host.calls() if " up " in call]


def test_newer_drivers_words_are_understood(host: Host) -> None:
    host.has("nvidia-smi", **{"": "echo '| NVIDIA-SMI 610.43  KMD Version: 610.43  CUDA UMD Version: 13.3  |'"})
    assert "✓ driver 610.43 (CUDA 13.3)" in host.run("--check").stdout


def test_an_external_vlm_makes_do_with_an_older_gpu(host: Host) -> None:
    ended = host.gpu("0, Tesla T4, 7.5, 15360, 3100").run("--check", "--external-vlm", "http://10.0.0.5:8118/v1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "✓ VLM server http://10.0.0.5:8118" in ended.stdout


def test_memory_that_is_not_reported_is_not_checked(host: Host) -> None:
    ended = host.gpu("0, NVIDIA GB10, 12.1, [N/A], [N/A]", cuda="13.0").run("--check")
    assert ended.returncode == 0
    assert "✓ memory: not checked, as nvidia-smi does not report it" in ended.stdout


def test_a_service_that_runs_already_is_not_in_its_own_way(host: Host) -> None:
    host.has("docker", **{"compose * ps *": "echo 'api 0.0.0.0:80->8080/tcp'"})
    host.gpu("0, NVIDIA A10, 8.6, 23028, 900").has("ss", **{"*:80": "echo 'LISTEN 0 511 0.0.0.0:80 0.0.0.0:*'"})
    ended = host.run("--check")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_environment_wins_over_the_file(host: Host) -> None:
    (host.root / ".env").write_text("export GPU_DEVICE_ID = '1'\r\n  HTTP_PORT=8081 # ours\n")
    host.gpu(A10, "1, NVIDIA L4, 8.9, 23034, 22000")
    ended = host.run("--check")
    assert "✓ GPU 1: NVIDIA L4" in ended.stdout
    assert "✓ port 8081" in ended.stdout
    ended = host.run("--check", GPU_DEVICE_ID="0", HTTP_PORT="8082")
    assert "✓ GPU 0: NVIDIA A10" in ended.stdout
    assert "✓ port 8082" in ended.stdout


def test_the_file_is_read_as_docker_compose_does(host: Host) -> None:
    lines = ["GPU_DEVICE_ID=0, 1 # both", 'HTTP_PORT="8081" # ours', "REDIS_PASSWORD= # none yet", "http_port=8082"]
    (host.root / ".env").write_text("\n".join(lines))
    host.gpu(A10, "1, NVIDIA L4, 8.9, 23034, 22000")
    ended = host.run()
    assert ended.returncode == 0, ended.stderr
    assert "✓ GPU 0: NVIDIA A10" in ended.stdout
    assert "✓ GPU 1: NVIDIA L4" in ended.stdout
    assert "✓ port 8081" in ended.stdout
    assert re.search(r"^REDIS_PASSWORD=[0-9a-f]{48}$", (host.root / ".env").read_text(), re.MULTILINE)
    assert "✓ port 80\n" in host.run("--check", HTTP_PORT="").stdout


def test_the_first_start_makes_settings_and_images(host: Host) -> None:
    host.has("docker", **{"image inspect *": "exit 1"})
    ended = host.run(HTTP_PORT="8080", MODEL="v1.5")
    assert (ended.returncode, ended.stderr) == (0, "")
    settings = host.root / ".env"
    assert settings.stat().st_mode & 0o777 == 0o600
    expected = TEMPLATE.replace("PASSWORD=", "PASSWORD=[0-9a-f]{48}").replace("ANONYMOUS=", "ANONYMOUS=1")
    assert re.fullmatch(expected, settings.read_text())
    calls = host.calls()
    built, up = calls.index("build.sh api worker-gpu"), calls.index(f"{COMPOSE} up -d --remove-orphans")
    assert built < up
    assert calls[built + 1] == "suffix= model=v1.5"
    assert "The service is ready: http://127.0.0.1:8080" in ended.stdout
    assert "curl -F file=@examples/report.pdf http://127.0.0.1:8080/infer" in ended.stdout
    assert f"{COMPOSE} down" in ended.stdout


def test_a_later_start_keeps_settings_and_images(host: Host) -> None:
    mine = "REDIS_PASSWORD=secret\nALLOW_ANONYMOUS=1\nCOMPOSE_PROFILES=vlm\n"
    (host.root / ".env").write_text(mine)
    assert host.run().returncode == 0
    assert (host.root / ".env").read_text() == mine
    assert not [call for call in host.calls() if call.startswith("build.sh")]


def test_a_file_without_password_gets_one(host: Host) -> None:
    (host.root / ".env").write_text("HTTP_PORT=8081")
    assert host.run().returncode == 0
    expected = r"HTTP_PORT=8081\nALLOW_ANONYMOUS=1\nCOMPOSE_PROFILES=vlm\nREDIS_PASSWORD=[0-9a-f]{48}\n"
    assert re.fullmatch(expected, (host.root / ".env").read_text())
    assert (host.root / ".env").stat().st_mode & 0o777 == 0o600


def test_blackwell_has_images_of_its_own(host: Host) -> None:
    up = 'echo "up with suffix $GPU_SUFFIX" >>"$LOG"'
    host.gpu(RTX_5090, cuda="12.9").has("docker", **{"image inspect *": "exit 1", "compose * up *": up})
    assert host.run().returncode == 0
    assert {"suffix=-sm120 model=v1.6", "up with suffix -sm120"} <= set(host.calls())
    assert "GPU_SUFFIX=-sm120\n" in (host.root / ".env").read_text()  # for a docker compose by hand


def test_localhost_is_not_the_containers_own(host: Host) -> None:
    host.has("docker", **{"compose * up *": 'echo "up with $VL_SERVER_URL, $COMPOSE_PROFILES" >>"$LOG"'})
    host.has("curl", **{"*:8118/*": "exit 7"})
    ended = host.run("--external-vlm", "http://localhost:8118/v1")
    assert ended.returncode == 0
    assert "the worker connects to http://host.docker.internal:8118/v1" in ended.stdout
    assert "No VLM server answers at http://localhost:8118 yet" in ended.stderr
    assert "up with http://host.docker.internal:8118/v1, external-vlm" in host.calls()
    kept = (host.root / ".env").read_text()  # for a docker compose by hand
    assert "COMPOSE_PROFILES=external-vlm\n" in kept
    assert "VL_SERVER_URL=http://host.docker.internal:8118/v1\n" in kept
    asked = [call.split()[-1] for call in host.calls() if ":8118" in call and call.startswith("curl")]
    assert asked == ["http://localhost:8118/v1/models", "http://localhost:8118/health"]


@pytest.mark.parametrize("url", [(), ("10.0.0.5:8118",), ("http:///v1",)])
def test_an_address_that_is_none_is_refused(host: Host, url: tuple[str, ...]) -> None:
    ended = host.run("--external-vlm", *url)
    assert ended.returncode == 1
    assert "needs the address of a VLM server" in ended.stderr


def test_an_unknown_argument_gets_the_usage(host: Host) -> None:
    ended = host.run("--chekc")
    assert ended.returncode == 2
    assert "./run.sh gpu --external-vlm URL" in ended.stderr


def test_what_it_waits_for_is_told_once(host: Host) -> None:
    ready = """n=$(grep -c health/ready "$LOG")
      if [ $n = 1 ]; then printf '\\n000'
      elif [ $n -lt 5 ]; then printf '{"errorMsg":"worker: no \\\\"live\\\\" worker","parts":{}}\\n503'
      else printf '{}\\n200'; fi"""
    states = r"printf 'init exited 0\nredis running 0\nworker restarting 1\n'"
    host.has("curl", **{"*/health/ready": ready}).has("docker", **{"compose * ps -a *": states})
    ended = host.run()
    assert ended.returncode == 0
    told = [line for line in ended.stdout.splitlines() if line.startswith("… ")]
    assert told == ["… the API does not answer yet", '… worker: no "live" worker']
    assert ended.stderr.count("worker exited or restarts repeatedly") == 1
    assert f"{COMPOSE} logs worker" in ended.stderr
    assert "init" not in ended.stderr


def test_compose_that_fails_is_the_end(host: Host) -> None:
    ended = host.has("docker", **{"compose * up *": "echo 'no space left' >&2; exit 1"}).run()
    assert ended.returncode == 1
    assert "no space left\ndocker compose could not start the service" in ended.stderr


def test_who_interrupts_the_wait_is_told_that_the_service_goes_on(host: Host) -> None:
    host.has("curl", **{"*/health/ready": r"printf '\n000'"}).lacks("sleep")
    (host.bin / "sleep").symlink_to(shutil.which("sleep") or "")
    # A pytest in the background ignores the signal, and so would what it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = spawn(
        host.bin / "bash",
        "run.sh",
        "gpu",
        cwd=host.root,
        env=host.environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    wait_for(lambda: "health/ready" in host.log.read_text())
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"The service continues to start; {COMPOSE} down stops it." in told


def test_the_real_example_becomes_the_settings(host: Host) -> None:
    shutil.copy(ROOT / ".env.example", host.root / ".env.example")
    ended = host.run("--external-vlm", "http://10.0.0.5:8118/v1")
    assert (ended.returncode, ended.stderr) == (0, "")
    made, example = ((host.root / name).read_text().splitlines() for name in (".env", ".env.example"))
    changed = [line.partition("=")[0] for line in made if line not in example]
    assert changed == ["REDIS_PASSWORD", "ALLOW_ANONYMOUS", "COMPOSE_PROFILES", "VL_SERVER_URL"]
    assert "VL_SERVER_URL=http://10.0.0.5:8118/v1" in made
