"""Default sizes of the questions."""

REPLICATES = 30  # of each variant: the break-even price of the thought experiment is then known to a sixth
