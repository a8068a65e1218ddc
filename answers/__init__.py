"""Answers: runs turned into what an operator or a researcher wants to know, in dollars, with intervals."""

REPLICATES = 30  # of each variant, by default: the break-even price of the thought experiment is then known to a sixth
