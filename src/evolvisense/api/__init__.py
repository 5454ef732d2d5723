"""What is sent over `/v1`, for the server and the client alike.

`options`: what an analysis is asked with. `schemas`: what is answered about analyses.
`facts`: what is answered about the server. `models`: about its models. `figures`, `changes`: what
is drawn of analyses. `baselines`: what is asked and answered about personal baselines.
"""
