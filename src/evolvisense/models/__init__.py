"""Models: their specs, their files, their sessions; and engines found by name.

`spec`: a model's contract as data. `store`: where files are, checked by sha256. `download`: the
only code that uses the network, and only when asked. `sessions`: ONNX Runtime. `engines`: lookup.
"""
