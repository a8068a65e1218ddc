"""`patchmarket validate`: do all checks, say what came of each, write the page."""

import json
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from answers.show import PIPED_WIDTH
from answers.validation.checks import CHECKS
from answers.validation.finding import Check, Finding
from answers.validation.page import COLUMNS, row, to_json, to_markdown
from model.errors import ScenarioError
from model.files import write_atomically


def validate(out: Path | None, *, quick: bool, as_json: bool) -> bool:
    """Do all checks; return whether every figure agrees."""
    if out is not None:
        need_writable(out)
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False, markup=False, quiet=as_json)
    results = []
    for number, check in enumerate(CHECKS, start=1):
        found = check.find(check.quick if quick else check.replicates)
        results.append((check, found))
        show(console, number, check, found)
    findings = [finding for _, found in results for finding in found]
    agree = sum(finding.agrees for finding in findings)
    if as_json:
        print(json.dumps(to_json(results)))
    console.print(f"{agree} of {len(findings)} figures agree.")
    if out is not None:
        page = to_markdown(results, quick=quick)
        write_atomically(out, lambda path: path.write_text(page, encoding="utf-8"))
        console.print(f"Written to {out}")
    return agree == len(findings)


def need_writable(out: Path) -> None:
    """Refuse a file that cannot be written, before anything is run."""
    if out.is_dir() or not os.access(out.parent, os.W_OK | os.X_OK):
        raise ScenarioError.of("--out", str(out), "must be a file in a folder that can be written")


def show(console: Console, number: int, check: Check, findings: list[Finding]) -> None:
    """Print what came of one check."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in ("figure", "verdict") else "right")
    for finding in findings:
        table.add_row(*row(finding))
    console.print(f"{number}. {check.name}")
    console.print(table)
    console.print()
