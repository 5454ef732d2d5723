"""A child process under limits and without network, spoken to by messages.

`sandbox` is the parent's side, `child` the other; `frames` is what goes between them.
`supervisor`, `channel` and `process` start the child, exchange messages with it and watch it;
`__main__`, `confinement`, `seccomp`, `landlock`, `privileges` and `probes` run in it. Nothing here
knows what it works on.
"""

from evolvisense.sandbox.channel import MAX_FRAME_BYTES, Frame, FrameError
from evolvisense.sandbox.child import ChildChannel, Task
from evolvisense.sandbox.limits import Limits
from evolvisense.sandbox.probes import MEANINGS
from evolvisense.sandbox.process import Files
from evolvisense.sandbox.supervisor import Reply, Sandbox

REQUIRED = tuple(name for name in MEANINGS if name != "unprivileged_user")
"""What EVOLVISENSE_REQUIRE_SANDBOX asks for. Root without capabilities, that reaches no file and no
process, is not a hole by itself: another user is a second barrier, for kernels without Landlock."""

__all__ = [
    "MAX_FRAME_BYTES",
    "MEANINGS",
    "REQUIRED",
    "ChildChannel",
    "Files",
    "Frame",
    "FrameError",
    "Limits",
    "Reply",
    "Sandbox",
    "Task",
]
