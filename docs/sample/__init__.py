"""The sample of the page: a drawn face that speaks a made sentence. `python -m docs.sample`."""
