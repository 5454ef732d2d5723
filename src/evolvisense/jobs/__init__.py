"""Work in the background: `queue` is a bounded queue inside this process."""

from evolvisense.jobs.queue import WorkQueue

__all__ = ["WorkQueue"]
