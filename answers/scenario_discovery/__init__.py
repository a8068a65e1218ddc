"""Where among the factors of a study a condition mostly holds: `discover`."""
