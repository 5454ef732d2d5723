"""Write NOTICE: what an image holds and under which licences.

    python deploy/notice.py /opt/evolvisense/lib/python3.12/site-packages > NOTICE

Packages name their licence in their metadata. Native libraries inside wheels do not: their licences
are in the table below, and a library that is not in it is an error, so that none slips in unnamed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

HEAD = """EvolviSense
Copyright (c) EvolviSense developers. MIT licence: see LICENSE.

What the container image holds besides, and under which licences. Written by deploy/notice.py from
the installed packages (`make notice`); `make test-image` compares it with the image that it builds.
Versions: `make sbom`.

If you pass the image on to others:
- PyAV's wheel carries FFmpeg linked with libx264 and libx265 (GPL-2.0-or-later), so that this part
  of the image is under the GPL; a distributor has to offer its source. Sources:
  https://github.com/PyAV-Org/pyav-ffmpeg (build scripts, which name the version of each library).
- soxr (libsoxr), psycopg and FFmpeg are under the LGPL: they are loaded as shared libraries that
  may be replaced in the image.
- certifi is under the MPL-2.0 and not changed.
- OpenCV's wheel carries a second FFmpeg (LGPL) and OpenSSL 1.1.1k, which gets no more fixes. Both
  are loaded with cv2, in worker processes without network, and nothing here calls them: media are
  decoded by PyAV, and no connection is made through OpenCV.
- EvolviSense itself uses these through their interfaces and stays under the MIT licence.

The base image (Debian and Python, PSF-2.0) has the licences of its packages in /usr/share/doc.
"""

LIBRARIES = {
    "SvtAv1Enc": "BSD-3-Clause-Clear",
    "Xau": "MIT",
    "aom": "BSD-2-Clause",
    "asound": "LGPL-2.1-or-later",
    "avcodec": "LGPL-2.1-or-later; GPL-2.0-or-later where linked with x264 or x265",
    "avdevice": "LGPL-2.1-or-later",
    "avfilter": "LGPL-2.1-or-later",
    "avformat": "LGPL-2.1-or-later",
    "avif": "BSD-2-Clause",
    "avutil": "LGPL-2.1-or-later",
    "com_err": "MIT",
    "crypt": "LGPL-2.1-or-later",
    "crypto": "OpenSSL (1.1) or Apache-2.0 (3)",
    "dav1d": "BSD-2-Clause",
    "drm": "MIT",
    "gfortran": "GPL-3.0-or-later with GCC-exception-3.1",
    "gmp": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "gnutls": "LGPL-2.1-or-later",
    "gomp": "GPL-3.0-or-later with GCC-exception-3.1",
    "gssapi_krb5": "MIT",
    "hogweed": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "k5crypto": "MIT",
    "keyutils": "LGPL-2.1-or-later",
    "krb5": "MIT",
    "krb5support": "MIT",
    "lber": "OLDAP-2.8",
    "ldap": "OLDAP-2.8",
    "mp3lame": "LGPL-2.0-or-later",
    "nettle": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "openblasp": "BSD-3-Clause",
    "opencore-amrnb": "Apache-2.0",
    "opencore-amrwb": "Apache-2.0",
    "opus": "BSD-3-Clause",
    "png16": "libpng-2.0",
    "pq": "PostgreSQL",
    "quadmath": "LGPL-2.1-or-later",
    "sasl2": "BSD-4-Clause",
    "scipy_openblas64_": "BSD-3-Clause",
    "sharpyuv": "BSD-3-Clause",
    "ssl": "OpenSSL (1.1) or Apache-2.0 (3)",
    "swresample": "LGPL-2.1-or-later",
    "swscale": "LGPL-2.1-or-later",
    "unistring": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "vpl": "MIT",
    "vpx": "BSD-3-Clause",
    "webp": "BSD-3-Clause",
    "webpmux": "BSD-3-Clause",
    "x264": "GPL-2.0-or-later",
    "x265": "GPL-2.0-or-later",
    "xcb": "MIT",
    "xcb-shape": "MIT",
    "xcb-shm": "MIT",
    "xcb-xfixes": "MIT",
}
"""Name without `lib` -> SPDX expression, for what wheels carry in folders `<package>.libs`."""

SAID_ELSEWHERE = {
    "mdurl": "MIT",
    "markdown-it-py": "MIT",
    "pympi-ling": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
}
"""Packages whose metadata name no licence that could be searched for; their files do."""

BUILD = re.compile(r"lib(?P<name>.+?)(-r0)?-([0-9a-f]{8}(-[0-9a-f]{8})?)?(\.|$)")
"""libNAME-HASH.so..., as auditwheel names its copies."""


def licence_of(package: Distribution) -> str:
    """What its metadata say. Raises LookupError where they say nothing that can be used."""
    name = package.metadata["Name"].lower().replace("_", "-")
    if name in SAID_ELSEWHERE:
        return SAID_ELSEWHERE[name]
    expression = package.metadata.get("License-Expression")
    if expression:
        return expression
    written = (package.metadata.get("License") or "").strip()
    if written and "\n" not in written:
        return written
    found = [
        entry.rpartition(" :: ")[2]
        for entry in package.metadata.get_all("Classifier") or []
        if entry.startswith("License ::")
    ]
    if not found:
        raise LookupError(f"{name} names no licence: add it to SAID_ELSEWHERE")
    return ", ".join(found)


def libraries(packages: Path) -> Iterator[tuple[str, str, str]]:
    """Folder, name and licence of each native library. Raises LookupError for an unknown one."""
    for folder in sorted(packages.glob("*.libs")):
        for file in sorted(folder.iterdir()):
            found = BUILD.match(file.name)
            name = found["name"] if found else file.name
            if name not in LIBRARIES:
                raise LookupError(f"the licence of {folder.name}/{file.name} ({name}) is not known")
            yield folder.name, f"lib{name}", LIBRARIES[name]


def text_of(packages: Path) -> str:
    """The whole file."""
    found = {
        one.metadata["Name"].lower().replace("_", "-"): licence_of(one)
        for one in distributions(path=[str(packages)])
        if one.metadata["Name"].lower() not in ("evolvisense", "pip", "setuptools")
    }
    lines = [HEAD, "Python packages", "---------------"]
    lines += [f"{name}: {licence}" for name, licence in sorted(found.items())]
    lines += ["", "Native libraries inside of them", "-------------------------------"]
    inside = {f"{folder}/{name}: {licence}" for folder, name, licence in libraries(packages)}
    lines += sorted(inside)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text_of(Path(sys.argv[1])))
