"""Commands and their options.

What a command does is imported when it is called: a server need not load what analyses.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from evolvisense.cli.audit import audit_app
from evolvisense.cli.baseline_app import baseline_app
from evolvisense.cli.data import data_app
from evolvisense.cli.keys import keys_app
from evolvisense.cli.numbers import whole
from evolvisense.options import AnalysisOptions, Smoothing
from evolvisense.types.indicators import Language

app = typer.Typer(
    name="evolvisense",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="Models on this machine.", invoke_without_command=True)
app.add_typer(models_app, name="models")
app.add_typer(baseline_app, name="baseline")
app.add_typer(keys_app, name="keys")
app.add_typer(audit_app, name="audit")
app.add_typer(data_app, name="data")

# Options of an analysis, whichever command asks for it.
FrameSkip = Annotated[
    int, typer.Option(parser=whole(1), help="Analyse every n-th frame; 1 is every frame.")
]
MaxFrames = Annotated[
    int | None,
    typer.Option(parser=whole(1), help="Stop after so many analysed frames of each file."),
]
ReadVoice = Annotated[bool, typer.Option(help="Read the voice too.")]
SmoothingChoice = Annotated[
    Smoothing, typer.Option(help="Filter of the timelines; off gives every frame as it was read.")
]
LanguageSpoken = Annotated[
    Language, typer.Option(help="Language spoken: indicators are relative to its reference set.")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evolvisense {version('evolvisense')}")
        raise typer.Exit


@app.callback()
def main(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Reads faces and voices in video: a timeline of expression and a description of the voice,
    computed on this machine.
    """


@app.command()
def analyze(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Video files, or folders of them.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Write a table, one row for each face and frame.")
    ] = False,
    html: Annotated[bool, typer.Option("--html", help="Write a page to read and print.")] = False,
    parquet: Annotated[
        bool,
        typer.Option("--parquet", help="Write the table as Parquet (needs pyarrow)."),
    ] = False,
    eaf: Annotated[
        bool, typer.Option("--eaf", help="Write tiers of annotations for ELAN.")
    ] = False,
    textgrid: Annotated[
        bool, typer.Option("--textgrid", help="Write tiers of annotations for Praat.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the files to this folder; this one by default."),
    ] = None,
    observations_only: Annotated[
        bool,
        typer.Option(
            "--observations-only",
            help="Withhold emotions, scores that stand on them, and the v1 block.",
        ),
    ] = False,
    overlay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.mp4",
            help="Write the video with faces and expressions drawn; a folder for several videos.",
        ),
    ] = None,
    blur: Annotated[
        bool,
        typer.Option("--blur", help="Make faces in the overlay unrecognisable; its sound stays."),
    ] = False,
    landmarks: Annotated[
        bool,
        typer.Option("--landmarks", help="Keep landmarks in the JSON, and draw them."),
    ] = False,
    frame_skip: FrameSkip = 1,
    max_frames: MaxFrames = None,
    voice: ReadVoice = True,
    smoothing: SmoothingChoice = "one-euro",
    language: LanguageSpoken = "any",
    video_stream: Annotated[
        int | None,
        typer.Option(
            parser=whole(0),
            help="Number of the video stream to analyse, as ffprobe shows it; by default the "
            "default or longest one with a face.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Compare with the recordings of this baseline."),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="Which task of the baseline, where it has several."),
    ] = None,
    detector: Annotated[str, typer.Option(help="Face detector engine.")] = "evolvisense",
    expression: Annotated[str, typer.Option(help="Expression engine.")] = "evolvisense",
) -> None:
    """Analyse videos and print a summary, or write reports in the formats asked for.

    A report of FILE goes to FILE.json, FILE.html and so on, in this folder or in --out DIR. One
    JSON, CSV, EAF or TextGrid goes to standard output where that is a pipe or a file. With --out
    and no format, JSON and CSV are written. A file that cannot be read is named and does not stop
    the others; the exit status is then 1.
    """
    from evolvisense.cli import analyze as analyzing  # noqa: PLC0415
    from evolvisense.cli.overlay import OverlayWish  # noqa: PLC0415

    if blur and overlay is None:
        raise typer.BadParameter("--blur is about the overlay: give --overlay FILE.mp4 too")
    wanted: dict[analyzing.Format, bool] = {
        "json": json,
        "csv": csv,
        "html": html,
        "parquet": parquet,
        "eaf": eaf,
        "textgrid": textgrid,
    }
    formats = analyzing.chosen_formats(wanted, to_folder=out is not None)
    job = analyzing.Job(
        formats=formats,
        out=out,
        options=AnalysisOptions(
            frame_skip=frame_skip,
            max_frames=max_frames,
            voice=voice,
            smoothing=smoothing,
            language=language,
            landmarks=landmarks,
            video_stream=video_stream,
        ),
        overlay=None if overlay is None else OverlayWish(overlay, blur_faces=blur),
        baseline=baseline,
        task=task,
        detector=detector,
        expression=expression,
        observations_only=observations_only,
    )
    raise typer.Exit(analyzing.run(paths, job))


@app.command()
def methods(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="A report as JSON.")],
    bibtex: Annotated[
        bool, typer.Option("--bibtex", help="Print the references as BibTeX instead.")
    ] = False,
) -> None:
    """Print the paragraph of a paper that says how a report was made."""
    from evolvisense.cli.methods import print_methods  # noqa: PLC0415

    print_methods(report, references=bibtex)


@app.command()
def agree(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="A report as JSON.")],
    annotation: Annotated[
        Path,
        typer.Argument(metavar="ANNOTATION", help="ELAN's .eaf, Praat's .TextGrid, or a .csv."),
    ],
    tier: Annotated[
        list[str] | None,
        typer.Option(
            metavar="YOURS[=OURS]",
            help="Compare this tier of yours, with that tier or column of the report; again for "
            "several. Without it all whose names correspond.",
        ),
    ] = None,
    person: Annotated[
        int | None,
        typer.Option(parser=whole(1), help="Whose face you annotated; the main person's."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Seconds between the onsets of one event at most.")
    ] = 0.25,
    start: Annotated[
        float, typer.Option(min=0, help="Second at which your annotation begins.")
    ] = 0.0,
    end: Annotated[float | None, typer.Option(help="Second at which it ends.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compare a report with your own annotations of the recording.

    Cohen's kappa of labels over time, F1 of events whose onsets lie close together, and intraclass
    correlations of ratings.
    """
    from evolvisense.cli import agree as agreeing  # noqa: PLC0415

    agreeing.print_agreement(
        report,
        annotation,
        agreeing.AgreeJob(
            tiers=tier or (),
            person_id=person,
            tolerance_s=tolerance,
            start_s=start,
            end_s=end,
            as_json=json,
        ),
    )


@app.command()
def transcript(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="A report as JSON.")],
    words: Annotated[
        Path,
        typer.Argument(metavar="TRANSCRIPT", help="WebVTT (.vtt), .srt, or .txt with times."),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print the measures as JSON.")] = False,
) -> None:
    """Measure a transcript: words per minute and the silence before answers, by speaker.

    The words are those of the transcript; speech and silence are those of the report.
    """
    from evolvisense.cli.transcript import print_transcript  # noqa: PLC0415

    print_transcript(report, words, as_json=json)


@app.command()
def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Folders, patterns, files, @list.txt; paths or URLs such as s3://bucket/folder.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder that the data set goes to, and what resumes it."),
    ],
    workers: Annotated[
        int | None,
        typer.Option(parser=whole(1), help="Files analysed at a time; one for each core."),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Work on this Ray cluster, or `auto` (needs the extra ray)."
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Keep the report of each file as JSON too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be analysed; write nothing.")
    ] = False,
    qc: Annotated[
        bool,
        typer.Option("--qc", help="Write qc.html: coverage, light, noise, outliers, failures."),
    ] = False,
    blur: Annotated[
        bool, typer.Option("--blur", help="Make people in the images of qc.html unrecognisable.")
    ] = False,
    frame_skip: FrameSkip = 1,
    max_frames: MaxFrames = None,
    voice: ReadVoice = True,
    smoothing: SmoothingChoice = "one-euro",
    language: LanguageSpoken = "any",
) -> None:
    """Analyse many videos on all cores into Parquet tables; a second run resumes the first.

    A file that cannot be read is a row of the table of failures and does not stop the others; the
    exit status is then 1.
    """
    from evolvisense.cli import batch as batching  # noqa: PLC0415

    if blur and not qc:
        raise typer.BadParameter("--blur is about the images of qc.html: give --qc too")
    job = batching.BatchJob(
        out=out,
        options=AnalysisOptions(
            frame_skip=frame_skip,
            max_frames=max_frames,
            voice=voice,
            smoothing=smoothing,
            language=language,
        ),
        workers=workers,
        ray=ray,
        keep_json=json,
        dry_run=dry_run,
        quality_page=qc,
        blur=blur,
    )
    raise typer.Exit(batching.run(inputs, job))


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for every interface.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(parser=whole(1, 65535), help="Port to listen on.")] = 7860,
    workers: Annotated[
        int | None,
        typer.Option(parser=whole(0), help="Videos analysed at a time; 0 leaves them to `worker`."),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="local|auto|ADDRESS",
            help="Serve on Ray: one of this machine alone, the one that runs here, or another. "
            "Replicas grow to --servers and --workers; the queue is Postgres.",
        ),
    ] = None,
    servers: Annotated[
        int | None,
        typer.Option(parser=whole(1), help="With --ray: most replicas that answer HTTP."),
    ] = None,
) -> None:
    """Serve the HTTP API and the page. Settings: EVOLVISENSE_* and the file EVOLVISENSE_CONFIG."""
    from evolvisense.cli import serve as serving  # noqa: PLC0415

    if ray is None:
        if servers is not None:
            raise typer.BadParameter("--servers is about Ray: give --ray too")
        serving.run_server(host, port, serving.read_settings(workers=workers))
        return
    from evolvisense.cli.serve_ray import run_on_ray  # noqa: PLC0415
    from evolvisense.service.replicas import Scale  # noqa: PLC0415

    most = 1 if workers is None else workers
    scale = Scale(most_servers=servers or 1, workers=min(1, most), most_workers=most)
    run_on_ray(ray, host, port, scale, serving.read_settings())


@app.command()
def worker(
    workers: Annotated[
        int | None,
        typer.Option(parser=whole(1), help="Videos analysed at a time; one for each core."),
    ] = None,
) -> None:
    """Work on the queue of a server that has the same data folder and database."""
    from evolvisense.cli import serve as serving  # noqa: PLC0415

    serving.run_worker(serving.read_settings(workers=workers))


@models_app.callback()
def models(context: typer.Context) -> None:
    """List engines, models, their licences and whether they are on this machine."""
    if context.invoked_subcommand is None:
        from evolvisense.cli import models as modelling  # noqa: PLC0415

        modelling.print_table()


@models_app.command("download")
def models_download(
    model_id: Annotated[str, typer.Argument(metavar="ID", help="A model of the list.")],
) -> None:
    """Download one model into the cache, checked by its sha256."""
    from evolvisense.cli import models as modelling  # noqa: PLC0415

    raise typer.Exit(modelling.fetch(model_id))
