"""The README is true: its commands run, and what it says they print is what they print."""

import pytest

from tests.pages import ROOT, do, steps

README = (ROOT / "README.md").read_text(encoding="utf-8")
APART = ("pytest", "benchmarks", "patchmarket app")  # tested elsewhere
STEPS = [step for step in steps(README) if not any(name in step.what for name in APART)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize("step", STEPS, ids=[step.what.partition("\n")[0] for step in STEPS])
def test_steps(step, folder):
    do(step, folder, {})


def test_commands_and_a_session_are_there():
    assert sum(step.kind == "command" for step in STEPS) >= 8
    assert sum(step.kind == "python" for step in STEPS) == 1
    assert "$ uv run patchmarket run\n" in README
    assert "$ uv run pytest\n" in README
    assert "uv run pytest\n" in (ROOT / ".ci" / "run").read_text()
