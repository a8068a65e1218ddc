"""The market in a browser, and its animation as a GIF."""
