"""Training of the face detector: data, network, training loop, export and model card."""
