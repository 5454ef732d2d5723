"""Norms that the voice pack cannot give: published figures, and assumptions that are named as such.

All of them are provisional: their reliability is .3, so they say little.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from evolvisense.types.indicators import Feature

RELIABILITY = 0.3


@dataclass(frozen=True)
class Assumed:
    """A norm and where it comes from."""

    mean: float
    sd: float
    noise_var_s: float
    source: str


def of_range(low: float, high: float) -> tuple[float, float]:
    """Mean and standard deviation of a logarithm whose central 95 % lie between two values."""
    return (log(low) + log(high)) / 2, (log(high) - log(low)) / (2 * 1.96)


BLINKS_MEAN, BLINKS_SD = of_range(10.5, 32.5)
BLINKS_PER_S = 18.5 / 60

ASSUMED: dict[Feature, Assumed] = {
    "pause_share": Assumed(
        mean=0.25,
        sd=0.12,
        noise_var_s=0.10,
        source="assumed: free speech with a quarter of silence, .01-.49 for 95 % of people; noise "
        "of pauses of .5 s, thirty a minute. The clips of the reference set are single sentences "
        "that hold hardly a pause.",
    ),
    "pause_mean_log_s": Assumed(
        mean=(log(0.2) + log(1.0)) / 2,
        sd=0.35,
        noise_var_s=0.50,
        source="assumed: the middle, .45 s, of the medium pauses of .2-1 s (Campione & Veronis "
        "2002), a factor of two for 95 % of people; noise of a spread of .5 over a pause every "
        "two seconds.",
    ),
    "smile_share_silent": Assumed(
        mean=0.10,
        sd=0.20,
        noise_var_s=0.36,
        source="assumed: five talking clips (talk_*) show no smile in their 141 silent frames, "
        "which is too little to tell; noise of a share of .1 whose smiles last four seconds.",
    ),
    "blinks_log_per_min": Assumed(
        mean=BLINKS_MEAN,
        sd=BLINKS_SD,
        noise_var_s=1 / BLINKS_PER_S,
        source="10.5-32.5 blinks a minute in conversation as the central 95 % (Doughty 2001; the "
        "mean of 26 in Bentivoglio 1997 lies inside); noise of a count (Poisson).",
    ),
}
