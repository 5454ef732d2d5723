"""Accuracy of expression engines on labelled folders: `python -m evaluation --help`, README.md.

`folders`, `labels`, `pictures`: what is on disk becomes pictures with a class. `readers`, `peers`:
engines. `predictions`: what they answer. `metrics`, `scoring`: pure numbers. `display`, `record`,
`reliability`: what people and programs get.
"""
