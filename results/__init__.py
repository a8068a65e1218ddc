"""Published claims, a folder each. `patchmarket reproduce` rebuilds and checks them."""
