"""Benchmarks: the same model in other libraries and in C, and measurements. Run with `python -m benchmarks`."""
