"""The whole flow on one screen.

file --probe--> facts
 |--frames--> [thread] decode --> faces: follow or detect, crop --> expression --+
 `--sound---> [thread] decode --> voice: activity, pitch, level ---------------+ |
                            behaviour, indicators, formula v1, report <--------+-+
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from evolvisense.errors import CancelledError, FileTooLargeError
from evolvisense.face import group_people
from evolvisense.face.behaviour import describe_people
from evolvisense.face.redetection import CropReader, FrameReader, TrackingReader, WholeReader
from evolvisense.face.stage import FaceStage
from evolvisense.indicators import Baseline, dominant_frames, load_reference, score_v1, score_v2
from evolvisense.indicators.features import gather_evidence, main_of
from evolvisense.indicators.windows import score_windows
from evolvisense.media import (
    AudioTally,
    MediaLimits,
    VideoTally,
    decode_audio,
    decode_video,
    probe,
    scan_media,
)
from evolvisense.media.prefetch import prefetch
from evolvisense.models.engines import Engines
from evolvisense.options import AnalysisOptions
from evolvisense.report import Findings, Report, build_report
from evolvisense.stream_selection import choose_streams
from evolvisense.thresholds import DEFAULT_THRESHOLDS, BlinkOptions, Thresholds
from evolvisense.types.arrays import U8
from evolvisense.types.engines import (
    ExpressionClassifier,
    ExpressionEngine,
    FaceDetector,
    FaceTracker,
    ModelIdentity,
    PitchTracker,
    VoiceActivity,
    VoiceEmotionClassifier,
    WholeFrameReader,
)
from evolvisense.types.media import AudioBlock, MediaInfo, MediaLoss, MediaTiming
from evolvisense.types.progress import Progress, ProgressListener, Stage
from evolvisense.types.timing import StageClock
from evolvisense.types.voice import VoiceReading
from evolvisense.voice import VoiceReader

FRAMES_AHEAD = 4
COPY_BYTES = 1024 * 1024

Source = str | Path | BinaryIO


class Analyzer:
    """Analyses videos. Models are loaded once; `analyze` may be called from several threads.

    Args:
        detector: Finds faces. This and the other engines are objects with the protocol of
            `evolvisense.types.engines`, or names: of a built-in one or of an entry point of
            `evolvisense.engines`. `auto` is the best detector that can run here.
        tracker: Gives faces their track ids.
        expression: A face network, a classifier of face crops, or a reader of whole frames.
        activity: Voice activity detection.
        pitch: Pitch tracking (F0).
        voice_emotion: Emotion in the voice; None does not read it.
        limits: Of size, resolution and duration.
        thresholds: Of speech segments, pauses, blinks, uncertainty and smoothing.
        blinks: The same as `thresholds.blinks`, and in its place where given.

    Raises UnknownEngineError, EngineUnavailableError, ModelMissingError, ModelCorruptError, or
    TypeError for an object that is not an engine of its kind.

    Example:
        >>> from evolvisense.face.single_shot import SingleShotDetector
        >>> analyzer = Analyzer(detector=SingleShotDetector(), voice_emotion=None)
        >>> [model.id for model in analyzer.models]
        ['detector', 'nearest', 'face', 'silero-vad', 'swift-f0']
    """

    def __init__(  # noqa: PLR0913 - one keyword for each kind of engine
        self,
        *,
        detector: str | FaceDetector = "evolvisense",
        tracker: str | FaceTracker = "nearest",
        expression: str | ExpressionEngine = "evolvisense",
        activity: str | VoiceActivity = "silero",
        pitch: str | PitchTracker = "swift-f0",
        voice_emotion: str | VoiceEmotionClassifier | None = "evolvisense",
        limits: MediaLimits | None = None,
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
        blinks: BlinkOptions | None = None,
    ) -> None:
        self.limits = limits or MediaLimits()
        self.thresholds = thresholds if blinks is None else replace(thresholds, blinks=blinks)
        self.engines = Engines.load(
            detector=detector,
            tracker=tracker,
            expression=expression,
            activity=activity,
            pitch=pitch,
            voice_emotion=voice_emotion,
        )
        self._voice = VoiceReader(
            self.engines.activity,
            self.engines.pitch,
            self.engines.voice_emotion,
            self.thresholds.vad,
        )

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """Names and versions of the models that every result of this analyzer is made with."""
        return self.engines.models

    def analyze(
        self,
        source: Source,
        options: AnalysisOptions | None = None,
        *,
        baseline: Baseline | None = None,
        on_progress: ProgressListener | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Report:
        """The report of a video or sound file, given by path or as a binary file object.

        A sound file gives a report without faces: its indicators stand on the voice alone.

        With a `baseline` its indicators are relative to that person's own recordings.
        Raises the InputError that applies, or CancelledError once `is_cancelled()` is true.
        """
        watch = _Watch(on_progress, is_cancelled)
        clock = StageClock()
        options = options or AnalysisOptions()
        with _as_path(source, self.limits) as path, ThreadPoolExecutor(1, "voice") as pool:
            watch.tell("opening", 0.0, None)
            with clock.stage("open"):
                info, timing = self._open(path, options)
            extent, pictures, sound = timing.extent, VideoTally(), AudioTally()
            voice = pool.submit(self._read_voice, path, timing, options, clock, watch, sound)
            if info.video is None:
                stage = FaceStage(self._reader(clock, options), self.engines.tracker.start())
            else:
                stage = self._read_faces(path, options, timing, clock, watch, voice, pictures)
            reading = voice.result()
        watch.tell("scoring", extent.duration_s, extent.duration_s)
        with clock.stage("score"):
            frames, faces = stage.result()
            people = group_people(faces.track_id, faces.row, faces.xyxy)
            network = self.engines.network
            layout = None if network is None else network.layout
            behaviours = describe_people(
                people,
                frames,
                faces,
                layout,
                None if reading is None else reading.segments,
                smooth=options.smoothing != "off",
                thresholds=self.thresholds,
            )
            score = partial(score_v2, reference=load_reference(options.language), baseline=baseline)
            seen = (extent, reading, main_of(people, behaviours), frames, faces)
            indicators = replace(score(gather_evidence(*seen)), windows=score_windows(*seen, score))
            legacy = score_v1(
                dominant_frames(frames, faces, people), None if reading is None else reading.legacy
            )
        report = build_report(
            Findings(
                info,
                timing,
                frames,
                faces,
                people,
                behaviours,
                layout,
                reading,
                indicators,
                legacy,
                self.limits.max_duration_s,
                _loss(timing, pictures, sound),
                sound.one_channel_s,
            ),
            options=options,
            thresholds=self.thresholds,
            models=self.models,
            timings_s=clock.seconds(),
        )
        watch.tell("done", extent.duration_s, extent.duration_s)
        return report

    def _open(self, path: Path, options: AnalysisOptions) -> tuple[MediaInfo, MediaTiming]:
        """Facts about the streams that are analysed, and their time."""
        info = probe(path, self.limits, video_stream=options.video_stream)
        scan = scan_media(path)
        video = None if info.video is None else info.video.index
        audio = None if info.audio is None else info.audio.index
        if max(len(info.video_streams), len(info.audio_streams)) > 1:
            chosen = choose_streams(
                path,
                info,
                scan,
                self.limits,
                has_face=lambda rgb: self._has_face(rgb, options),
                activity=self.engines.activity if options.voice else None,
                video=options.video_stream,
                onset=self.thresholds.vad.onset,
            )
            if (chosen.video, chosen.audio) != (video, audio):
                video, audio = chosen.video, chosen.audio
                info = probe(path, self.limits, video_stream=video, audio_stream=audio)
        return info, scan.timing(video, audio, self.limits)

    def _has_face(self, rgb: U8, options: AnalysisOptions) -> bool:
        found = self._reader(StageClock(), options).read(0.0, rgb)
        return len(found.detections.xyxy) > 0

    def _read_faces(
        self,
        path: Path,
        options: AnalysisOptions,
        timing: MediaTiming,
        clock: StageClock,
        watch: _Watch,
        voice: Future[VoiceReading | None],
        tally: VideoTally,
    ) -> FaceStage:
        stage = FaceStage(self._reader(clock, options), self.engines.tracker.start())
        frames = decode_video(
            path, options.frame_skip, options.max_frames, self.limits, timing=timing, tally=tally
        )
        extent = timing.extent
        try:
            with prefetch(clock.timed("decode", frames), FRAMES_AHEAD) as decoded:
                for reading in stage.read(decoded):
                    watch.faces += reading.face_count
                    if voice.done():
                        voice.result()  # what went wrong there ends the analysis now
                    watch.tell("analysing", reading.pts_s - extent.start_s, extent.duration_s)
        except BaseException:
            watch.stop()
            voice.cancel()
            raise
        return stage

    def _reader(self, clock: StageClock, options: AnalysisOptions) -> FrameReader:
        detector, expression = self.engines.detector, self.engines.expression
        if detector is None:
            return WholeReader(cast("WholeFrameReader", expression), clock)
        if self.engines.network is not None:
            return TrackingReader(
                detector, self.engines.network, clock, keep_landmarks=options.landmarks
            )
        return CropReader(detector, cast("ExpressionClassifier", expression), clock)

    def _read_voice(
        self,
        path: Path,
        timing: MediaTiming,
        options: AnalysisOptions,
        clock: StageClock,
        watch: _Watch,
        tally: AudioTally,
    ) -> VoiceReading | None:
        if timing.audio is None or not options.voice:
            return None

        def blocks() -> Iterator[AudioBlock]:
            sound = decode_audio(path, self.limits, timing=timing, tally=tally)
            for block in clock.timed("decode_audio", sound):
                watch.check()
                yield block

        with clock.stage("voice"):
            return self._voice.read(blocks())


def _loss(timing: MediaTiming, pictures: VideoTally, sound: AudioTally) -> MediaLoss:
    missing = None if timing.video is None else pictures.missing(timing.video)
    return MediaLoss(
        video_frames=None if missing is None else missing[0],
        video_s=None if missing is None else missing[1],
        audio_s=sound.missing_s(timing.audio),
    )


class _Watch:
    """Passes progress on and stops the work; used by both threads of an analysis."""

    def __init__(
        self, listener: ProgressListener | None, is_cancelled: Callable[[], bool] | None
    ) -> None:
        self._listener = listener
        self._is_cancelled = is_cancelled
        self._stopped = False
        self.faces = 0

    def tell(self, stage: Stage, done_s: float, total_s: float | None) -> None:
        self.check()
        if self._listener is not None:
            self._listener(Progress(stage, done_s, total_s, self.faces))

    def check(self) -> None:
        if self._stopped or (self._is_cancelled is not None and self._is_cancelled()):
            raise CancelledError("the analysis was cancelled")

    def stop(self) -> None:
        self._stopped = True


@contextmanager
def _as_path(source: Source, limits: MediaLimits) -> Generator[Path]:
    """The source as a file that FFmpeg can open twice; a copy of a file object is deleted again."""
    if isinstance(source, str | Path):
        yield Path(source)
        return
    with tempfile.NamedTemporaryFile(prefix="evolvisense-") as copy:
        while chunk := source.read(COPY_BYTES):
            copy.write(chunk)
            if copy.tell() > limits.max_bytes:
                raise FileTooLargeError(f"more than {limits.max_bytes} bytes were given")
        copy.flush()
        yield Path(copy.name)
