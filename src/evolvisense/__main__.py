"""`python -m evolvisense`."""

from evolvisense.cli import main

main()
