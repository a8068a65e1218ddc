"""The same model written plainly in Mesa objects, and measurements against it: `python -m benchmarks`."""
