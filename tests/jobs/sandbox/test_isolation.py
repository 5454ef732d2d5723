"""What a sandboxed process cannot do."""

from __future__ import annotations

import platform
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evolvisense.errors import EngineUnavailableError
from evolvisense.jobs.sandbox import Sandbox
from evolvisense.jobs.sandbox.calls import CALLS
from evolvisense.jobs.sandbox.environment import child_environment
from evolvisense.jobs.sandbox.seccomp import MACHINES
from tests.jobs.sandbox.conftest import LIMITS, TARGETS

WITH_PROCESSES = replace(LIMITS, processes=True)


@pytest.fixture
def isolated(sandbox):
    """A sandbox with the named isolation; the test is skipped where the kernel has none."""

    def make(name, **further):
        made = sandbox(**further)
        if name not in made.isolation:
            pytest.skip(f"this kernel does not give {name}")
        return made

    return make


def refused_everything_but_unix(answers):
    assert answers.pop("AF_UNIX") == "open"
    assert set(answers.values()) == {"EACCES"}


def test_no_socket_but_unix_opens_in_any_thread(isolated):
    answers = isolated("no_network").request({"do": "sockets"})
    refused_everything_but_unix(answers["here"])
    refused_everything_but_unix(answers["in_thread"])


def test_no_socket_but_unix_opens_in_a_process_of_it(isolated):
    answers = isolated("no_network", limits=WITH_PROCESSES).request({"do": "sockets_in_process"})
    assert answers["printed"] == answers["here"]
    assert "'AF_INET': 'EACCES'" in answers["printed"]


def test_services_behind_unix_sockets_are_out_of_reach(isolated, tmp_path):
    with socket.socket(socket.AF_UNIX) as service:
        service.bind(str(tmp_path / "service"))
        service.listen()
        answer = isolated("no_network").request(
            {"do": "connect", "path": str(tmp_path / "service")}
        )
    assert answer == {"errno": "EACCES"}


def test_calls_that_rule_the_machine_are_refused(isolated):
    column = MACHINES[platform.machine()].column
    names = ("ptrace", "mount", "bpf", "keyctl", "io_uring_setup", "unshare", "setsid", "reboot")
    numbers = {name: CALLS[name][column] for name in names}
    answers = isolated("no_network").request({"do": "calls", "numbers": numbers})
    assert answers == dict.fromkeys(names, "EPERM")


def test_no_process_is_started_unless_that_is_allowed(isolated, sandbox):
    assert isolated("no_processes").request({"do": "start_process"}) == {"refused": "EPERM"}
    allowed = sandbox(limits=WITH_PROCESSES)
    assert "no_processes" not in allowed.isolation
    assert allowed.request({"do": "start_process"}) == {}


def test_the_parent_can_be_neither_signalled_nor_read(isolated):
    opened = isolated("no_processes")
    assert opened.request({"do": "signal_parent"})["refused"]
    if "no_other_processes" in opened.isolation:
        assert opened.request({"do": "read_parent"})["refused"]


def test_files_change_only_where_that_is_allowed(isolated, tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.write_text("kept")
    opened = isolated("no_writes_elsewhere", writable=[inside])

    def refusal(path):
        return opened.request({"do": "write_file", "path": str(path)})["refused"]

    assert refusal(inside / "report") is None
    assert refusal("/dev/null") is None
    assert refusal(outside) == refusal(tmp_path / "new") == "EACCES"
    assert outside.read_text() == "kept"
    assert opened.request({"do": "surroundings"})["stdin"] == ""


def test_files_have_a_largest_size(sandbox, tmp_path):
    opened = sandbox(limits=replace(LIMITS, file_bytes=1000))
    task = {"do": "write_file", "path": str(tmp_path / "file"), "bytes": 1001}
    assert opened.request(task) == {"refused": "EFBIG"}


def test_its_surroundings_are_bare_and_tidied_up(sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("EVOLVISENSE_DATABASE_URL", "postgres://user:word@host")
    monkeypatch.setenv("EVOLVISENSE_SOMETHING", "plain")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "word")
    opened = sandbox(temp_root=tmp_path, env={"GIVEN_KEY": "given"})
    seen = opened.request({"do": "surroundings"})
    assert seen["temp"] == seen["cwd"] == str(next(tmp_path.iterdir()))
    assert seen["stdin"] == ""
    environment = seen["environment"]
    assert environment["EVOLVISENSE_SOMETHING"] == "plain"
    assert environment["GIVEN_KEY"] == "given"
    assert "word" not in " ".join(environment.values())
    kinds = sorted(place.split(":")[0] for place in seen["descriptors"])
    assert kinds == ["/dev/null", *["pipe"] * 5]
    opened.close()
    assert list(tmp_path.iterdir()) == []


def test_isolation_that_is_required_and_absent_is_an_error(sandbox):
    made = Sandbox(f"{TARGETS}:serve", LIMITS, name="test", required=["limits", "no_gravity"])
    with pytest.raises(EngineUnavailableError, match="no no_gravity"):
        made.start()
    assert not made.is_alive


def test_the_limits_and_the_parents_end_are_always_in_force(sandbox):
    wanted = {"limits", "measured", "ends_with_parent", "no_new_privileges"}
    assert wanted <= set(sandbox().isolation)


REFUSING_KERNEL = """
import logging, os, platform
from evolvisense.jobs.sandbox import Limits
from evolvisense.jobs.sandbox.confinement import confine
logging.basicConfig()
platform.machine = lambda: "riscv64"
print(",".join(confine(Limits(10**9, 60, 60), os.pipe()[0], None)))
"""


def test_isolation_that_is_not_to_be_had_is_left_out_and_logged():
    done = subprocess.run(
        [sys.executable, "-c", REFUSING_KERNEL], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "limits,no_new_privileges"
    assert "not in force: ends_with_parent: the process leads no group" in done.stderr
    assert "not in force: no_network, no_processes: no filter is written" in done.stderr


def test_a_secret_stays_outside_by_its_name(tmp_path):
    given = {
        "EVOLVISENSE_API_TOKEN": "a",
        "EVOLVISENSE_WORKERS": "2",
        "PATH": "/bin",
        "EDITOR": "vi",
    }
    passed = child_environment(given, {"X_TOKEN": "asked for"}, tmp_path, path=["/here", ""])
    assert passed.keys() - {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR"} == {
        "EVOLVISENSE_WORKERS",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "X_TOKEN",
    }
    assert passed["PYTHONPATH"] == f"/here:{Path.cwd()}"


def test_the_analysis_works_in_it(isolated, face_video, tmp_path):
    limits = replace(LIMITS, memory_bytes=1_500_000_000)
    opened = isolated("no_network", limits=limits, writable=[tmp_path])
    answer = opened.request({"do": "analyse", "path": str(face_video)})
    assert answer == {"faces": 1, "has_voice": True}
