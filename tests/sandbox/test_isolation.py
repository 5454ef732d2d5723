"""What a sandboxed process cannot do, tried from inside, as root where the tests run as root."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evolvisense.errors import EngineUnavailableError
from evolvisense.sandbox import MEANINGS, REQUIRED, Files, Sandbox
from evolvisense.sandbox.process import child_environment
from evolvisense.sandbox.seccomp import MACHINES
from evolvisense.sandbox.syscalls import CALLS
from tests.sandbox.conftest import LIMITS, TARGETS

WITH_PROCESSES = replace(LIMITS, processes=True)
REFUSED = {"EPERM", "EACCES"}


@pytest.fixture
def isolated(sandbox):
    """A sandbox with the named isolation; the test is skipped where the kernel has none."""

    def make(name, **further):
        made = sandbox(**further)
        if name not in made.isolation:
            pytest.skip(f"not in force here: {name}: {made.missing.get(name)}")
        return made

    return make


def test_no_socket_opens_in_any_thread(isolated):
    answers = isolated("no_network").request({"do": "sockets"})
    assert set(answers["here"].values()) == set(answers["in_thread"].values()) == {"EACCES"}
    assert answers["here"].keys() >= {"AF_UNIX", "AF_INET", "pair"}


def test_no_socket_opens_in_a_process_of_it(isolated):
    answers = isolated("no_network", limits=WITH_PROCESSES).request({"do": "sockets_in_process"})
    assert answers["printed"] == answers["here"]
    assert "'AF_UNIX': 'EACCES'" in answers["printed"]


@pytest.mark.parametrize("name", ["sendto", "sendmsg", "sendmmsg", "connect", "bind", "setsockopt"])
def test_nothing_is_sent_through_the_socket_that_it_has(isolated, name):
    number = CALLS[name][MACHINES[platform.machine()].column]
    answers = isolated("no_network").request({"do": "calls", "numbers": {name: number}})
    assert answers == {name: "EACCES"}


def test_calls_that_rule_the_machine_are_refused(isolated):
    column = MACHINES[platform.machine()].column
    names = (
        *("ptrace", "mount", "bpf", "keyctl", "io_uring_setup", "unshare", "setsid", "reboot"),
        *("shmget", "mq_open", "inotify_add_watch", "setpriority", "process_vm_readv"),
        *("pidfd_open", "pidfd_getfd", "perf_event_open", "userfaultfd", "setresuid", "fchmodat2"),
    )
    numbers = {name: CALLS[name][column] for name in names}
    answers = isolated("no_kernel_interfaces").request({"do": "calls", "numbers": numbers})
    assert answers == dict.fromkeys(names, "EPERM")


def test_no_process_is_started_unless_that_is_allowed(isolated, sandbox):
    assert isolated("no_processes").request({"do": "start_process"}) == {"refused": "EPERM"}
    allowed = sandbox(limits=WITH_PROCESSES)
    assert "no_processes" not in allowed.isolation
    assert allowed.request({"do": "start_process"}) == {}


def test_the_parent_can_be_neither_signalled_nor_read(isolated):
    opened = isolated("no_other_processes")
    assert opened.request({"do": "signal_parent"})["refused"]
    answers = opened.request({"do": "read_parent"})
    assert answers.keys() >= {"environ", "maps", "mem"}
    assert set(answers.values()) <= REFUSED | {"EISDIR"}


def test_a_file_elsewhere_is_out_of_reach(isolated, tmp_path):
    file = tmp_path / "queue.db"
    file.write_text("kept")
    before = file.stat()
    answers = isolated("no_other_files").request({"do": "files", "path": str(file)})
    assert set(answers.values()) <= REFUSED | {"EXDEV"}, answers
    assert file.read_text() == "kept"
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime_ns) == (
        before.st_mode,
        before.st_uid,
        before.st_mtime_ns,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["queue.db"]


def test_files_change_only_where_that_is_allowed(isolated, tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.write_text("kept")
    opened = isolated("no_writes_elsewhere", files=Files(writable=[inside]))

    def refusal(path):
        return opened.request({"do": "write_file", "path": str(path)})["refused"]

    assert refusal(inside / "report") is None
    assert refusal("/dev/null") is None
    assert refusal(outside) == refusal(tmp_path / "new") == "EACCES"
    assert outside.read_text() == "kept"
    # Attributes and links are refused there too.
    answers = opened.request({"do": "files", "path": str(inside / "report")})
    assert {name for name, answer in answers.items() if answer in REFUSED} == {
        *("chmod", "chown", "utime", "setxattr", "link", "symlink", "truncate"),
    }


def test_what_may_be_read_is_a_list(isolated, tmp_path):
    for name in ("given", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    opened = isolated("no_other_files", files=Files(readable=[tmp_path / "given"]))

    def read(path):
        return opened.request({"do": "files", "path": str(path)})["read"]

    assert read(tmp_path / "given" / "file") == "open"
    assert read(tmp_path / "other" / "file") == "EACCES"
    assert read(os.__file__) == "open"
    assert read("/etc/passwd") == "EACCES"


def test_a_task_is_handed_its_files(sandbox, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"abc")
    opened = sandbox()
    first = opened.request({"do": "open_descriptors"})
    for _ in range(3):
        with source.open("rb") as read, target.open("w+b") as written:
            task = {"do": "handed"}
            answer = opened.request(task, files=(read.fileno(), written.fileno()), binary=b"x" * 70)
            assert answer == {"inheritable": [False, False]}
            assert written.read() == b"abcabc"
    # What a task was handed is closed when it is answered.
    assert opened.request({"do": "open_descriptors"}) == first
    with pytest.raises(ValueError, match="at most 4 files"):
        opened.request({"do": "handed"}, files=range(5))


def test_it_cannot_prevent_its_end_with_its_parent(isolated):
    answers = isolated("ends_with_parent").request({"do": "lifeline"})
    expected = dict.fromkeys(answers, "EPERM")
    expected |= {"close_range": "ENOSYS", "shutdown": "EACCES", "reopen": "ENXIO"}
    assert answers == expected


def test_files_have_a_largest_size(sandbox, tmp_path):
    opened = sandbox(limits=replace(LIMITS, file_bytes=1000), files=Files(writable=[tmp_path]))
    task = {"do": "write_file", "path": str(tmp_path / "file"), "bytes": 1001}
    assert opened.request(task) == {"refused": "EFBIG"}


def test_its_surroundings_are_bare_and_tidied_up(sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("EVOLVISENSE_DATABASE_URL", "postgres://user:word@host")
    monkeypatch.setenv("EVOLVISENSE_SOMETHING", "plain")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "word")
    opened = sandbox(env={"GIVEN_KEY": "given"}, files=Files(private=tmp_path))
    assert list(tmp_path.iterdir()) == []  # what it was tried on is gone
    seen = opened.request({"do": "surroundings"})
    assert (seen["cwd"], seen["stdin"]) == ("/", "")
    environment = seen["environment"]
    assert environment["EVOLVISENSE_SOMETHING"] == "plain"
    assert environment["GIVEN_KEY"] == "given"
    assert "word" not in " ".join(environment.values())
    kinds = sorted(place.split(":")[0] for place in seen["descriptors"])
    assert kinds == ["/dev/null", *["pipe"] * 3, *["socket"] * 2]


def test_what_is_reported_is_what_was_tried(sandbox):
    opened = sandbox()
    assert {*opened.isolation, *opened.missing} == set(MEANINGS)
    assert not set(opened.isolation) & set(opened.missing)
    wanted = {"limits", "measured", "ends_with_parent", "no_privileges"}
    assert wanted <= set(opened.isolation)


def test_isolation_that_is_required_and_absent_is_an_error(sandbox):
    made = Sandbox(f"{TARGETS}:serve", LIMITS, name="test", required=["limits", "no_gravity"])
    with pytest.raises(EngineUnavailableError, match="as required: no_gravity"):
        made.start()
    assert not made.is_alive


WEAKENED = """
import sys
from evolvisense.sandbox import confinement, landlock, privileges, seccomp, probes
from evolvisense.sandbox.confinement import Confinement, confine
from evolvisense.sandbox.limits import Limits
import os, socket, pathlib
os.setpgid(0, 0)
theirs, ours = socket.socketpair()
what = sys.argv[1]
if what == "landlock":
    landlock.enter_domain = lambda *_, **__: None
elif what == "seccomp":
    confinement.install = lambda _: None
elif what == "privileges":
    privileges.drop_privileges = lambda *_: None
planted = pathlib.Path(sys.argv[2])
in_force, missing = confine(Confinement(
    "tests:x", Limits(10**9, 60, 60), theirs.fileno(), theirs.fileno(), None, (), (),
    planted.parent, planted,
))
for name, why in missing.items():
    print(name, why, sep="=", flush=True)
os._exit(0)  # while the lifeline is still held
"""


@pytest.mark.parametrize(
    ("broken", "lost"),
    [
        ("landlock", {"no_other_files", "no_writes_elsewhere"}),
        ("seccomp", {"no_network", "no_file_attributes", "no_processes", "no_kernel_interfaces"}),
    ],
)
def test_a_layer_that_does_nothing_is_noticed(broken, lost, tmp_path):
    """The probes look at what can be done, not at what was set up."""
    planted = tmp_path / "file"
    planted.touch()
    done = subprocess.run(
        [sys.executable, "-c", WEAKENED, broken, str(planted)],
        capture_output=True,
        check=True,
        text=True,
    )
    missing = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert lost <= missing, done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to drop")
def test_capabilities_that_stay_are_noticed(tmp_path):
    planted = tmp_path / "file"
    planted.touch()
    done = subprocess.run(
        [sys.executable, "-c", WEAKENED, "privileges", str(planted)],
        capture_output=True,
        check=True,
        text=True,
    )
    found = dict(line.split("=") for line in done.stdout.splitlines())
    assert found["no_privileges"] == "CapPrm is not empty"


def _system_python() -> str | None:
    """A Python of this version that every user may run and that is not below a closed folder."""
    path = Path("/usr/bin/python3")
    if os.geteuid() != 0 or not path.exists():
        return None
    version = "import sys; print(*sys.version_info[:2])"
    told = subprocess.run([path, "-c", version], capture_output=True, text=True, check=False)
    return str(path) if told.stdout.split() == [str(n) for n in sys.version_info[:2]] else None


AS_NOBODY = """
import json
from evolvisense.sandbox import Sandbox
from tests.sandbox.conftest import LIMITS, TARGETS
made = []
for _ in range(2):
    sandbox = Sandbox(TARGETS + ":serve", LIMITS, name="test")
    sandbox.start()
    made.append(sandbox)
print(json.dumps([
    [sandbox.request({"do": "environment_of"}), sandbox.isolation, dict(sandbox.missing)]
    for sandbox in made
]))
for sandbox in made:
    sandbox.close()
"""


@pytest.mark.skipif(_system_python() is None, reason="needs root and a Python for everybody")
def test_a_process_of_root_becomes_a_user_that_owns_nothing():
    done = subprocess.run(
        [_system_python(), "-c", AS_NOBODY],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
        cwd=Path(__file__).parents[2],
    )
    seen = json.loads(done.stdout)
    users = []
    for answer, isolation, missing in seen:
        assert "unprivileged_user" in isolation, missing
        assert set(isolation) == set(MEANINGS) > set(REQUIRED)
        assert answer["groups"] == []
        assert len(set(answer["ids"])) == 1
        users.append(answer["ids"][0])
    assert 0 not in users
    assert users[0] != users[1], "each process has a user of its own"


REFUSING_KERNEL = """
import os, platform
from evolvisense.sandbox import confinement, landlock, seccomp
from evolvisense.sandbox.limits import Limits
platform.machine = lambda: "riscv64"
line = os.pipe()[0]
in_force, missing = confinement.confine(confinement.Confinement(
    "tests:x", Limits(10**9, 60, 60), line, line, None, (), (), None, None))
print(",".join(in_force))
print(missing)
"""


def test_isolation_that_is_not_to_be_had_is_left_out_with_the_reason():
    done = subprocess.run(
        [sys.executable, "-c", REFUSING_KERNEL], capture_output=True, check=True, text=True
    )
    names, told = done.stdout.split("\n", 1)
    assert "limits" in names
    for name in ("no_network", "no_processes", "no_other_files", "ends_with_parent"):
        assert name not in names
    assert "the kernel does not watch its parent (the process leads no group" in told
    assert "it can open AF_INET (no filter is written for riscv64)" in told


def test_a_secret_stays_outside_by_its_name():
    given = {
        "EVOLVISENSE_API_TOKEN": "a",
        "EVOLVISENSE_WORKERS": "2",
        "PATH": "/bin",
        "EDITOR": "vi",
    }
    passed = child_environment(given, {"X_TOKEN": "asked for"}, path=["/here", ""])
    assert passed.keys() - {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"} == {
        "EVOLVISENSE_WORKERS",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "X_TOKEN",
    }
    assert passed["PYTHONPATH"] == f"/here:{Path.cwd()}"


def test_the_analysis_works_in_it(isolated, face_video):
    limits = replace(LIMITS, memory_bytes=1_500_000_000)
    opened = isolated("no_network", limits=limits)
    with face_video.open("rb") as media:
        answer = opened.request({"do": "analyse"}, files=(media.fileno(),))
    assert answer == {"faces": 1, "has_voice": True}
