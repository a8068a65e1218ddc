"""Closed forms and published values come out; the checks notice a model that is wrong; the page is up to date."""

import json
import math
from pathlib import Path

import pytest

from agents import adverts
from answers.validation import downtime, leaving, spreading
from answers.validation import validate as running
from answers.validation.validate_ask import CHECKS
from answers.validation.validate_measure import Check, Finding, mean_of, share_of, variance_of
from model import ScenarioError
from model import flaws as drawing
from model import market as day
from patchmarket import check_commands

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"


@pytest.mark.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])
def test_what_is_known_of_the_model_comes_out(check):
    findings = check.find(check.quick)
    assert findings
    assert [finding for finding in findings if not finding.agrees] == []


@pytest.mark.slow
def test_the_page_is_what_the_command_writes(tmp_path):
    page = tmp_path / "validation.md"
    assert check_commands.validate(out=page) == 0
    assert page.read_text() == PAGE.read_text(), "write it anew: patchmarket validate --out docs/validation.md"


# --- the checks can fail


def test_more_talk_and_more_adverts_are_noticed(monkeypatch):
    hits, trials = adverts.bernoulli_indices, day.BernoulliTrials
    monkeypatch.setattr(adverts, "bernoulli_indices", lambda rng, n, chance: hits(rng, n, 1.1 * chance))
    monkeypatch.setattr(day, "BernoulliTrials", lambda rng, n, rows, chance: trials(rng, n, rows, 1.1 * chance))
    assert not all(finding.agrees for finding in spreading.by_talk(1))
    assert not all(finding.agrees for finding in spreading.by_adverts(1))


def test_a_minute_that_weighs_more_is_noticed(monkeypatch):
    weight = day.belief_per_minute
    monkeypatch.setattr(day, "belief_per_minute", lambda memory: 1.2 * weight(memory))
    assert not leaving.by_tolerance(1)[0].agrees


def test_more_flaws_are_noticed(monkeypatch):
    draw = drawing._poisson_days
    monkeypatch.setattr(drawing, "_poisson_days", lambda per_year, *rest: draw(1.5 * per_year, *rest))
    assert not downtime.of_a_rebooting_host(8, ((7, 7),))[0].agrees
    assert not downtime.of_a_live_patched_fleet(8, ((0.8, 365),))[0].agrees


# --- verdicts


@pytest.mark.parametrize(
    ("finding", "agrees"),
    [
        (Finding("exact", 4000.0, 4000.0 + 1e-7), True),
        (Finding("exact", 4000.0, 4000.1), False),
        (Finding("by chance", 0.5, 0.5 + 4 * 0.01 - 1e-9, 0.01), True),
        (Finding("by chance", 0.5, 0.4599, 0.01), False),
        (Finding("not a number", 0.5, math.nan, 0.01), False),
        (Finding("bound", 1.0, 1.0, bound="at most"), True),
        (Finding("bound", 1.0, 1.1, bound="at most"), False),
        (Finding("bound", 1.0, 0.9, bound="at least"), False),
    ],
)
def test_a_figure_agrees_within_four_standard_errors(finding, agrees):
    assert finding.agrees is agrees


def test_standard_errors():
    assert mean_of("", 2.0, [1, 2, 3, 4]) == ("", 2.0, 2.5, pytest.approx(math.sqrt(5 / 3 / 4)), "")
    assert variance_of("", 2.0, [1, 2, 3, 4]) == (
        "",
        2.0,
        pytest.approx(5 / 3),
        pytest.approx(2 * math.sqrt(2 / 3)),
        "",
    )
    assert share_of("", 0.5, 60, 100) == ("", 0.5, 0.6, 0.05, "")
    assert share_of("", 0.0, 1, 100).agrees is False


# --- the command

ONE_WRONG = (
    Check("right", "1 is 1.", "", lambda _: [Finding("one", 1, 1)]),
    Check("wrong", "1 is 2.", "Nobody 1900", lambda n: [Finding("one", 1, 2), mean_of("n", n, [n, n + 1])], 7, 3),
)


def test_a_figure_that_differs_is_an_exit_code_and_stands_on_the_page(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(running, "CHECKS", ONE_WRONG)
    page = tmp_path / "page.md"
    assert check_commands.validate(quick=True, out=page) == 1
    assert "2 of 3 figures agree." in capsys.readouterr().out
    text = page.read_text()
    assert "## 2. wrong\n\n1 is 2. Source: Nobody 1900. 3 replicates.\n" in text
    assert "| one | 1 | 2 |  |  | DIFFERS |" in text
    assert "| n | 3 | 3.5 | 0.5 | +1.0 | agrees |" in text
    monkeypatch.setattr(running, "CHECKS", ONE_WRONG[:1])
    assert check_commands.validate() == 0


def test_json_is_a_row_a_figure(monkeypatch, capsys):
    monkeypatch.setattr(running, "CHECKS", ONE_WRONG)
    assert check_commands.validate(json=True) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["check"], row["figure"], row["agrees"]) for row in rows] == [
        ("right", "one", True),
        ("wrong", "one", False),
        ("wrong", "n", True),
    ]


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(running, "CHECKS", None)
    for out in (tmp_path, tmp_path / "nowhere" / "page.md"):
        with pytest.raises(ScenarioError, match=r"--out = .*must be a file in a folder that can be written"):
            check_commands.validate(out=out, quick=True)
