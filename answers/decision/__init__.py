"""Does live patching pay, and what would another policy bring? One provider's decision."""
