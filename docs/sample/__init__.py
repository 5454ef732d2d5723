"""The sample of the page, a moved photograph that speaks: `python -m docs.sample`."""
