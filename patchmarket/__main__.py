"""`python -m patchmarket`: the command line."""

from patchmarket.cli import main

main()
