"""Faces become expressions and behaviour.

`network`: our own network. `deepface`: DeepFace itself, as an extra. `behaviour`: a person's frames
as smiles, mouth and head, with `blinks`, `speaking`, `distances`, `times` and `smoothing` (1-euro).
`uncertainty`: where an expression should not be read. `samples` and `excerpts`: features of the
indicators, over blocks and windows.
"""
