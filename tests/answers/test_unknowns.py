"""What is not known: priors around a scenario's own values, within what settings allow; wrong ones are refused."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers.draws import draw, read_posterior, write_posterior
from answers.unknowns import Priors, settings_of, unknowns_of
from model import Scenario, ScenarioError

OPEN = Scenario.preset("open-market")
UNKNOWNS = unknowns_of(OPEN)
WRITTEN = '[[priors]]\nname = "talk"\npaths = ["word_of_mouth.talk_per_day"]\nsource = "x"\nspread = 0.5\n'


@given(st.sampled_from(range(len(UNKNOWNS))), st.floats(0.001, 0.999))
def test_a_value_and_its_place_belong_together_and_can_be_run(which, place):
    unknown = UNKNOWNS[which]
    value = unknown.value(place)
    assert unknown.unit(value) == pytest.approx(place, abs=1e-6)
    changed = OPEN.replace(**unknown.settings(value))
    assert changed.days == OPEN.days


def test_the_median_is_the_scenarios_own_value():
    for unknown in UNKNOWNS:
        if unknown.log:
            assert unknown.settings(unknown.value(0.5)) == pytest.approx(dict(unknown.base))


def test_settings_that_belong_together_change_in_proportion_within_their_limits():
    (talk,) = (unknown for unknown in UNKNOWNS if unknown.name == "word of mouth")
    base = talk.base["word_of_mouth.talk_per_day"]
    assert talk.settings(2 * base)["word_of_mouth.complaint"] == pytest.approx(0.6)
    assert talk.settings(9 * base)["word_of_mouth.complaint"] == 1.0


def test_what_is_known_is_no_unknown():
    closed = Scenario.preset("thought-experiment", **{"users.tolerance.median": math.inf})
    assert [unknown.name for unknown in unknowns_of(closed)] == ["memory", "word of mouth", "flaws"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (WRITTEN.replace("spread = 0.5", ""), "priors.0.spread: must be given, or else `low` and `high`, not both"),
        (WRITTEN.replace("spread = 0.5", "low = 1.0\nhigh = 0.5"), "priors.0.high = 0.5: must be above low, 1"),
        (WRITTEN + WRITTEN, "priors = ['talk', 'talk']: must have different names"),
        (WRITTEN.replace("spread", "spred"), "priors.0.spread: must be given|priors.0.spred: no such key"),
        ("[[priors]]\n", "priors.0.name: is missing"),
        ("priors = = 1", "not a TOML file that can be read"),
    ],
)
def test_wrong_priors_are_lines(text, line, tmp_path):
    path = tmp_path / "priors.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as refused:
        Priors.load(path)
    assert any(part in str(refused.value) for part in line.split("|"))


@pytest.mark.parametrize("path", ["word_of_mouth.tlk", "users.count", "name"])
def test_a_prior_of_what_is_no_number_is_a_line(path, tmp_path):
    file = tmp_path / "priors.toml"
    file.write_text(WRITTEN.replace("word_of_mouth.talk_per_day", path))
    with pytest.raises(ScenarioError, match=r"priors\.0\.paths = "):
        unknowns_of(OPEN, Priors.load(file))


def test_draws_come_from_the_posterior_as_far_as_it_goes(tmp_path):
    together = pd.DataFrame({"tolerance": [1.0, 2.0, 3.0], "memory": [10.0, 20.0, 30.0]})
    write_posterior(together, Priors.load(), tmp_path)
    posterior, priors = read_posterior(tmp_path)
    assert priors == Priors.load()
    values = draw(UNKNOWNS, posterior, 300, seed=1)
    names = [unknown.name for unknown in UNKNOWNS]
    tolerance, memory = values[:, names.index("tolerance")], values[:, names.index("memory")]
    assert set(tolerance) == {1.0, 2.0, 3.0}
    assert (memory == 10 * tolerance).all()
    flaws = np.log(values[:, names.index("flaws")])
    assert abs(flaws.mean() - math.log(6.4)) < 4 * 0.45 / math.sqrt(300)
    assert settings_of(UNKNOWNS, values[0])["users.tolerance.median"] == tolerance[0]
    with pytest.raises(ScenarioError, match="must be a folder that `patchmarket fit` has written"):
        read_posterior(tmp_path / "nowhere")
