"""The commands of `patchmarket`, a function each. What they do is imported when they do it."""
