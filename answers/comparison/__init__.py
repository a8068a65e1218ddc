"""Patch policies for one provider against the same market: `compare`."""
