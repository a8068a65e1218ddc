"""Validation: the market held to closed forms and published values. One check a function, all of them as data."""
