"""Models: their specs, their files, their sessions; and engines found by name.

`spec`: a model's contract as data. `store`: where files are, checked by sha256. `download`: from
the network, and only on request. `sessions`: ONNX Runtime, on one of its `providers`. `engines`:
lookup.
"""
