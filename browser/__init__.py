"""The market in a browser."""
