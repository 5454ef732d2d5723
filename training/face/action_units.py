"""Which FACS action units are learned from the human codes of CFEE."""

from __future__ import annotations

ACTION_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 17, 20, 23, 24, 25, 26)
"""FACS numbers in the order of the network's output: those that CFEE carries often enough."""

MAX_INTENSITY = 5.0
"""FACS intensity E; 0 is absent, 1-5 are A-E."""
