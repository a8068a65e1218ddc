"""Plugins in studies: they travel to workers, are part of a study's identity, and resume only unchanged."""

import json
import signal
import subprocess
import sys

import pytest

from batch.analysis import open_study
from batch.runner import run_study
from batch.study import Study
from model import Market, ScenarioError, outcome, plugins
from tests.agreement import same_folders
from tests.commands import ENVIRONMENT, ROOT, patchmarket, wait_until
from tests.plugins import TRIAGE, triage

LEVELS = ["reboot", {"kind": "triage", "urgent": 0.5}, {"kind": "triage", "urgent": 0.9}, "live-patch"]


@pytest.fixture(autouse=True)
def _nothing_loaded(monkeypatch):
    monkeypatch.setattr(plugins, "_loaded", {})


def tables(replicates=3, **more):
    return {
        "name": "own",
        "scenario": "thought-experiment",
        "settings": {"users.count": 300, "days": 200},
        "replicates": replicates,
        "factors": [{"path": "providers.0.policy", "levels": LEVELS}],
        **more,
    }


@outcome
def worst_day(market):
    """Most servers down on a day."""
    return market.record.column("servers_down").max()


def test_a_study_with_a_policy_and_an_outcome_of_ones_own(tmp_path):
    study = Study.load(tables(outcomes={"own": ["worst_day"]}), plugins=[triage(tmp_path), worst_day])
    assert set(study.plugins) == {"triage", "worst_day"}
    assert run_study(study, tmp_path / "out", workers=2) == (12, 0, 0)
    runs = open_study(tmp_path / "out").runs()
    assert runs.columns[-1] == "worst_day"
    assert runs["worst_day"].between(0, 300).all()
    assert list(runs.groupby("point")["providers.0.policy"].first()) == [
        "reboot",
        "1: triage",
        "2: triage",
        "live-patch",
    ]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["plugins"]["triage"] == TRIAGE


def test_only_plugins_that_a_study_names_are_part_of_it(tmp_path):
    plain = tables(factors=[])
    assert Study.load(plain).digest == Study.load(plain, plugins=[triage(tmp_path)]).digest
    assert "plugins" not in Study.load(plain).tables()


def test_a_changed_plugin_is_refused_with_what_differs(tmp_path):
    run_study(Study.load(tables(1), plugins=[triage(tmp_path)]), tmp_path / "out")
    changed = Study.load(tables(1), plugins=[triage(tmp_path, TRIAGE.replace("setting(0.7", "setting(0.8"))])
    with pytest.raises(ScenarioError, match=r"plugins\.triage: has changed: line \d+ was '.*0\.7.*', is '.*0\.8"):
        run_study(changed, tmp_path / "out")
    with pytest.raises(ScenarioError, match=r"plugins\.triage = .*: must be .*: it has changed"):
        _ = open_study(tmp_path / "out").study


def test_what_is_not_loaded_is_told():
    with pytest.raises(ScenarioError, match=r"factors\.0\.levels\.1: .*'triage': must be one of .*--plugin FILE"):
        Study.load(tables())
    with pytest.raises(ScenarioError, match=r"outcomes\.own\.0 = 'worst_day': must be a plugin that is loaded"):
        Study.load(tables(factors=[], outcomes={"own": ["worst_day"]}))


SCRIPT = (
    TRIAGE
    + """
import sys
from batch import Study, run_study
study = Study.load(sys.argv[1], plugins=[Triage])
print(run_study(study, sys.argv[2], workers=2))
"""
)


def write_study(folder, replicates):
    text = json.dumps(LEVELS).replace(": ", " = ").replace('"kind"', "kind").replace('"urgent"', "urgent")
    path = folder / "own.toml"
    path.write_text(
        f'name = "own"\nscenario = "thought-experiment"\nreplicates = {replicates}\n'
        '[settings]\n"users.count" = 300\ndays = 200\n'
        f'[[factors]]\npath = "providers.0.policy"\nlevels = {text}\n'
    )
    return path


def test_a_class_of_a_script_travels_to_its_workers(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py", str(write_study(tmp_path, 2)), "out"]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.stdout == "StudyOutcome(done=8, failed=0, skipped=0)\n", done.stderr


@pytest.mark.slow
def test_a_sweep_of_two_hundred_runs_is_killed_and_resumed(tmp_path):
    study, plugin = write_study(tmp_path, 50), triage(tmp_path)
    command = ("sweep", str(study), "--plugin", str(plugin), "--workers", "2", "--out")
    ledger = tmp_path / "out" / "pending.bin"
    arguments = [sys.executable, "-m", "patchmarket", *command, str(tmp_path / "out")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(arguments, cwd=ROOT, env=ENVIRONMENT, **quiet) as process:
        wait_until(lambda: ledger.exists() and ledger.stat().st_size > 0, process)
        process.send_signal(signal.SIGKILL)
    done = patchmarket(*command, str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    whole = Study.load(study, plugins=[plugin])
    assert run_study(whole, tmp_path / "whole", workers=2) == (200, 0, 0)
    assert same_folders(tmp_path / "out", tmp_path / "whole")


READER = """
from patchmarket import network_reader


@network_reader
def families(path):
    import itertools
    return [pair for line in path.read_text().splitlines() for pair in itertools.combinations(line.split(), 2)]
"""


def test_a_reader_of_ones_own_travels_to_the_workers(tmp_path):
    (tmp_path / "reader.py").write_text(READER, encoding="utf-8")
    (tmp_path / "families.txt").write_text("ada bo cy\ncy di\neve fay gus\n", encoding="utf-8")
    network = {"kind": "file", "path": str(tmp_path / "families.txt"), "reader": "families"}
    given = {"name": "families", "scenario": "quiet", "replicates": 2, "settings": {"network": network}}
    with pytest.raises(
        ScenarioError, match=r"network\.reader = 'families': is no reader that is loaded; load the file"
    ):
        Study.load(given)
    study = Study.load(given, plugins=[tmp_path / "reader.py"])
    assert set(study.plugins) == {"families"}
    assert run_study(study, tmp_path / "out", workers=1) == (2, 0, 0)
    assert Market(study.scenario_at(0), rng=1).user(2).node == "cy"
    (tmp_path / "reader.py").write_text(READER.replace("line.split(), 2", "line.split(), 3"), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"families\.txt: reader 'families': "):
        Market(study.scenario_at(0), rng=1, plugins=[tmp_path / "reader.py"])
