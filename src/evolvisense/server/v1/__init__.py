"""`/v1`: durable analyses, their events and their reports.

`submit`, `analyses`, `events`, `results`, `overlay`, `figures`: the routes of `/v1/analyses`.
`comparing`: `/v1/comparison` and the change against a baseline. `baselines`: `/v1/baselines`.
`facts`: `/v1/models` and `/v1/limits`. `showing`: a job as it is shown. `reading`: its report.
What is sent and received: `evolvisense.api`.
"""
