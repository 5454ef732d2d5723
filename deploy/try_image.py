"""Build the image and try it, where there is no registry: `python -m deploy.try_image`.

Debian's mmdebstrap makes the base (Debian's own Python instead of the official image's), buildah
builds and runs. Needs root and both packages. It is seen that

- the image is at most MAX_MB large, and NOTICE names all that is in it,
- the plain command starts the server, which answers a clip by the address that it prints,
- it does so with a read-only root and one writable volume.

Variables: TEST_IMAGE_DIR keeps the base between runs, TEST_IMAGE_CLIP names the clip (talk_1.mp4).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CLIP = Path(os.environ.get("TEST_IMAGE_CLIP") or ROOT.parent / "shared/data/clips/talk_1.mp4")
BASE, IMAGE = "localhost/python-of-debian:latest", "localhost/evolvisense:try"
MAX_MB = 700
PORT = 17860
START_S, ANSWER_S = 300.0, 600.0
SUITE = "bookworm"
SETUP = (
    'rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',
    'ln -s python3 "$1/usr/bin/python"',
)
LEFT_OUT = (
    *(f"/usr/share/{name}/*" for name in ("doc", "man", "locale", "info")),
    # The official image has no more of Perl than Debian's minimum.
    *("/usr/share/perl/*", "/usr/lib/x86_64-linux-gnu/perl/*"),
)
ENVIRONMENT = {**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ADDRESS = re.compile(r"https?://\S*[?&]token=([\w-]+)")


def run(*command: str) -> str:
    """The output of a command. Raises CalledProcessError."""
    done = subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def kept_base() -> bool:
    """Whether an earlier run tagged it."""
    listed = run("buildah", "images", "--json")
    return any(BASE in (image.get("names") or ()) for image in json.loads(listed or "[]"))


def make_base(folder: Path) -> None:
    """Tag a minimal Debian with Python and pip as the base."""
    archive = folder / "base.tar"
    if not archive.exists():
        without = [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
        hooks = [f"--customize-hook={line}" for line in SETUP]
        part = archive.with_suffix(".part")
        run(
            "mmdebstrap",
            "--variant=minbase",
            "--format=tar",
            "--include=python3,python3-venv,ca-certificates",
            '--aptopt=APT::Install-Recommends "false"',
            *without,
            "--dpkgopt=path-include=/usr/share/doc/*/copyright",
            *hooks,
            SUITE,
            str(part),
            "http://deb.debian.org/debian",
        )
        part.rename(archive)
    if kept_base():
        return
    container = run("buildah", "from", "scratch")
    run("buildah", "add", "--quiet", container, str(archive), "/")
    run("buildah", "commit", "--quiet", container, BASE)
    run("buildah", "rm", container)


def build() -> None:
    """Build the image from the Dockerfile, as it stands, with another base."""
    # A proxy of this machine may have a certificate of its own: what pip trusts here, it trusts
    # in the first stage. Nothing of it stays in the image.
    trusted = f"--volume={CERTIFICATES}:{CERTIFICATES}:ro"
    arguments = (
        "--quiet",
        "--format=docker",
        "--network=host",
        trusted,
        f"--build-arg=BASE={BASE}",
        "-t",
        IMAGE,
    )
    run("buildah", "build", *arguments, str(ROOT))


def size_mb(mounted: Path) -> float:
    """Of all files in the image, each once."""
    seen: dict[int, int] = {}
    for place, _, names in os.walk(mounted):
        for name in names:
            found = Path(place, name).lstat()
            seen[found.st_ino] = found.st_size
    return sum(seen.values()) / 1e6


@contextmanager
def container() -> Iterator[tuple[str, Path]]:
    """A container of the image and where its root is mounted."""
    name = run("buildah", "from", "--pull-never", IMAGE)
    try:
        yield name, Path(run("buildah", "mount", name))
    finally:
        run("buildah", "umount", name)
        run("buildah", "rm", name)


def writable(name: str, volume: Path, settings: dict[str, str]) -> list[str]:
    """What runs the image's own command as `docker run -v volume:/data` would."""
    given = [f"--env={key}={value}" for key, value in settings.items()]
    head = ["buildah", "run", "--network=host", f"--volume={volume}:/data", *given, name, "--"]
    return [*head, *config_of(name)["Cmd"]]


@contextmanager
def read_only(name: str, root: Path, volume: Path, settings: dict[str, str]) -> Iterator[list[str]]:
    """The same as with `--read-only`, without buildah, which writes into the root itself."""
    config = config_of(name)
    place = Path(tempfile.mkdtemp(prefix="read-only-"))
    mounts = [
        ("--bind", str(root), place),
        ("-o", "remount,ro,bind", place),
        ("--bind", str(volume), place / "data"),
        ("-t", "proc", "proc", place / "proc"),
        ("--bind", "/dev", place / "dev"),
    ]
    try:
        for *options, target in mounts:
            run("mount", *options, str(target))
        variables = [*config["Env"], *(f"{key}={value}" for key, value in settings.items())]
        yield [
            *("chroot", "--userspec=1000:1000", str(place)),
            *("env", "-i", *variables, *config["Cmd"]),
        ]
    finally:
        run("umount", "--recursive", str(place))
        place.rmdir()


def config_of(name: str) -> dict[str, Any]:
    """Command and environment of the image."""
    return json.loads(run("buildah", "inspect", "--type=container", name))["OCIv1"]["config"]


@contextmanager
def server(command: list[str]) -> Iterator[str]:
    """The image's command on PORT; what it has printed when it answers.

    Raises RuntimeError where it ends, or is not ready in time.
    """
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(
            [str(PORT) if word == "7860" else word for word in command],
            env=ENVIRONMENT,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

        def said() -> str:
            printed.seek(0)
            return printed.read()

        try:
            end_s = time.monotonic() + START_S
            while answer("/readyz")[0] != 200:
                if process.poll() is not None:
                    raise RuntimeError(f"the server ended with {process.returncode}: {said()}")
                if time.monotonic() > end_s:
                    raise RuntimeError(f"the server is not ready after {START_S:.0f} s: {said()}")
                time.sleep(1.0)
            yield said()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(60)


def answer(
    path: str, data: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Send a request (POST with data): status and body; status 0 if no connection is made."""
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def analyse(printed: str) -> dict[str, Any]:
    """The answer of the old route to the clip, with the token that was printed."""
    found = ADDRESS.search(printed)
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    body = head.encode() + CLIP.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    if found is not None:
        headers["Authorization"] = f"Bearer {found[1]}"
    status, said = answer("/analyze-video/", body, headers)
    if status != 200:
        raise RuntimeError(f"/analyze-video/ answered {status}: {said[:500]!r}")
    return json.loads(said)


def check_notice(mounted: Path) -> None:
    """Raise RuntimeError where NOTICE is not what the image holds."""
    packages = next(mounted.glob("opt/evolvisense/lib/python3*/site-packages"))
    made = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "notice.py"), str(packages)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    written = (mounted / "opt/evolvisense/NOTICE").read_text("utf-8")
    differ = set(made.splitlines()) ^ set(written.splitlines())
    if differ:
        raise RuntimeError(f"NOTICE is not what the image holds, run `make notice`: {differ}")


def tried(command: list[str]) -> str:
    """What the server of that command reads in the clip.

    Raises RuntimeError where that is nothing, or a part of its sandbox is missing.
    """
    with server(command) as printed:
        emotions = analyse(printed)["emotions"]
        if not emotions:
            raise RuntimeError("nothing was read in the clip")
        if "is not in force" in printed:
            raise RuntimeError(f"the sandbox is not complete: {printed}")
        return ", ".join(sorted(emotions))


def say(text: str) -> None:
    """Print one line of progress."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Build, measure, run twice. Ends with an exception where something is not as it should be."""
    kept = os.environ.get("TEST_IMAGE_DIR")
    folder = Path(kept or tempfile.mkdtemp(prefix="try-image-"))
    folder.mkdir(parents=True, exist_ok=True)
    # No keys are made here, so the server prints a token or refuses to start.
    plain = {
        name: os.environ[name] for name in ("EVOLVISENSE_ALLOW_ANONYMOUS",) if name in os.environ
    }
    try:
        make_base(folder)
        build()
        with container() as (name, mounted):
            size = size_mb(mounted)
            say(f"image: {size:.0f} MB")
            if size > MAX_MB:
                raise RuntimeError(f"the image has {size:.0f} MB, {MAX_MB} are allowed")
            check_notice(mounted)
            say("NOTICE names what is in it")
            for number in range(2):
                volume = folder / f"volume-{number}"
                shutil.rmtree(volume, ignore_errors=True)
                volume.mkdir(mode=0o700)
                os.chown(volume, 1000, 1000)
                if number == 0:
                    say(f"plain: {tried(writable(name, volume, plain))}")
                else:
                    with read_only(name, mounted, volume, plain) as command:
                        say(f"read-only root: {tried(command)}")
    finally:
        if kept is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
