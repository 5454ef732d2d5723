"""How well voices are read: `python -m evaluation voice --help`, evaluation/README.md.

`labels`, `table`, `files`: what is on disk becomes labelled clips. `choices`, `loudness`,
`answers`, `engines`: a clip becomes what each formula says of it. `resampling`, `figures`,
`scoring`: pure numbers. `run`, `display`, `record`, `command`: from the table to what people get.
"""
