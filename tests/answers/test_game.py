"""Games: the textbooks' equilibria, and those of markets whose payoffs are known to the cent."""

import json
import math

import nashpy
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import answers
from answers.experiment import Runs
from answers.games.bimatrix import Bimatrix
from answers.games.empirical import EmpiricalGame, profiles_of
from answers.games.equilibria import payoffs, pure, regret, support_of
from answers.games.game import tell
from answers.games.game_ask import terms
from answers.games.game_measure import analyse, is_dilemma, payoffs_of
from answers.games.replicator import replicate, trembling
from answers.games.symmetric import SymmetricGame, counts_of
from model import Scenario, ScenarioError
from tests.commands import patchmarket

PRISON = np.array([[-1.0, -3.0], [0.0, -2.0]])
SCISSORS = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
STAGS = np.array([[4.0, 1.0], [3.0, 2.0]])
SMALL = {"users.count": 400, "days": 60}


def chances(found):
    return [np.round(mixes, 9).tolist() for mixes in found]


def both(worth):
    """The same symmetric game of two in its two forms."""
    return [Bimatrix(worth, worth), SymmetricGame(2, worth)]


@pytest.mark.parametrize("game", both(PRISON))
def test_prisoners_tell_on_each_other(game):
    assert chances(game.equilibria()) == [[[0, 1], [0, 1]]]
    assert regret(game, pure((1, 1), 2)) == 0
    assert regret(game, pure((0, 0), 2)) == 1  # from -1 to 0


@pytest.mark.parametrize("game", both(SCISSORS))
def test_rock_paper_scissors_is_played_at_random(game):
    (mixes,) = game.equilibria()
    assert mixes == pytest.approx(np.full((2, 3), 1 / 3))
    assert payoffs(game, mixes) == pytest.approx([0, 0])


@pytest.mark.parametrize("game", both(STAGS))
def test_a_stag_hunt_has_two_pure_equilibria_and_a_mixed_one(game):
    assert chances(game.equilibria()) == [[[1, 0], [1, 0]], [[0, 1], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]]


def test_two_who_differ_mix_to_make_the_other_indifferent():
    his, hers = np.array([[3.0, 0.0], [0.0, 2.0]]), np.array([[2.0, 0.0], [0.0, 3.0]])  # the battle of the sexes
    assert chances(Bimatrix(his, hers).equilibria()) == [
        [[1, 0], [1, 0]],
        [[0, 1], [0, 1]],
        [[0.6, 0.4], [0.4, 0.6]],
    ]


@pytest.mark.parametrize("players", [3, 4, 7])
def test_volunteers_are_as_rare_as_diekmann_says(players):
    cost, good = 1.0, 3.0
    others = counts_of(players - 1, 2)[:, 0]  # who volunteer
    game = SymmetricGame(players, np.array([np.full(len(others), good - cost), np.where(others > 0, good, 0.0)]))
    one, mixed = game.equilibria()
    assert one.sum(axis=0).tolist() == [1, players - 1]
    assert mixed[:, 1] == pytest.approx(np.full(players, (cost / good) ** (1 / (players - 1))))
    assert game.with_support(support_of(mixed)) == pytest.approx(mixed)
    assert game.with_support(support_of(pure([0] * players, 2))) is None


def test_three_at_rock_paper_scissors_play_at_random_too():
    others = counts_of(2, 3)
    game = SymmetricGame(3, SCISSORS @ others.T)
    assert any(np.allclose(mixes, 1 / 3) for mixes in game.equilibria())
    assert all(regret(game, mixes) < 1e-6 for mixes in game.equilibria())


def test_counts_stand_for_all_ways_to_divide():
    for players, policies in ((1, 3), (4, 2), (5, 4)):
        rows = counts_of(players, policies)
        assert len(rows) == math.comb(players + policies - 1, players) == len(set(map(tuple, rows.tolist())))
        assert (rows.sum(axis=1) == players).all()


@given(st.integers(2, 4), st.integers(0, 2**32))
@settings(max_examples=40)
def test_any_game_of_two_has_equilibria_that_nobody_regrets(policies, seed):
    first, second = np.random.default_rng(seed).normal(size=(2, policies, policies))
    game = Bimatrix(first, second)
    found = game.equilibria()
    assert len(found) % 2 == 1  # Wilson 1971
    for mixes in found:
        assert mixes.sum(axis=1) == pytest.approx([1, 1])
        assert regret(game, mixes) < 1e-9
        assert game.with_support(support_of(mixes)) == pytest.approx(mixes)


@given(st.integers(2, 5), st.integers(2, 3), st.integers(0, 2**32))
@settings(max_examples=25)
def test_any_symmetric_game_has_an_equilibrium_in_which_all_choose_alike(players, policies, seed):
    worth = np.random.default_rng(seed).normal(size=(policies, len(counts_of(players - 1, policies))))
    game = SymmetricGame(players, worth)
    found = game.equilibria()
    assert any(np.allclose(mixes, mixes[0]) for mixes in found)  # Nash 1951
    assert all(regret(game, mixes) < 1e-5 for mixes in found)


@given(st.integers(0, 2**32), st.sampled_from([1, 2]))
@settings(max_examples=15)
def test_replicator_dynamics_keep_the_simplex(seed, populations):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, 3, 3))
    game = Bimatrix(first, second if populations == 2 else first)
    path = replicate(game, rng.dirichlet(np.ones(3), populations), 2)
    assert path.shares.min() >= 0
    assert path.shares.sum(axis=2) == pytest.approx(np.ones(path.shares.shape[:2]))


def test_replicator_dynamics_are_those_of_nashpy():
    start = np.array([[0.5, 0.3, 0.2]])
    path = replicate(Bimatrix(SCISSORS, SCISSORS), start, 2)
    theirs = nashpy.Game(SCISSORS).replicator_dynamics(y0=start[0], timepoints=path.time[:50] / np.ptp(SCISSORS))
    assert path.shares[:50, 0] == pytest.approx(theirs, abs=1e-5)
    assert not path.settled
    assert path.shares[:, 0].prod(axis=1) == pytest.approx(np.full(len(path.time), 0.03), rel=1e-3)  # it circles


def test_those_who_copy_end_where_their_side_of_the_mixed_equilibrium_leads():
    for more, end in ((0.51, [1, 0]), (0.49, [0, 1])):
        path = replicate(Bimatrix(STAGS, STAGS), np.array([[more, 1 - more]]), 2)
        assert path.settled
        assert path.end[0] == pytest.approx(end, abs=2e-3)
    assert trembling(np.eye(2)[:1]).min() > 0


# --- empirical games


def noisy(worth, replicates=200, sd=0.5, names=("A", "B"), policies=("reboot", "live-patch")):
    """Samples of a symmetric game of two: its payoffs, and noise."""
    rng = np.random.default_rng(5)
    profiles = profiles_of(len(worth), 2, alike=True)
    means = np.array([[worth[i, j], worth[j, i]] for i, j in profiles])
    return EmpiricalGame(names, policies, True, means + rng.normal(0, sd, (replicates, *means.shape)))


def test_a_dilemma_is_seen_through_noise():
    (finding,) = noisy(PRISON).findings(seed=1)
    assert support_of(finding.mixes) == ((1,), (1,))
    assert finding.probability == 1
    assert finding.better.profile == (0, 0)
    assert not finding.better.stable
    assert finding.better.low < finding.better.gain < finding.better.high
    assert finding.better.gain == pytest.approx(1, abs=4 * 0.5 * math.sqrt(2 * 0.5 / 200))
    assert is_dilemma([finding])


def test_coordination_is_no_dilemma():
    findings = noisy(STAGS, sd=0.1).findings(seed=1)
    assert len(findings) == 3
    assert not is_dilemma(findings)
    assert [f.better.stable for f in findings if f.better is not None] == [True, True]  # all but the stags
    told = tell(analyse(noisy(STAGS, sd=0.1), "hunt", np.array([[0.2, 0.8]]), 1))
    assert "It takes coordination" in told.text
    assert told.summary["replicator"]["to"] == [
        {"reboot": pytest.approx(0, abs=2e-3), "live-patch": pytest.approx(1, abs=2e-3)}
    ]


def test_what_noise_decides_has_the_probability_that_noise_gives_it():
    worth = np.array([[1.0, 0.0], [1.0, -1.0]])  # against 0 both earn the same: only noise tells which is best
    game = noisy(worth, replicates=400)
    sure = {support_of(f.mixes): f.probability for f in game.findings(seed=1)}
    gap = game.by_cell[:, 0] - game.by_cell[:, 2]  # of 0 over 1, against 0
    expected = 0.5 * (1 + math.erf(gap.mean() / gap.std() * math.sqrt(400 / 2)))
    # where the mean gap is below 0, one of the two takes the other policy instead
    found = sure[(0,), (0,)] if gap.mean() > 0 else 1 - sure[(0,), (1,)]
    assert 0.05 < expected < 0.95  # else nothing is shown
    assert found == pytest.approx(expected, abs=4 * math.sqrt(0.25 / 1000))


def test_a_game_of_two_who_differ_keeps_whose_payoff_is_whose():
    his, hers = np.array([[3.0, 0.0], [0.0, 2.0]]), np.array([[2.0, 0.0], [0.0, 3.0]])
    means = np.array([[his[i, j], hers[j, i]] for i, j in profiles_of(2, 2, alike=False)])
    game = EmpiricalGame(("he", "she"), ("a", "b"), False, np.tile(means, (5, 1, 1)))
    assert game.game().first.tolist() == his.tolist()
    assert game.game().second.tolist() == hers.tolist()
    assert [f.payoffs.tolist() for f in game.findings(seed=1)][:2] == [[3, 2], [2, 3]]


def test_players_who_are_alike_are_averaged_by_policy():
    profiles = profiles_of(2, 3, alike=True)
    samples = np.arange(2.0 * len(profiles) * 3).reshape(2, len(profiles), 3)
    game = EmpiricalGame(("A", "B", "C"), ("x", "y"), True, samples)
    worth = game.game().worth
    assert profiles[1] == (0, 0, 1)
    assert worth[0, 1] == samples[:, 1, :2].mean()  # x, when the others have one x and one y
    assert worth[1, 0] == samples[:, 1, 2].mean()  # y, when the others both have x


# --- simulated markets


def test_without_flaws_patches_only_cost_and_nobody_buys_them():
    quiet = Scenario.preset("quiet", **SMALL)
    found = answers.game(quiet, ["reboot", "live-patch"], replicates=2, workers=1)
    assert found.table["dollars_a_month"].tolist() == pytest.approx([1000, 1000, 900, 900])  # 200 users of 5 dollars
    (only,) = found.summary["equilibria"]
    assert only["mixes"] == [{"reboot": 1, "live-patch": 0}] * 2
    assert (only["probability"], only["regret_at_most"]) == (1, 0)
    assert not found.summary["dilemma"]
    assert "It is no dilemma" in found.text


def test_three_players_are_joined_by_their_like_and_need_four_profiles_only():
    quiet = Scenario.preset("quiet", **{"users.count": 300, "days": 40})
    found = answers.game(quiet, ["reboot", "live-patch"], players=3, replicates=2, workers=1)
    assert found.summary["players"] == ["Reboot & Co", "Live & Co", "Provider 3"]
    assert found.table["profile"].nunique() == 4
    assert found.table["dollars_a_month"].tolist() == pytest.approx([500, 500, 400, 500, 400, 400])


def test_the_email_is_a_dilemma(tmp_path):
    eager = {"users.count": 400, "days": 120, "flaws.per_year": 30.0, "users.initial_awareness": 1.0}
    market = Scenario.preset("thought-experiment", **eager, **{"users.tolerance.median": 2.0})
    found = answers.game(market, ["reboot", "live-patch"], replicates=6, workers=2, out=tmp_path)
    table = found.table.set_index(["profile", "policy"])["dollars_a_month"]
    assert table["2 reboot", "reboot"] == pytest.approx(1000)
    assert table["2 live-patch", "live-patch"] == pytest.approx(900)
    assert found.summary["dilemma"]
    assert "no free lunch" in found.text
    again = answers.game(
        market, ["reboot", "live-patch"], replicates=6, workers=1, out=tmp_path
    )  # nothing is run again
    assert again.summary == found.summary


def test_a_provider_keeps_its_terms_and_lends_them_to_others():
    market = Scenario.preset("thought-experiment", **{"providers.1.policy.per_server_month": 250.0})
    assert terms(market, 0, "live-patch")["per_server_month"] == 250
    assert terms(market, 1, "reboot")["notice_days"] == 7
    assert terms(market, 0, "defer") == {"kind": "defer"}


@pytest.mark.parametrize(
    ("policies", "settings", "players", "line"),
    [
        (["reboot"], {}, 2, "--policies = 'reboot': must be at least two, each once"),
        (["reboot", "reboot"], {}, 2, "--policies = 'reboot,reboot': must be at least two, each once"),
        (["reboot", "pray"], {}, 2, "--policies = 'pray': must be one of reboot, live-patch, live-migrate"),
        (
            ["reboot", "none"],
            {"providers.0.price": 4.0},
            3,
            "--players = 3: must be at most 2, the scenario's providers, as these differ in price",
        ),
        (
            ["reboot", "none"],
            {"providers.0.share": 1.0, "providers.1.share": 0.0},
            2,
            "replicates = 0: must leave at least 2 in which all runs were done",
        ),
    ],
)
def test_a_game_that_cannot_be_played_is_refused(policies, settings, players, line):
    market = Scenario.preset("quiet", **{"users.count": 100, "days": 10, **settings})
    with pytest.raises(ScenarioError) as caught:
        answers.game(market, policies, players=players, replicates=2, workers=1)
    assert str(caught.value).startswith(line)


def test_a_replicate_that_lost_a_run_is_left_out_of_all_profiles():
    rows = [
        {
            "replicate": r,
            "point": point,
            "p0_mean_profit_per_original_server": 10.0 * point + r,
            "p1_mean_profit_per_original_server": -1.0,
        }
        for r in range(4)
        for point in range(3)
        if (r, point) != (1, 2)
    ]
    rows[-1]["p1_mean_profit_per_original_server"] = None  # of replicate 3
    samples = payoffs_of(Runs(pd.DataFrame(rows), pd.DataFrame()), 3, 2)
    assert samples[:, :, 0].tolist() == [[0, 10, 20], [2, 12, 22]]
    assert (samples[:, :, 1] == -1).all()


def test_providers_who_do_not_play_keep_their_policies():
    market = Scenario.preset("many-policies", **{"users.count": 350, "days": 10})
    found = answers.game(market, ["reboot", "none"], replicates=2, workers=1)
    assert found.summary["providers_who_do_not_play"] == 5
    assert "The scenario's other providers (5) keep their policies." in found.text


def test_ties_are_no_decision():
    quiet = Scenario.preset("quiet", **{"users.count": 300, "days": 10})
    found = answers.game(quiet, ["reboot", "none"], replicates=2, workers=1)
    assert "here the policy makes no difference" in found.text
    assert set(found.table["best_policy"]) == {"this"}
    assert all(e["probability"] == 1 and e["better_for_all"] is None for e in found.summary["equilibria"])


def test_the_command_refuses_what_is_wrong(tmp_path):
    wrong = patchmarket("game", "quiet", "--policies", "reboot,pray", "--out", str(tmp_path / "x"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("patchmarket: --policies = 'pray': must be one of reboot, ")
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_the_command_writes_an_answer(tmp_path):
    small = ("--set", "users.count=200", "--set", "days=30", "--replicates", "2")
    done = patchmarket("game", "quiet", "--policies", "reboot, none", *small, "--json", "--out", str(tmp_path / "g"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["policies"] == ["reboot", "none"]
    written = {path.name for path in (tmp_path / "g").iterdir()}
    assert written == {"study", *(f"game.{kind}" for kind in ("csv", "parquet", "png", "txt", "json"))}
