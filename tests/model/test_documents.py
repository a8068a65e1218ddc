"""The documents say what the code does: parameter tables, links, citation."""

import re
import tomllib

import pytest

from agents.settings import Settings
from model import Scenario, ScenarioError
from model.explain import sections
from model.parameters import BEGIN, END, put_between_markers, tables, to_markdown, with_tables
from model.published_terms import vendors
from model.scenario import preset_names
from tests.commands import patchmarket
from tests.pages import ROOT

ODD = ROOT / "docs" / "odd.md"
TABLES = to_markdown()


def test_the_parameter_tables_are_up_to_date():
    text = ODD.read_text(encoding="utf-8")
    assert with_tables(text, ODD) == text, "write them anew: patchmarket parameters --write docs/odd.md"


def every_setting(section=Scenario):
    """Walk the schema the other way: keys, without the tables in them."""
    for key, info in section.model_fields.items():
        below = [table for table in sections(info.annotation) if issubclass(table, Settings)]
        for table in below:
            yield from every_setting(table)
        if not below:
            yield key, str(info.description)


def test_every_setting_has_a_row_with_its_meaning():
    for key, meaning in every_setting():
        if key not in ("kind", "source"):
            assert any(f"| `{key}` | {meaning}{end} |" in TABLES for end in ("", " (may change in a run)"))


def test_every_choice_has_a_table():
    kinds = {table.kind for table in tables() if table.kind}
    named = re.findall(r'^### `[\w.]+`, `(\w+ = "[\w-]+")`$', TABLES, flags=re.M)
    assert set(named) == kinds
    for name in preset_names():
        for provider in Scenario.preset(name).providers:
            assert f'kind = "{provider.policy.kind}"' in kinds


@pytest.mark.parametrize(
    "row",
    [
        "| `per_year` | kernel flaws that need action (may change in a run) | per year | number from 0 to 3,650 |",
        "| `memory_days` | time after which an outage is mostly forgotten | days | number above 0, or inf | 90 |",
        "| `degree` | neighbours of a user, even |  | whole number from 2, a multiple of 2 | 8 | assumed |",
        "| `name` | unique name |  | text of 1 to 60 characters | must be given |  |",
        "| `counts_maintenance` | whether announced maintenance counts as downtime |  | true, false | false |",
        "| `trigger` | share of users lost since the last review that makes it act (may change in a run) |  | number ",
        "| `red-hat` | Red Hat Enterprise Linux kpatch | 66.58 (assumed) | 0 (assumed) | 0.75 (assumed) | 365 (vendor-",
        "| `google-compute-instance` | Google Compute Engine, single instance | below 99.90%: 10%; below 99.00%: 25%;",
    ],
)
def test_a_row_says_unit_limits_default_and_grade(row):
    assert f"\n{row}" in TABLES


def test_every_vendor_has_its_source_and_note():
    for terms in vendors().values():
        assert terms["source"] in TABLES
        assert terms["note"] in TABLES


@pytest.mark.parametrize("text", ["no markers", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_page_without_its_pair_of_markers_is_left_alone(text, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ScenarioError, match="must have one line"):
        put_between_markers(page)
    assert page.read_text() == text


def test_only_what_is_between_the_markers_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nas it was\n{END}\nafter\n")
    put_between_markers(page)
    once = page.read_text()
    assert once.startswith(f"before\n{BEGIN}\n")
    assert once.endswith(f"{END}\nafter\n")
    assert "as it was" not in once
    assert "`memory_days`" in once
    put_between_markers(page)
    assert page.read_text() == once


def test_the_command_prints_them_and_refuses_what_is_no_page():
    done = patchmarket("parameters")
    assert (done.returncode, done.stdout, done.stderr) == (0, TABLES, "")
    done = patchmarket("parameters", "--write", "nowhere.md")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("patchmarket: --write = 'nowhere.md': must be a text file that can be written")


def test_links_between_the_pages_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_citation_is_of_this_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {project['version']}\n" in citation
    assert f"\nlicense: {project['license']}\n" in citation
