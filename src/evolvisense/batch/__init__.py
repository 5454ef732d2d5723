"""Many files: found, analysed once each, put together as one Parquet data set.

`inputs` finds them in `folders` and in the `listings` of stores, `identity` says which of them are
done, `work` analyses one, an `engine` many: `local` in processes here, `ray_engine` on a cluster.
`staging` keeps what is finished, `dataset` makes the tables of it, `placing` puts them in place of
old ones, `run` is the whole flow. `features` is for modelling.
"""

from evolvisense.batch.engine import BatchProgress
from evolvisense.batch.inputs import InputFile, find_inputs
from evolvisense.batch.many import FileResult, analyze_many
from evolvisense.batch.run import BatchResult, LookAhead, look_ahead, run_batch
from evolvisense.batch.summary import feature_table, join_by_file, person_table

__all__ = [
    "BatchProgress",
    "BatchResult",
    "FileResult",
    "InputFile",
    "LookAhead",
    "analyze_many",
    "feature_table",
    "find_inputs",
    "join_by_file",
    "look_ahead",
    "person_table",
    "run_batch",
]
