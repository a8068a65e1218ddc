"""The README is true: its commands run, and what it says they print is what they print."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(console|text)\n(.*?)```", README, flags=re.S)


def commands():
    """Pair each `$ uv run ...` line with the output that follows it, in its block or in the `text` block after."""
    found = []
    for kind, body in BLOCKS:
        if kind == "text":
            found[-1] = (found[-1][0], body)
            continue
        for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return [(command, output) for command, output in found if "pytest" not in command and "benchmarks" not in command]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize(("command", "output"), commands(), ids=[command for command, _ in commands()])
def test_commands(command, output, folder):
    assert command.startswith("uv run patchmarket ")
    here = command.replace("uv run patchmarket", f'"{sys.executable}" -m batch.cli')
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(here, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" or " sweep " in command  # a sweep says there how far it is
    if output:
        assert trimmed(done.stdout) == trimmed(output)


def test_python():
    examples = doctest.DocTestParser().get_doctest(README.replace("```", ""), {}, "README", "README.md", 0)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_both_commands_are_there():
    assert "$ uv run patchmarket run\n" in README
    assert "$ uv run pytest\n" in README
    assert "uv run pytest\n" in (ROOT / ".ci" / "run").read_text()


def trimmed(text):
    return [line.rstrip() for line in text.strip().splitlines()]
