"""`python -m evolvisense.cli`."""

from evolvisense.cli import main

main()
