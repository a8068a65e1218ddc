"""A claim; see its README.md."""
