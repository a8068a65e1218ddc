"""Calibration: settings fitted to what was observed, and whether such a fit finds what was planted."""
