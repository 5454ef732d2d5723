"""How well face detectors find hand-drawn boxes.

`boxes`: images of a folder and the boxes drawn in them. `figures`: average precision, recall and
precision, as pure functions. `run`: one engine on one folder. `command`: options, table, JSON.
"""
