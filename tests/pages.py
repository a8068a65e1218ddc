"""What a Markdown page promises, done as a reader would: files are written, commands typed, outputs compared.

- A block after a line that ends in "`NAME`:" is a file of that name.
- In a `console` block each line that begins with `$ uv run ` is a command; what follows it, or the `text` block after
  it, is what it prints, `...` standing for anything. Without either, the command must only succeed.
- A command whose shown output begins with `patchmarket: ` is refused: exit code 2, and those lines on stderr.
- A `python` block with prompts is a session; a page has one.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.commands import patchmarket

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"(?:^[^\n]*`(?P<file>[\w.-]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", flags=re.M | re.S)
PROGRAMS = {"uv run patchmarket": f'"{sys.executable}" -m patchmarket', "uv run python": f'"{sys.executable}"'}
REFUSED = "patchmarket: "
SWEEPING = ("sweep", "decide", "compare", "game", "fit")


class Step(NamedTuple):
    """Something to do: write a file, type a command, or go on with the Python session."""

    kind: str  # "file", "command" or "python"
    what: str  # name, command line or statements
    shown: str  # contents, output or nothing


def steps(page):
    """Return what a page has its reader do, in order."""
    found = []
    for block in BLOCK.finditer(page):
        kind, body = block["kind"], block["body"]
        if block["file"]:
            found.append(Step("file", block["file"], body))
        elif kind == "text" and found:
            found[-1] = found[-1]._replace(shown=body)
        elif kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                found.append(Step("command", command, output))
        elif kind == "python" and ">>>" in body:
            found.append(Step("python", body, ""))
    return found


def do(step, folder, session):
    """Do a step in a folder; fails if what comes of it is not what is shown.

    A redirection needs a shell, and `patchmarket` then a process of its own.
    """
    if step.kind == "file":
        (folder / step.what).write_text(step.shown, encoding="utf-8")
    elif step.kind == "command":
        here = step.what.startswith("uv run patchmarket") and ">" not in step.what
        done = patchmarket(*shlex.split(step.what)[3:], cwd=folder) if here else spawned(step.what, folder)
        compare(step, done)
    else:
        go_on(step.what, session)


def spawned(command, folder):
    """Run a command line in a shell."""
    here = command
    for program, path in PROGRAMS.items():
        here = here.replace(program, path, 1)
    assert here != command, f"{command}: only uv run is for readers"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(here, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def compare(step, done):
    """Compare what a command has printed with what is shown."""
    if step.shown.startswith(REFUSED):
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert same(step.shown, done.stderr)
        return
    assert done.returncode == 0, done.stderr
    sweeps = any(f"patchmarket {name} " in step.what for name in SWEEPING)
    assert done.stderr == "" or sweeps  # which say there how far they are
    if step.shown:
        assert same(step.shown, done.stdout)


def same(shown, printed):
    """Compare outputs line by line, whatever blanks end them; a difference is shown by pytest."""
    shown, printed = (
        "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n" for text in (shown, printed)
    )
    if not doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS):
        assert printed == shown
    return True


def go_on(statements, session):
    """Go on with a Python session: run its statements, compare what they print."""
    examples = doctest.DocTestParser().get_doctest(statements, session, "page", None, 0)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples, clear_globs=False).failed == 0
    session.update(examples.globs)
