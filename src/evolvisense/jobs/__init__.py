"""Work that outlives the process that accepted it.

The queue: `records`, `tables`, `database`, `store` (what changes a row), `queries` (what does not),
`deliveries` (webhooks), `files` (media and reports). The work: `pool` claims jobs and has them
done in processes of `sandbox`, which run `analysis` (or `live`); `messages` is what they say.
`keeper` gives lost jobs back and deletes what is over.
"""
