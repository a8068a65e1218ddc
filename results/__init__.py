"""Results: one folder a published claim, each rebuilt by one command, `patchmarket reproduce`."""
