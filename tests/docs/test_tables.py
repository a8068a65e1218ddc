"""The notebook runs, and other programs read a study's tables as the guide says, where they are installed."""

import json
import re
import shutil
import subprocess

import pytest

from batch import Study, open_study, run_study
from tests.pages import ROOT

PAGE = (ROOT / "docs" / "guide" / "tables.md").read_text(encoding="utf-8")
NOTEBOOK = ROOT / "docs" / "notebooks" / "sweep-to-figure.ipynb"
QUICK = {"scenario.users.count": 100, "scenario.days": 30, "replicates": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    run_study(Study.load("tiny", **QUICK), folder / "out" / "tiny")
    return folder


def block(kind, word):
    return next(text for text in re.findall(rf"^```{kind}\n(.*?)^```", PAGE, flags=re.M | re.S) if word in text)


@pytest.mark.parametrize("program", ["polars", "duckdb"])
def test_a_program_reads_what_pandas_reads(program, folder, monkeypatch):
    pytest.importorskip(program)
    monkeypatch.chdir(folder)
    names = {}
    exec(block("py", program), names)
    expected = open_study("out/tiny").runs().groupby("patches")["lost_share_p0"].mean()
    assert [(name, pytest.approx(share)) for name, share in names["answer"]] == list(expected.items())


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no R here")
def test_r_reads_what_pandas_reads(folder):
    packages = 'quit(status = !all(c("arrow", "dplyr") %in% rownames(installed.packages())))'
    if subprocess.run(["Rscript", "-e", packages], check=False).returncode:
        pytest.skip("R lacks arrow or dplyr")
    done = subprocess.run(
        ["Rscript", "-e", block("r", "arrow")], cwd=folder, capture_output=True, text=True, check=True
    )
    expected = open_study(folder / "out" / "tiny").runs().groupby("patches")["lost_share_p0"].mean()
    rows = [line.split(",") for line in done.stdout.splitlines()[1:]]
    assert {name.strip('"'): pytest.approx(float(share)) for name, share in rows} == dict(expected)


def test_the_notebook_goes_from_a_sweep_to_a_figure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
            exec(cell["source"], names)
    assert (tmp_path / "patience.png").stat().st_size > 1000
    assert names["lost"].index.tolist() == [2.0, 5.0, 10.0]
    assert names["lost"]["mean"].is_monotonic_decreasing
    assert names["lost"]["mean"].iloc[0] > 0
