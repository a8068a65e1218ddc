"""Which factors decide an outcome of a study: `sensitivity`."""
