"""Default sizes of the questions."""

REPLICATES = 30  # of each variant: the break-even price of the thought experiment is then known to a sixth
DRAWS = 200  # of what is not known, each with a pair of runs: what is worth measuring is then told apart
SIMULATIONS = 3_000  # of a fit: its intervals change little beyond
