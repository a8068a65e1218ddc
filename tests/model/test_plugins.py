"""Plugins in a market: named by a scenario, loaded by the user alone, and kept in checkpoints."""

import pytest

from agents.policies import Reboot
from agents.strategies import Response, Strategy
from model import Market, Scenario, ScenarioError, load_plugins, plugins
from model.checkpoint import resume, save
from model.scenario_toml import to_toml
from tests.commands import patchmarket
from tests.plugins import TRIAGE, triage

TABLE = {"kind": "triage", "urgent": 0.6}
SMALL = {"users.count": 500, "providers.0.policy": TABLE}


@pytest.fixture(autouse=True)
def _nothing_loaded(monkeypatch):
    monkeypatch.setattr(plugins, "_loaded", {})


def market(*given, **settings):
    return Market("thought-experiment", rng=1, plugins=given, **(SMALL | settings))


def test_a_policy_in_a_file_is_a_policy_like_any_other(tmp_path):
    found = market(triage(tmp_path))
    assert (found.providers[0].policy.kind, found.providers[0].policy.urgent) == ("triage", 0.6)
    assert "urgent = 0.6                                # set in this scenario; severity from" in to_toml(
        found.settings
    )
    by_hand = Market("thought-experiment", rng=1, **{"users.count": 500})
    by_hand.providers[0].change("policy", found.providers[0].policy)
    by_hand.providers[0].has_news = False
    assert found.run().record.moves.equals(by_hand.run().record.moves)
    again = found.settings.replace(**{"providers.0.policy.urgent": 0.9})
    assert again.providers[0].policy.urgent == 0.9


def test_it_can_be_put_in_force_by_an_event_and_repeated(tmp_path):
    events = [{"day": 50, "set": {"providers.Reboot & Co.policy": TABLE}}]
    load_plugins([triage(tmp_path)])
    found = Market("thought-experiment", rng=1, **{"users.count": 500}, events=events).run()
    assert found.providers[0].policy.kind == "triage"
    again = Market(found.settings_as_run(), rng=1).run()
    assert again.record.moves.equals(found.record.moves)


class Undercut(Strategy):
    kind: str = "undercut"

    def respond(self, review):
        return Response(self.kind, price=max(review.floor, 1.0))


def test_a_strategy_in_python():
    settings = {"providers.0.strategy": "undercut", "providers.0.policy": "reboot"}
    assert market(Undercut, **settings).run().providers[0].price == 1.0


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({"kind": "triage", "urgent": 3.0}, "providers.0.policy.urgent = 3.0: must be less than or equal to 1"),
        ({"kind": "triage", "ugrent": 0.3}, "providers.0.policy.ugrent: no such key; did you mean urgent? "),
    ],
)
def test_its_settings_are_validated(tmp_path, table, line):
    with pytest.raises(ScenarioError) as error:
        market(triage(tmp_path), **{"providers.0.policy": table})
    assert str(error.value).startswith(line)
    assert len(str(error.value).splitlines()) == 1


class Copycat(Reboot):
    pass


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("nowhere.py", "plugin 'nowhere.py': must be a Python file that can be read"),
        (Copycat, "plugin Copycat: kind = 'reboot' is built in; call yours otherwise"),
        (len, "must be a policy or strategy class, an @outcome, a @network_reader, or a file of these"),
        (3, "plugin 3: must be a policy or strategy class, an @outcome, a @network_reader, or a file of these"),
    ],
)
def test_what_is_no_plugin_is_refused_in_a_line(given, line):
    with pytest.raises(ScenarioError, match=line.replace(".", r"\.")) as error:
        load_plugins([given])
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\ny = x / 0\n", "line 2: ZeroDivisionError: division by zero"),
        ("x = (\n", "line 1: SyntaxError"),
        ("from agents.policies import Reboot\n", "must define a policy, a strategy, an @outcome or a @network_reader"),
    ],
)
def test_a_file_that_fails_is_told_with_its_line(tmp_path, text, line):
    with pytest.raises(ScenarioError, match=line) as error:
        load_plugins([triage(tmp_path, text)])
    assert str(error.value).startswith("plugin '")


def test_a_scenario_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mark = tmp_path / "ran"
    (tmp_path / "evil.py").write_text(f"open({str(mark)!r}, 'w')\n")
    for name in ("evil", "evil.py", str(tmp_path / "evil.py"), "evil:Evil", "os.system", "__import__('evil')"):
        with pytest.raises(ScenarioError, match=r"providers\.0\.policy\.kind = .*--plugin FILE"):
            Scenario.load("quiet", **{"providers.0.policy": {"kind": name}})
    with pytest.raises(ScenarioError, match="plugins: no such key"):
        Scenario.parse(Scenario.preset("quiet").tables() | {"plugins": ["evil.py"]})
    assert not mark.exists()


def test_a_checkpoint_continues_with_the_same_plugin_alone(tmp_path, monkeypatch):
    whole, path = market(triage(tmp_path)).run(), tmp_path / "there.npz"
    save(market(triage(tmp_path)).run(100), path)
    assert resume(path).run().record.moves.equals(whole.record.moves)
    load_plugins([triage(tmp_path, TRIAGE.replace("setting(0.7", "setting(0.8"))])
    with pytest.raises(ScenarioError, match=r"the plugin 'triage' has changed: line \d+ was '.*0\.7.*', is '.*0\.8"):
        resume(path)
    monkeypatch.setattr(plugins, "_loaded", {})
    with pytest.raises(ScenarioError, match=r"there\.npz: needs the plugin 'triage'; load the file"):
        resume(path)


def test_an_installed_plugin_must_be_of_the_same_version_on_all_machines():
    plugin = plugins.Plugin("policies", "copycat", Copycat, "another text", "some-package 1.0", installed=True)
    with pytest.raises(ScenarioError, match=r"'copycat' of some-package 1\.0: another version is installed here"):
        load_plugins([plugin])


def test_commands_take_plugins(tmp_path):
    triage(tmp_path)
    setting = ("--set", "providers.0.policy=triage", "--set", "users.count=200")
    done = patchmarket("run", "--plugin", "triage.py", *setting, cwd=tmp_path)
    assert done.returncode == 0
    assert "0 Reboot & Co  triage" in done.stdout
    done = patchmarket("run", *setting, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("patchmarket: providers.0.policy.kind = 'triage': must be one of reboot, ")
    assert done.stderr.count("\n") == 1
