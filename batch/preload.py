"""Imported once by the process that forks the workers, so that each of them starts warm."""

from contextlib import suppress

from batch.worker import warm_up

with suppress(Exception):  # a worker does it again, and can say what is wrong
    warm_up()
