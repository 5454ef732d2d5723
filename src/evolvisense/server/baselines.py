"""Personal baselines of callers: one folder for each, `data_dir`/baselines/<hash>.

The hash is that of a key's id, or of the secret that a browser without a key keeps.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evolvisense.api.baselines import BaselineFeature, BaselineTask, PersonalBaseline
from evolvisense.api.options import BaselineChoice
from evolvisense.baselines import BaselineStore, StoredRecording, baseline_of
from evolvisense.baselines.store import OWNER_ONLY_DIR
from evolvisense.server.access import Caller
from evolvisense.server.refusals import ForbiddenError
from evolvisense.types.indicators import EMOTION_FEATURES

FOLDER = "baselines"
HASH_LENGTH = 32


def may_keep(caller: Caller) -> bool:
    """Whether nobody else comes as this caller: there is a key, or the secret of a browser."""
    return bool(caller.keeper)


def store_of(data_dir: Path, caller: Caller) -> BaselineStore:
    """The baselines of a caller. Raises ForbiddenError for one that cannot be told from others."""
    if not may_keep(caller):
        raise ForbiddenError(
            "personal baselines need somebody whose they are: send a key (`evolvisense keys "
            "create`), or without one the cookie `evolvisense-visitor` that the page sets"
        )
    folder = data_dir / FOLDER
    folder.mkdir(exist_ok=True, mode=OWNER_ONLY_DIR)
    return BaselineStore(folder / hashlib.sha256(caller.keeper.encode()).hexdigest()[:HASH_LENGTH])


async def kept_with_job(
    data_dir: Path, caller: Caller, choice: BaselineChoice | None
) -> dict[str, Any]:
    """What a job keeps of the baseline that its scores are to be relative to.

    Raises ForbiddenError, BaselineNotFoundError or BaselineTaskError.
    """
    if choice is None:
        return {}
    store = store_of(data_dir, caller)
    recordings = await asyncio.to_thread(store.load, choice.name)
    baseline_of(recordings, task=choice.task)
    same = [r.to_json() for r in recordings if choice.task in {None, r.task or ""}]
    return {"baseline": {"name": choice.name, "task": choice.task, "recordings": same}}


def shown(
    name: str, recordings: Sequence[StoredRecording], *, observations_only: bool
) -> PersonalBaseline:
    """A baseline as it is shown; without emotions heard in the voice where these are withheld."""
    labels = sorted({r.task for r in recordings}, key=lambda task: task or "")
    return PersonalBaseline(
        name=name,
        recordings=len(recordings),
        tasks=[
            _task(task, [r for r in recordings if r.task == task], observations_only)
            for task in labels
        ],
    )


def _task(
    task: str | None, recordings: Sequence[StoredRecording], observations_only: bool
) -> BaselineTask:
    baseline = baseline_of(recordings)
    use = baseline.use()
    return BaselineTask(
        task=task,
        recorded=[r.recorded for r in recordings],
        days=use.days,
        is_ready=use.is_used,
        missing_recordings=use.missing_recordings,
        missing_days=use.missing_days,
        features=[
            BaselineFeature(
                name=feature,
                recordings=len(values),
                mean=float(values.mean()),
                lowest=float(values.min()),
                highest=float(values.max()),
            )
            for feature, values in baseline.values.items()
            if not (observations_only and feature in EMOTION_FEATURES)
        ],
    )
