# A run that was saved and continued is the run that never stopped, to the last byte; a damaged file is told as such.
import json
import zipfile

import networkx as nx
import numpy as np
import pytest

from agents.policies import Reboot
from model import Market
from model.checkpoint import resume, save
from model.errors import ScenarioError
from model.scenario import preset_names
from model.summary import summarise
from tests.agreement import same_markets
from tests.commands import patchmarket

SMALL = {"users.count": 300, "days": 200, "users.tolerance.median": 2.0}
EVERYTHING = {
    "users.contract_days": 30,
    "users.voice": 0.3,
    "users.advertising_per_day": 0.01,
    "users.peer_weight": 2.0,
    "users.choice_noise": 1.0,
    "users.redundancy.available": True,
    "users.redundancy.complexity": 0.1,
    "open_market.arrivals_per_day": 0.5,
    "open_market.departures_per_year": 1.0,
    "providers.0.sla.tiers": [{"below": 0.99999, "credit": 0.1}],
    "providers.0.failures.per_server_year": 3.0,
    "providers.0.strategy": {"kind": "escalate"},
    "providers.0.recovery_credit": 2.0,
    "providers.0.review_days": 17,
    "providers.0.policy": {"kind": "defer", "interval_days": 25, "soak_days": 3},
    "security": {"attack_rate": 0.01, "bad_update_probability": 0.5},
    "flaws": {"source": "poisson", "per_year": 30.0, "exploited_per_cve": 1.0, "exploit_delay": {"median": 8.0}},
    "providers.1.policy": {"kind": "live-patch", "coverage": 0.5, "max_age_days": 60.5, "patch_delay_days": 9},
}

RESUMED = "--resume: the checkpoint contains scenario, settings and seed; leave them out"


def stopped_and_continued(tmp_path, scenario, *stops, **settings):
    whole = Market(scenario, rng=5, **settings).run()
    market = Market(scenario, rng=5, **settings)
    for stop in stops:
        market.run(stop - market.day)
        save(market, tmp_path / "there.npz")
        market = resume(tmp_path / "there.npz")
    same_markets(whole, market.run())
    assert summarise(whole) == summarise(market)


@pytest.mark.parametrize("name", preset_names())
def test_a_continued_run_is_the_whole_one(tmp_path, name):
    flaws = {} if name.startswith("debian") else {"flaws.per_year": 15.0}
    stopped_and_continued(tmp_path, name, 77, 140, **SMALL, **flaws)


@pytest.mark.parametrize("stop", [0, 1, 44, 45, 46, 120, 199, 200])
def test_whatever_is_under_way_goes_on(tmp_path, stop):
    stopped_and_continued(tmp_path, "thought-experiment", stop, **SMALL, **EVERYTHING)


def test_a_graph_and_people_of_ones_own_are_in_the_file(tmp_path):
    people = {"graph": nx.gnp_random_graph(60, 0.1, seed=3, directed=True), "tolerance": np.linspace(0, 9, 60)}
    people |= {"downtime_value": np.full(60, 0.3), "provider": [0] * 20 + [1] * 40}
    settings = {"users.count": 60, "days": 100, "flaws.per_year": 40.0}
    market = Market("thought-experiment", rng=2, **people, **settings).run(50)
    save(market, tmp_path / "there.npz")
    again = resume(tmp_path / "there.npz")
    assert nx.utils.graphs_equal(again.graph, market.graph)
    same_markets(Market("thought-experiment", rng=2, **people, **settings).run(), again.run())


def test_what_was_changed_by_hand_is_in_the_file(tmp_path):
    market = Market("thought-experiment", rng=2, **SMALL).run(50)
    market.providers[0].price = 4.0
    market.users.tolerance[:] = 0.5
    save(market, tmp_path / "there.npz")
    same_markets(resume(tmp_path / "there.npz").run(), market.run())


def test_users_removed_by_hand_are_departures_after_it_too(tmp_path):
    market = Market("thought-experiment", rng=2, **SMALL).run(50)
    market.remove_users([1, 2, 3])
    save(market, tmp_path / "there.npz")
    again = resume(tmp_path / "there.npz").run()
    same_markets(again, market.run())
    assert again.record.column("departed")[50].sum() == 3


def test_every_damaged_byte_is_noticed_or_harmless(tmp_path):
    path = tmp_path / "there.npz"
    save(Market("thought-experiment", rng=2, **SMALL, **EVERYTHING).run(50), path)
    expected, data = resume(path).run(), path.read_bytes()
    messages = []
    for place in range(0, len(data), len(data) // 60):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            same_markets(expected, resume(path).run())
        except ScenarioError as error:
            messages.append(str(error))
    assert len(messages) > 50
    assert all(text.startswith(f"{path}: is damaged or not a checkpoint (") and "\n" not in text for text in messages)


@pytest.mark.parametrize("size", [0, 1, 100, 5000, -1])
def test_a_cut_file_is_refused(tmp_path, size):
    path = tmp_path / "there.npz"
    save(Market("thought-experiment", rng=2, **SMALL).run(50), path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ScenarioError, match=r"is damaged or not a checkpoint"):
        resume(path)


def test_files_of_others_are_refused(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, a=np.arange(3))
    with pytest.raises(ScenarioError, match=r"is damaged or not a checkpoint \(KeyError"):
        resume(path)
    np.savez(path, state=np.array([{"a": 1}], object), allow_pickle=True)  # a pickle is never opened
    with pytest.raises(ScenarioError, match=r"is damaged or not a checkpoint"):
        resume(path)
    with pytest.raises(ScenarioError, match=r"there is no such checkpoint"):
        resume(tmp_path / "nowhere.npz")


def test_another_format_is_told(tmp_path):
    path = tmp_path / "there.npz"
    save(Market("quiet", rng=2, **{"users.count": 10}), path)
    with np.load(path) as archive:
        arrays = dict(archive)
    state = json.loads(arrays["state"].tobytes()) | {"format": 99}
    np.savez(path, **(arrays | {"state": np.frombuffer(json.dumps(state).encode(), np.uint8)}))
    with pytest.raises(ScenarioError, match=r"format = 99: must be 3: it was written by another version"):
        resume(path)


class Own(Reboot):
    """A policy of one's own."""


def test_a_policy_of_ones_own_cannot_be_saved(tmp_path):
    market = Market("quiet", rng=2, **{"users.count": 10})
    market.providers[1].policy = Own()
    with pytest.raises(ScenarioError, match=r"providers\.1\.policy: Own is a custom policy"):
        save(market, tmp_path / "there.npz")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_keeps_a_checkpoint_and_goes_on_from_it(tmp_path):
    small = ("--set", "users.count=300", "--set", "days=100", "--json", "--seed", "4")
    done = patchmarket("run", *small, "--out", "out", "--checkpoint-every", "40", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert zipfile.is_zipfile(tmp_path / "out" / "checkpoint.npz")
    assert resume(tmp_path / "out" / "checkpoint.npz").day == 80
    again = patchmarket("run", "--resume", "out/checkpoint.npz", "--json", cwd=tmp_path)
    assert json.loads(again.stdout) == json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--checkpoint-every", "5"], "--checkpoint-every: needs --out, the folder that the checkpoint is kept in"),
        (["--resume", "no.npz"], "no.npz: there is no such checkpoint"),
        (["--resume", "no.npz", "--seed", "0"], RESUMED),
        (["quiet", "--resume", "no.npz"], RESUMED),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, line):
    done = patchmarket("run", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"patchmarket: {line}\n")
    assert list(tmp_path.iterdir()) == []
