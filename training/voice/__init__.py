"""Trains the voice-emotion network that ships as `models/specs/voice.onnx`."""
