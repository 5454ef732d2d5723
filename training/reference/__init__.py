"""The reference set of the indicators: `python -m training.reference.build` writes its numbers."""
