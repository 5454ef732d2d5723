"""What tests and benchmarks share: servers as processes, made clips, damaged files, and trials that
kill, starve or move a server. Imports neither of the two."""
