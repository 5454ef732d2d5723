"""The examples in deploy/ name settings, options and images that there are, and keep to rules."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from evolvisense.cli import app
from evolvisense.service.replicas import Scale
from evolvisense.service.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
KUBERNETES = sorted(DEPLOY.glob("kubernetes/**/*.yaml"))
RAY_KINDS = {"RayService": "rayClusterConfig", "RayCluster": ""}
OURS = re.compile(r"\bEVOLVISENSE_[A-Z_]+\b")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")
REFERENCES = {"POSTGRES_PASSWORD"}
"""Variables that other variables are made of."""


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]


def everything() -> list[tuple[str, dict[str, Any]]]:
    return [(path.name, one) for path in KUBERNETES for one in documents(path)]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one for _, one in everything() if one["kind"] == kind]


def clusters() -> list[dict[str, Any]]:
    return [
        one["spec"][below] if below else one["spec"]
        for kind, below in RAY_KINDS.items()
        for one in of_kind(kind)
    ]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in of_kind("StatefulSet"):
        yield one["metadata"]["name"], one["spec"]["template"]["spec"]
    for cluster in clusters():
        yield "head", cluster["headGroupSpec"]["template"]["spec"]
        for group in cluster["workerGroupSpecs"]:
            yield group["groupName"], group["template"]["spec"]


PODS = list(pods())
CONTAINERS = [
    pytest.param(pod, container, id=f"{number}-{name}-{container['name']}")
    for number, (name, pod) in enumerate(PODS)
    for container in pod["containers"]
]


def test_there_is_something_to_look_at():
    assert {path.name for path in KUBERNETES} >= {"3-service.yaml", "raycluster.yaml"}
    assert len(CONTAINERS) == 5
    kinds = {one["kind"] for _, one in everything()}
    assert kinds >= {"RayService", "RayCluster", "StatefulSet", "PersistentVolumeClaim"}


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_a_container_is_confined(pod: dict[str, Any], container: dict[str, Any]):
    user = pod["securityContext"]
    assert user["runAsNonRoot"] is True
    assert user["runAsUser"] > 0
    assert user["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_a_container_says_what_it_needs_and_how_it_is(
    pod: dict[str, Any], container: dict[str, Any]
):
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert container["livenessProbe"]
    assert container["readinessProbe"]
    volumes = {volume["name"] for volume in pod.get("volumes", [])} | {"rows"}
    mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert set(mounted.values()) <= volumes
    assert "/tmp" in mounted, "the root file system is read-only"


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_images_are_of_one_version(pod: dict[str, Any], container: dict[str, Any]):
    name, _, tag = container["image"].rpartition(":")
    assert name in {"evolvisense-ray", "postgres"}
    assert re.fullmatch(r"\d+(\.\d+)+", tag), "an image has a number, which is not `latest`"
    if name == "evolvisense-ray":
        assert tag == version("evolvisense")


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_secrets_are_references(pod: dict[str, Any], container: dict[str, Any]):
    for variable in container.get("env", []):
        if SECRET.search(variable["name"]):
            assert "secretKeyRef" in variable["valueFrom"], variable["name"]
        else:
            assert not re.search(r"://[^@$]+:[^@$]+@", str(variable.get("value"))), variable["name"]


@pytest.mark.parametrize("path", [*KUBERNETES, *DEPLOY.glob("*.*"), ROOT / "Dockerfile"])
def test_settings_that_are_named_are_settings(path: Path):
    known = {f"EVOLVISENSE_{name.upper()}" for name in Settings.model_fields}
    known |= {"EVOLVISENSE_CONFIG"}
    assert set(OURS.findall(path.read_text("utf-8"))) <= known


def test_variables_stand_after_those_that_they_are_made_of():
    for _, pod in PODS:
        for container in pod["containers"]:
            seen = set[str]()
            for variable in container.get("env", []):
                used = set(re.findall(r"\$\((\w+)\)", str(variable.get("value"))))
                assert used <= seen & REFERENCES
                seen.add(variable["name"])


def test_names_that_files_refer_to_are_there():
    claims = {one["metadata"]["name"] for one in of_kind("PersistentVolumeClaim")}
    wanted = {
        volume["persistentVolumeClaim"]["claimName"]
        for _, pod in PODS
        for volume in pod.get("volumes", [])
        if "persistentVolumeClaim" in volume
    }
    assert wanted == claims
    assert of_kind("PersistentVolumeClaim")[0]["spec"]["accessModes"] == ["ReadWriteMany"]
    (database,) = of_kind("Service")
    host = f"{database['metadata']['name']}.{database['metadata']['namespace']}"
    (service,) = of_kind("RayService")
    assert f"@{host}/" in yaml.safe_dump(service)
    namespaces = {one["metadata"].get("namespace", "evolvisense") for _, one in everything()}
    assert namespaces == {"evolvisense"}


@pytest.mark.filterwarnings("ignore:Using extra keyword arguments:DeprecationWarning")
def test_the_application_is_there_and_takes_these_arguments():
    (service,) = of_kind("RayService")
    config = yaml.safe_load(service["spec"]["serveConfigV2"])
    (application,) = config["applications"]
    module, _, name = application["import_path"].partition(":")
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    assert f"\ndef {name}(" in Path(found.origin).read_text("utf-8")
    assert Scale.model_validate(application["args"]).most_workers > 1
    if importlib.util.find_spec("ray"):
        from ray.serve.schema import ServeDeploySchema

        ServeDeploySchema.model_validate(config)


def test_ray_has_one_version():
    (built,) = re.findall(r"ray\[[a-z,]+\]==([\d.]+)", (DEPLOY / "ray.Dockerfile").read_text())
    assert {cluster["rayVersion"] for cluster in clusters()} == {built}
    if importlib.util.find_spec("ray"):
        assert version("ray") == built, "what the tests ran with"


def test_ray_asks_for_a_token():
    assert [cluster["authOptions"] for cluster in clusters()] == [{"mode": "token"}] * 2


def test_ray_does_not_report_its_use():
    for cluster in clusters():
        for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
            for container in group["template"]["spec"]["containers"]:
                assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in container["env"]


def test_composed_servers_and_workers_share_queue_and_folder():
    (composed,) = documents(DEPLOY / "compose.yaml")
    services = composed["services"]
    ours = [services["server"], services["worker"]]
    assert [one["deploy"]["replicas"] for one in ours] == [2, 2]
    for one in ours:
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["volumes"] == ["data:/data"]
        assert "@db/" in one["environment"]["EVOLVISENSE_DATABASE_URL"]
    assert services["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert {"data", "db"} == composed["volumes"].keys()


@pytest.mark.parametrize("service", ["server", "worker"])
def test_composed_commands_are_understood(service: str):
    (composed,) = documents(DEPLOY / "compose.yaml")
    program, *arguments = composed["services"][service]["command"]
    assert program == "evolvisense"
    assert_understood(arguments)


@pytest.mark.parametrize("path", [*KUBERNETES, DEPLOY / "compose.yaml"])
def test_commands_in_comments_are_understood(path: Path):
    text = re.sub(r"\\\n#\s*", "", path.read_text("utf-8"))
    for command in re.findall(r"^#.*\bevolvisense ((?:keys|batch|serve|worker) .+)$", text, re.M):
        assert_understood(shlex.split(command))


def assert_understood(arguments: list[str]) -> None:
    """Names of commands and options; nothing is run."""
    done = CliRunner().invoke(app, [*arguments, "--help"])
    assert done.exit_code == 0, f"{arguments}: {done.output}"
    words = [one for one in arguments if one.startswith("-")]
    # rich colours and wraps the page: only its words count.
    page = re.sub(r"\x1b\[[0-9;]*m", "", done.output)
    for word in words:
        assert word in page, f"{word} is no option of {arguments}"
