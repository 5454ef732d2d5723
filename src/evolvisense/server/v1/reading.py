"""The stored report of a job."""

from __future__ import annotations

import asyncio
from pathlib import Path

from evolvisense.jobs.records import Job
from evolvisense.report import Report
from evolvisense.server.refusals import JobNotFoundError, NoReportError
from evolvisense.server.service import AnalysisService


async def report_of(service: AnalysisService, job: Job) -> Report:
    """The report of a job. Raises NoReportError, JobNotFoundError or ReportOutdatedError."""
    try:
        return await service.reports.get(_path(service, job))
    except FileNotFoundError as error:
        raise _just_deleted() from error


async def report_bytes(service: AnalysisService, job: Job) -> bytes:
    """The same as it was written. Raises NoReportError or JobNotFoundError."""
    try:
        return await asyncio.to_thread(_path(service, job).read_bytes)
    except FileNotFoundError as error:
        raise _just_deleted() from error


def _path(service: AnalysisService, job: Job) -> Path:
    if job.report is not None:
        return service.files.report_path(job.report)
    why = f" ({job.failure.code}: {job.failure.detail})" if job.failure else ""
    raise NoReportError(f"the analysis is {job.state}{why}; only a succeeded one has a report")


def _just_deleted() -> JobNotFoundError:
    return JobNotFoundError("the report has just been deleted")
