"""Names that Mesa 4 has removed. A test that needs one is skipped there; docs/guide/mesa.md lists them."""

from importlib.metadata import version

import pytest

MESA_4 = version("mesa").startswith("4.")
REMOVED = ("mesa.batch_run", "Model.steps", "the number in Scenario.rng", "layout_alg")


def needs(name):
    """Mark a test that uses a name which Mesa 4 does not have."""
    assert name in REMOVED
    return pytest.mark.skipif(MESA_4, reason=f"Mesa 4 has removed {name}")
