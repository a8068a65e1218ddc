"""The command line as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def patchmarket(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "patchmarket", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=ENVIRONMENT,
        check=False,
        timeout=120,
    )
