"""How long to wait before patching: `patch-cycle`."""
