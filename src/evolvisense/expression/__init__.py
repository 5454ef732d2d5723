"""Faces become emotions. `network`: our own network. `deepface`: DeepFace itself, as an extra."""
