"""`/v1`: durable analyses, their events and their reports.

`submit`, `analyses`, `events`, `results`: the routes of `/v1/analyses`. `facts`: `/v1/models` and
`/v1/limits`. `showing`: a job as it is shown. What is sent and received: `evolvisense.api`.
"""
