"""The Kubernetes manifests, as kubectl renders them: by the API's own schemas, and by what we know of our pods."""

import json
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
import yaml
from redis.backoff import NoBackoff
from redis.retry import Retry

from app import __version__
from app.processes.ports import free_port, port_holder
from app.redis.server import find_server
from app.settings import Settings
from support.harness import ROOT, Service, spawn, wait_for

pytestmark = pytest.mark.slow  # once is enough, on one Python

FOLDERS = {"gpu": ROOT / "deploy/kubernetes", "cpu": ROOT / "deploy/kubernetes/cpu"}
ENGINES = {"gpu": ("paddleocr_vl", 32), "cpu": ("pp_ocr", 8)}
"""Of each variant: its engine and the lanes of a worker."""
OURS = {"paddleocr-vl-service-api", "paddleocr-vl-service-worker-gpu", "paddleocr-vl-service-worker-cpu"}
NOT_SETTINGS = {"HOME", "PADDLE_PDX_CACHE_HOME", "REDIS_PASSWORD"}
"""In our containers' environment, but not for app.settings."""
KUBERNETES = ("1.30", "1.34")
"""Versions that the manifests are held to, beside the newest known."""

Object = dict[str, Any]


@cache
def rendered(variant: str) -> list[Object]:
    """All objects of a variant."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed (Debian: apt install kubernetes-client)")
    run = subprocess.run([kubectl, "kustomize", str(FOLDERS[variant])], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    return [found for found in yaml.safe_load_all(run.stdout) if found]


@pytest.fixture(params=list(FOLDERS))
def variant(request: pytest.FixtureRequest) -> str:
    rendered(request.param)
    return str(request.param)


def of_kind(variant: str, *kinds: str) -> dict[str, Object]:
    return {found["metadata"]["name"]: found for found in rendered(variant) if found["kind"] in kinds}


def workloads(variant: str) -> dict[str, Object]:
    return of_kind(variant, "Deployment", "StatefulSet")


def pods(variant: str) -> dict[str, Object]:
    """The spec of each workload's pods."""
    return {name: found["spec"]["template"]["spec"] for name, found in workloads(variant).items()}


def container(variant: str, name: str) -> Object:
    (only,) = pods(variant)[name]["containers"]
    return dict(only)


def config(variant: str) -> dict[str, str]:
    (found,) = of_kind(variant, "ConfigMap").values()
    return dict(found["data"])


def selected(variant: str, selector: Object) -> set[str]:
    """The workloads whose pods a selector takes."""
    assert set(selector) <= {"matchLabels", "matchExpressions"}
    taken = set()
    for name, found in workloads(variant).items():
        labels = found["spec"]["template"]["metadata"]["labels"]
        named = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
        listed = all(
            item["operator"] == "In" and labels.get(item["key"]) in item["values"]
            for item in selector.get("matchExpressions", [])
        )
        if named and listed:
            taken.add(name)
    return taken


def mebibytes(quantity: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()  # type: ignore[union-attr]
    return int(number) * {"Mi": 1, "Gi": 1024}[unit]


def test_both_variants_have_their_parts(variant: str) -> None:
    assert set(workloads(variant)) == {"api", "worker", "redis"} | ({"vlm"} if variant == "gpu" else set())
    assert {found["metadata"]["namespace"] for found in rendered(variant)} == {"ocr"}
    assert of_kind(variant, "Ingress", "Secret", "Namespace") == {}
    assert all(
        service["spec"].get("type", "ClusterIP") == "ClusterIP" for service in of_kind(variant, "Service").values()
    )


@pytest.mark.parametrize("version", [*KUBERNETES, "newest"])
def test_objects_are_valid_by_the_schemas_of_kubernetes(variant: str, version: str) -> None:
    checker = pytest.importorskip("kubernetes_validate")
    for found in rendered(variant):
        if not found["apiVersion"].startswith("keda.sh/"):
            checker.validate(found, checker.latest_version() if version == "newest" else version, strict=True)


def test_the_scaled_object_is_valid_by_the_schema_of_keda(variant: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keda = pytest.importorskip("cloudcoil.models.keda.v1alpha1", reason="needs cloudcoil.models.keda")
    (found,) = of_kind(variant, "ScaledObject").values()
    read = keda.ScaledObject.model_validate(found)
    assert json.loads(read.model_dump_json(by_alias=True, exclude_unset=True)) == found, "KEDA knows no such field"


def test_what_the_schema_does_not_know_is_found(variant: str) -> None:
    """The two checks above, held to one typing error each."""
    checker = pytest.importorskip("kubernetes_validate")
    broken = json.loads(json.dumps(workloads(variant)["api"]).replace("readinessProbe", "readynessProbe"))
    with pytest.raises(checker.ValidationError):
        checker.validate(broken, checker.latest_version(), strict=True)


def test_settings_are_settings(variant: str) -> None:
    """Every name is one that app.settings knows, and together they are allowed."""
    given = set(config(variant))
    for name in ("api", "worker"):
        entries = container(variant, name)["env"]
        assert container(variant, name)["envFrom"] == [
            {"configMapRef": {"name": next(iter(of_kind(variant, "ConfigMap")))}},
        ]
        given |= {entry["name"] for entry in entries}
    known = {name.upper() for name in Settings.model_fields}
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        known |= {str(choice).upper() for choice in getattr(alias, "choices", [])}
    assert given - NOT_SETTINGS <= known
    settings = Settings(_env_file=None, **{name.lower(): value for name, value in config(variant).items()})
    assert settings.engine == ENGINES[variant][0]
    assert settings.allow_anonymous


def test_images_are_ours_or_pinned(variant: str) -> None:
    version = r"\d+\.\d+(\.\d+)?(-[\w.]+)?"
    for name in workloads(variant):
        image, _, tag = container(variant, name)["image"].rpartition(":")
        for first in pods(variant)[name].get("initContainers", []):
            assert first["image"] == f"{image}:{tag}"
        if image.rpartition("/")[2] in OURS:
            assert tag == __version__
        elif name == "vlm":
            assert tag == "latest-nvidia-gpu"  # its publisher has no other; the kustomization says to pin a digest
        else:
            assert re.fullmatch(version, tag), f"{image}:{tag}"


def test_pods_are_confined(variant: str) -> None:
    for name, pod in pods(variant).items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        outer = pod["securityContext"]
        assert outer["runAsNonRoot"] is True
        assert outer["runAsUser"] == {"redis": 999, "vlm": 1000}.get(name, 10001)
        assert outer["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in [*pod.get("initContainers", []), *pod["containers"]]:
            inner = each["securityContext"]
            assert inner["allowPrivilegeEscalation"] is False
            assert inner["capabilities"] == {"drop": ["ALL"]}
            assert inner.get("readOnlyRootFilesystem", False) is (name != "vlm")
            assert "memory" in each["resources"]["limits"]
        mounted = {mount["mountPath"] for mount in container(variant, name)["volumeMounts"]}
        assert "/tmp" in mounted or name == "vlm"
        assert not {"hostPath", "hostNetwork", "hostPID", "hostIPC"} & (
            set(pod) | {k for v in pod["volumes"] for k in v}
        )


def test_volumes_are_there(variant: str) -> None:
    claims = of_kind(variant, "PersistentVolumeClaim")
    for name, pod in pods(variant).items():
        there = {volume["name"] for volume in pod["volumes"]}
        there |= {
            claim["metadata"]["name"] for claim in workloads(variant)[name]["spec"].get("volumeClaimTemplates", [])
        }
        assert {mount["name"] for mount in container(variant, name)["volumeMounts"]} == there
        for volume in pod["volumes"]:
            assert volume.get("persistentVolumeClaim", {}).get("claimName", "data") in claims
    assert all(claim["spec"]["accessModes"] == ["ReadWriteMany"] for claim in claims.values())
    size = mebibytes(claims["data"]["spec"]["resources"]["requests"]["storage"])
    assert float(config(variant)["DATA_QUOTA_GB"]) * 1024 < size
    for name in ("api", "worker"):
        mounts = {mount["mountPath"]: mount["name"] for mount in container(variant, name)["volumeMounts"]}
        environment = {entry["name"]: entry.get("value") for entry in container(variant, name)["env"]}
        assert mounts[environment["DATA_DIR"]] == "data"


def test_probes(variant: str) -> None:
    for name in workloads(variant):
        assert {"startupProbe", "livenessProbe"} <= set(container(variant, name)), name
    api, worker = container(variant, "api"), container(variant, "worker")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert api[probe]["httpGet"] == {"path": "/health", "port": "http"}
    for probe in ("startupProbe", "livenessProbe"):
        assert worker[probe]["exec"]["command"] == ["python", "-m", "worker.healthcheck"]
        assert worker[probe]["timeoutSeconds"] == 10
    if variant == "gpu":
        startup = container(variant, "vlm")["startupProbe"]
        assert startup["periodSeconds"] * startup["failureThreshold"] >= 600


def test_a_worker_has_the_time_to_stop(variant: str) -> None:
    grace = float(config(variant)["SHUTDOWN_TIMEOUT"])
    assert pods(variant)["worker"]["terminationGracePeriodSeconds"] > grace + 15


def test_a_worker_has_the_memory_that_it_may_take(variant: str) -> None:
    settings = Settings(_env_file=None, **{name.lower(): value for name, value in config(variant).items()})
    assert settings.page_processes is not None, "it would be the number of the node's cores"
    most: float = settings.engine_max_memory_mb + 2 * settings.page_processes * settings.page_memory_mb
    for volume in pods(variant)["worker"]["volumes"]:
        if volume.get("emptyDir", {}).get("medium") == "Memory":
            most += mebibytes(volume["emptyDir"]["sizeLimit"])
    assert most < mebibytes(container(variant, "worker")["resources"]["limits"]["memory"])


def test_resources(variant: str) -> None:
    for name in workloads(variant):
        resources = container(variant, name)["resources"]
        assert {"cpu", "memory"} <= set(resources["requests"])
        assert "memory" in resources["limits"]
        gpus = resources["limits"].get("nvidia.com/gpu")
        assert gpus == (1 if variant == "gpu" and name in ("worker", "vlm") else None)
        assert gpus == resources["requests"].get("nvidia.com/gpu")


def test_selectors_take_the_pods_that_are_meant(variant: str) -> None:
    for name, found in workloads(variant).items():
        assert selected(variant, found["spec"]["selector"]) == {name}
    for name, service in of_kind(variant, "Service").items():
        assert selected(variant, {"matchLabels": service["spec"]["selector"]}) == {name}
        names = {port["name"] for port in container(variant, name)["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names
    budgets = of_kind(variant, "PodDisruptionBudget")
    assert set(budgets) == set(workloads(variant)) - {"redis"}
    for name, budget in budgets.items():
        assert selected(variant, budget["spec"]["selector"]) == {name}
        drained = budget["spec"].get("maxUnavailable", 0)  # minAvailable of a single pod would forbid every drain
        assert drained or workloads(variant)[name]["spec"]["replicas"] > budget["spec"]["minAvailable"]


def test_who_reaches_whom(variant: str) -> None:
    policies = of_kind(variant, "NetworkPolicy")
    assert set(policies) == set(workloads(variant)) - {"worker"}
    reached_by = {}
    for name, policy in policies.items():
        assert selected(variant, policy["spec"]["podSelector"]) == {name}
        assert "Ingress" in policy["spec"]["policyTypes"]
        (rule,) = policy["spec"]["ingress"]
        assert all(set(peer) in ({"podSelector"}, {"namespaceSelector"}) for peer in rule["from"])
        pods_of = [selected(variant, peer["podSelector"]) for peer in rule["from"] if "podSelector" in peer]
        reached_by[name] = set().union(*pods_of)
    assert reached_by["redis"] == {"api", "worker"}
    assert reached_by.get("vlm", {"worker"}) == {"worker"}
    assert reached_by["api"] == set()


def test_the_store_is_found_by_its_url(variant: str) -> None:
    for name in ("api", "worker"):
        entries = container(variant, name)["env"]
        order = [entry["name"] for entry in entries]
        assert order.index("REDIS_PASSWORD") < order.index("REDIS_URL")  # $(…) knows what comes before it
        (url,) = [entry["value"] for entry in entries if entry["name"] == "REDIS_URL"]
        parts = urlsplit(url)
        assert parts.password == "$(REDIS_PASSWORD)"
        assert parts.port == of_kind(variant, "Service")[str(parts.hostname)]["spec"]["ports"][0]["port"]


def test_vlm_servers_are_found_by_name() -> None:
    servers = Settings(_env_file=None, vl_server_url=config("gpu")["VL_SERVER_URL"]).vl_server_url
    vlm = workloads("gpu")["vlm"]["spec"]
    service = of_kind("gpu", "Service")[vlm["serviceName"]]["spec"]
    assert service["clusterIP"] == "None"
    port = service["ports"][0]["port"]
    assert servers == [f"http://vlm-{number}.vlm:{port}/v1" for number in range(vlm["replicas"])]
    arguments = container("gpu", "vlm")["args"]
    assert f"--port={port}" in arguments
    official = Settings(_env_file=None, model=config("gpu")["MODEL"]).vl_model.name
    assert f"--model_name={official}" in arguments


def test_scaling_asks_for_what_the_api_answers(variant: str) -> None:
    engine, lanes = ENGINES[variant]
    (found,) = of_kind(variant, "ScaledObject").values()
    spec = found["spec"]
    assert spec["scaleTargetRef"]["name"] == "worker"
    assert "replicas" not in workloads(variant)["worker"]["spec"]  # or every apply would undo what KEDA did
    assert spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
    by_work, by_age = spec["triggers"]
    assert [trigger["type"] for trigger in spec["triggers"]] == ["metrics-api"] * 2
    assert by_work["metadata"]["valueLocation"] == f"engines.{engine}.work"
    assert by_work.get("metricType", "AverageValue") == "AverageValue"  # what a fallback needs
    assert by_work["metadata"]["targetValue"] == str(lanes)
    assert by_age["metadata"]["valueLocation"] == f"engines.{engine}.oldest_seconds"
    assert by_age["metricType"] == "Value"
    service = of_kind(variant, "Service")["api"]
    for trigger in spec["triggers"]:
        where = urlsplit(trigger["metadata"]["url"])
        assert where.hostname == f"api.{service['metadata']['namespace']}.svc"  # KEDA lives in another namespace
        assert (where.port, where.path) == (service["spec"]["ports"][0]["port"], "/queue")


def test_the_answer_has_what_scaling_asks_for(service: Service) -> None:
    """Numbers, also where nothing waits and where no worker of the engine lives."""
    answer = service.client.get("/queue")
    assert answer.status_code == 200
    for variant in FOLDERS:
        (found,) = of_kind(variant, "ScaledObject").values()
        for trigger in found["spec"]["triggers"]:
            value: Any = answer.json()
            for word in trigger["metadata"]["valueLocation"].split("."):
                value = value[word]
            assert isinstance(value, int | float)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The store as its container starts it, but for its folder and port; yields port and password."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/valkey-server").symlink_to(find_server())
    found = container("gpu", "redis")
    port, password = free_port(), "f00d" * 16
    arguments = [word.replace("/tmp/", f"{tmp_path}/") for word in found["args"]]
    arguments = [word.replace("--dir /data", f"--dir {tmp_path} --port {port}") for word in arguments]
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "REDIS_PASSWORD": password}
    process = spawn(*found["command"], *arguments, env=environment, stdout=subprocess.DEVNULL)
    wait_for(lambda: port_holder("127.0.0.1", port))
    yield port, password
    process.terminate()
    assert process.wait(10) == 0  # it has the signal itself, not a shell that keeps it


def test_the_store_starts_with_its_password(store: tuple[int, str]) -> None:
    port, password = store

    at_once = Retry(NoBackoff(), 0)
    with redis.Redis(port=port, retry=at_once) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
        stranger.ping()
    with redis.Redis(port=port, password=password, decode_responses=True) as client:
        told = {name: client.config_get(name)[name] for name in ("appendonly", "save", "maxmemory", "maxmemory-policy")}
    assert told == {"appendonly": "yes", "save": "", "maxmemory": str(1 << 30), "maxmemory-policy": "noeviction"}
