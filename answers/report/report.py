"""The report of a study: one HTML file that needs nothing beside it, for people who did not run the study."""

from pathlib import Path

from batch.analysis import open_study
from model.errors import ScenarioError
from model.files import prepare_folder, write_atomically

FILE = "report.html"


def write_report(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of a finished or partly finished study; return where it is.

    Parameters
    ----------
    folder
        The study's folder.
    out
        The file to write; None: `report.html` in the study's folder.

    Raises
    ------
    ScenarioError
        When the folder holds no study, no run of it is done, or the file cannot be written.
    """
    results = open_study(folder)
    path = Path(folder) / FILE if out is None else Path(out)
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ScenarioError.of("--out", str(path), "must be the name of an .html file")
    if path.is_dir():
        raise ScenarioError.of("--out", str(path), "must be a file, but is a folder")
    from answers.report.report_html import page  # its imports take a moment: not where the folder is refused

    text = page(results)
    prepare_folder(path.parent)
    write_atomically(path, lambda beside: beside.write_text(text, encoding="utf-8"))
    return path
