"""The notebook runs in a real kernel, and what is displayed there is short HTML."""

import nbclient
import nbformat
import pytest

from tests.pages import ROOT

PROGRESS = "a line of progress, which a notebook shows as a widget"
NOTEBOOK = ROOT / "docs" / "notebooks" / "market-in-a-notebook.ipynb"


@pytest.fixture(scope="module")
def displayed(tmp_path_factory):
    """The HTML that each cell displays, by its source."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        folder = str(tmp_path_factory.mktemp("notebook"))
        nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
    shown = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            data = output.get("data", {})
            progress = PROGRESS if "application/vnd.jupyter.widget-view+json" in data else ""
            shown[cell.source] = shown.get(cell.source, "") + progress + data.get("text/html", "")
    return shown


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the kernel's client warns of its own
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("scenario = ", ["Scenario &#x27;price-war&#x27;", "flaws.per_year", "20.0", "<th>unit</th>"]),
        ("market = ", ["day 120 of 120, 500 users, seed 1", "<th>provider</th>", "data:image/png"]),
        ("study = ", ["2 points, 6 runs", "<th>tolerance</th>"]),
        ("run_study(study", [PROGRESS, "6 runs done", "lost_share_p0"]),
        ("compare(", [PROGRESS, "live-patch", "<table", "data:image/png"]),
    ],
)
def test_what_a_notebook_shows(displayed, source, words):
    found = next(html for cell, html in displayed.items() if source in cell)
    assert [word for word in words if word not in found] == []
    assert len(found) < 400_000
