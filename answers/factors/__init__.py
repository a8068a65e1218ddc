"""Which factors of a study decide its outcomes, and where among them a policy fails."""
