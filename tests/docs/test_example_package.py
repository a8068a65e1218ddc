"""The example package, installed into an environment of its own, works through its entry point."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.pages import ROOT
from tests.plugins import TRIAGE

PACKAGE = ROOT / "docs" / "examples" / "package"
STUDY = """
name = "package"
scenario = "thought-experiment"
replicates = 2
[settings]
"users.count" = 200
[[factors]]
path = "providers.0.policy"
levels = ["reboot", { kind = "triage", urgent = 0.9 }]
"""


def test_the_package_is_the_guides_policy():
    assert (PACKAGE / "patchmarket_triage" / "__init__.py").read_text(encoding="utf-8") == TRIAGE


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("uv") is None, reason="uv builds and installs the package")
def test_an_installed_package_needs_no_option(tmp_path):
    def call(*command):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    call("uv", "build", "--wheel", "--quiet", str(PACKAGE), "--out-dir", str(tmp_path / "wheels"))
    call("uv", "venv", "--quiet", "--python", sys.executable, str(tmp_path / "scratch"))
    python = str(tmp_path / "scratch" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    call("uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, str(wheel))
    scratch = call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(scratch) / "project.pth").write_text(sysconfig.get_path("purelib"))  # what the project needs, installed once

    (tmp_path / "study.toml").write_text(STUDY)
    assert "triage" in call(python, "-m", "patchmarket", "run", "--set", "providers.0.policy=triage")
    assert call(python, "-m", "patchmarket", "sweep", "study.toml", "--out", "out").startswith("4 runs done in ")
    compared = call(python, "-m", "patchmarket", "compare", "--set", "users.count=200", "--replicates", "3")
    assert "\ntriage " in compared
