"""Answers: runs turned into what an operator or a researcher wants to know, in dollars, with intervals."""
