"""Work that outlives the process that accepted it.

The queue: `records`, `tables`, `rows`, `database` with `database_errors`, `store` (what changes a
row), `queries` (what does not), `deliveries` (webhooks), `files` (media and reports), in a folder
that `instances` of one queue share (`one_folder`). The work: `workplace` opens it all as `settings`
say; `pool` claims jobs and each `worker` has them done in processes of `sandbox`, which run
`analysis`, `drawing` (overlays) or `live`; `messages` is what they say. `keeper` gives lost jobs
back and deletes what is over.
"""
