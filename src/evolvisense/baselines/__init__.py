"""Personal baselines on this machine: feature values of a person's own recordings, nothing else.

`records`: what is kept of a recording, and which of them are compared with. `store`: files.
`reports`: what of a report is kept, and how a report differs from what was kept.
"""

from evolvisense.baselines.records import StoredRecording, baseline_of
from evolvisense.baselines.store import BaselineStore, home_dir

__all__ = ["BaselineStore", "StoredRecording", "baseline_of", "home_dir"]
