"""Thresholds that researchers argue about, each with its default and its reason.

`Analyzer(thresholds=Thresholds(vad=VadOptions(onset=0.6)))` changes them for all analyses of that
analyzer; `evolvisense.live.LiveSession` takes the same argument. Every report echoes them under
`options.thresholds`. The reference set of the indicators was made with the defaults: with other
thresholds, ranks of pauses, blinks and speech are no longer comparable with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

DESCRIBED = {"use_attribute_docstrings": True}
"""Lets a pydantic model hold these classes and describe their fields in its JSON Schema."""


@dataclass(frozen=True)
class VadOptions:
    """Voice activity detection (VAD): speech segments and pauses.

    Raises ValueError outside the ranges.

    Example:
        >>> VadOptions(onset=0.6, offset=0.4).min_pause_s
        0.2
        >>> VadOptions(onset=0.3)
        Traceback (most recent call last):
        ValueError: offset must be at most onset (0.3), got 0.35
    """

    __pydantic_config__: ClassVar[Mapping[str, bool]] = DESCRIBED

    onset: float = 0.5
    """Speech begins at this speech probability, 0-1 (default of Silero VAD)."""
    offset: float = 0.35
    """Speech ends below this speech probability, 0-1 (default of Silero VAD); at most `onset`."""
    min_speech_s: float = 0.1
    """Shorter segments are dropped, in seconds."""
    min_pause_s: float = 0.2
    """Shorter gaps belong to the speech around them, in seconds (Campione & Veronis 2002)."""
    long_pause_s: float = 1.0
    """Longer pauses count as long, in seconds (Campione & Veronis 2002)."""

    def __post_init__(self) -> None:
        _check_range(self, ("onset", "offset"), 0, 1)
        _check_range(self, ("min_speech_s", "min_pause_s", "long_pause_s"), 0, None)
        if self.offset > self.onset:
            raise ValueError(f"offset must be at most onset ({self.onset}), got {self.offset}")


@dataclass(frozen=True)
class BlinkOptions:
    """What counts as a blink. Raises ValueError outside the ranges.

    Example:
        >>> BlinkOptions(min_closure=0.5).min_closure
        0.5
    """

    __pydantic_config__: ClassVar[Mapping[str, bool]] = DESCRIBED

    min_rise: float = 0.25
    """Rise of the lid closure over its running median, above 0 to 1."""
    min_closure: float = 0.35
    """Closure at the deepest point, 0 open to 1 closed: lids that sink in a gaze shift stay below.
    Blinks on which the network and its teacher agree reach 0.42 and more (6 clips, 23 blinks)."""
    max_duration_s: float = 0.5
    """Longer between the points of half its height is eyes closed, not a blink, in seconds."""

    def __post_init__(self) -> None:
        _check_range(self, ("min_rise", "min_closure"), 0, 1, above=True)
        _check_range(self, ("max_duration_s",), 0, None, above=True)


@dataclass(frozen=True)
class UncertaintyOptions:
    """When the expression of a face is marked uncertain. Raises ValueError.

    Each default is where the network is wrong as often as right on single labels of colour faces:
    "Poor crops" in the model card, written by `python -m training.face.card`.

    Example:
        >>> UncertaintyOptions(max_yaw_deg=45).max_yaw_deg
        45
    """

    __pydantic_config__: ClassVar[Mapping[str, bool]] = DESCRIBED

    min_top_probability: float = 0.45
    """`flat`: the highest of the seven probabilities is below this, 0-1."""
    min_size_px: float = 20.0
    """`small`: the geometric mean of the box's sides is below this, in source pixels."""
    min_sharpness: float = 6.5
    """`blurred`: the standard deviation of the Laplacian of the crop of 64 px is below this, in
    grey levels."""
    min_brightness: float = 0.05
    """`dark`: the mean grey level of the crop is below this, 0-1."""
    min_presence: float = 0.9
    """`covered`: the network's score that a face is in the crop is below this, 0-1. Its median is
    1.00 for whole faces, 0.94 with the lower half hidden, 0.23 with two thirds hidden."""
    max_yaw_deg: float = 30.0
    """`turned`: the head is turned left or right by more than this, in degrees."""
    max_pitch_deg: float = 30.0
    """`turned`: the head is raised or lowered by more than this, in degrees. Taken over from yaw:
    the training sets hold too few such faces to measure it."""

    def __post_init__(self) -> None:
        _check_range(self, ("min_top_probability", "min_brightness", "min_presence"), 0, 1)
        _check_range(
            self, ("min_size_px", "min_sharpness", "max_yaw_deg", "max_pitch_deg"), 0, None
        )


@dataclass(frozen=True)
class SmoothingOptions:
    """The 1-euro filter of the timelines (Casiez et al. 2012). Raises ValueError.

    Example:
        >>> SmoothingOptions(min_cutoff_hz=0.8).beta
        4.0
    """

    __pydantic_config__: ClassVar[Mapping[str, bool]] = DESCRIBED

    min_cutoff_hz: float = 1.5
    """Cut-off frequency at rest: lower is steadier and slower."""
    beta: float = 4.0
    """For probabilities and blendshapes: cut-off gained in Hz per unit of change a second. A blink
    or smile onset of 0.5 in 0.1 s passes at 20 Hz."""
    beta_deg: float = 0.15
    """For head pose: cut-off gained in Hz per degree a second. A turn of 60 degrees a second passes
    at 10 Hz."""
    speed_cutoff_hz: float = 3.0
    """Cut-off frequency of the speed estimate."""
    restart_gap_s: float = 0.5
    """After a longer gap between frames the filter starts again, in seconds."""

    def __post_init__(self) -> None:
        _check_range(self, ("min_cutoff_hz", "speed_cutoff_hz"), 0, None, above=True)
        _check_range(self, ("beta", "beta_deg", "restart_gap_s"), 0, None)


@dataclass(frozen=True)
class Thresholds:
    """All thresholds of an analyzer.

    Example:
        >>> Thresholds(blinks=BlinkOptions(max_duration_s=0.4)).vad.onset
        0.5
    """

    __pydantic_config__: ClassVar[Mapping[str, bool]] = DESCRIBED

    vad: VadOptions = field(default_factory=VadOptions)
    """Speech segments and pauses."""
    blinks: BlinkOptions = field(default_factory=BlinkOptions)
    """Blinks."""
    uncertainty: UncertaintyOptions = field(default_factory=UncertaintyOptions)
    """Frames whose expression is marked uncertain."""
    smoothing: SmoothingOptions = field(default_factory=SmoothingOptions)
    """Timelines, where `smoothing` is `one-euro`."""


def _check_range(
    options: Any,  # noqa: ANN401 - any of the dataclasses above
    names: tuple[str, ...],
    least: float,
    most: float | None,
    *,
    above: bool = False,
) -> None:
    """Raise ValueError for a field outside its range; NaN is outside of every range."""
    for name in names:
        value = getattr(options, name)
        fits = value > least if above else value >= least
        if not fits or (most is not None and value > most) or value == float("inf"):
            limits = f"{'above' if above else 'at least'} {least}"
            limits += "" if most is None else f" and at most {most}"
            raise ValueError(f"{name} must be {limits}, got {value}")


DEFAULT_THRESHOLDS = Thresholds()
