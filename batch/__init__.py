"""Many markets, and the command line that runs one or many."""
