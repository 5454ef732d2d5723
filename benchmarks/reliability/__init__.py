"""What happens when files are broken, processes are killed, the disk fills and everybody comes.

`python -m benchmarks.reliability` runs the trials and writes docs/reliability.md. Each trial is a
module with `run(quick) -> list[Row]`; a real server in a process of its own is what they try.
"""
