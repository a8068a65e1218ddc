"""Designs: each has the size, order and balance that its inventors promise."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from batch.design import FractionalFactorial, LatinHypercube, Morris, Saltelli, Sobol, unit_problem
from batch.factors import Axis, Factor, field_at, uniform
from batch.study import Study
from model import Scenario, ScenarioError

BASE = Scenario.preset("thought-experiment")
TOLERANCE = {"path": "users.tolerance.median", "levels": [1.0, 2.0, 3.0]}
COMPLAINT = {"path": "word_of_mouth.complaint", "levels": [0.1, 0.2]}
RANGES = [
    {"path": "users.tolerance.median", "low": 1.0, "high": 100.0, "scale": "log"},
    {"path": "word_of_mouth.complaint", "low": 0.0, "high": 1.0},
    {"path": "flaws.per_year", "low": 2.0, "high": 12.0},
]


def study(factors, design, **more):
    return Study.load({"name": "s", "scenario": "thought-experiment", "factors": factors, "design": design, **more})


def axis(**factor):
    return Axis(Factor(**factor), "factors.0", BASE)


def settings_of(made):
    return [tuple(point.settings.values()) for point in made.points]


def test_a_grid_has_every_combination_and_the_last_factor_changes_fastest():
    assert settings_of(study([TOLERANCE, COMPLAINT], "grid")) == list(
        itertools.product(TOLERANCE["levels"], COMPLAINT["levels"])
    )


def test_no_factors_make_one_point_of_the_base():
    (point,) = study([], "grid").points
    assert point.settings == point.labels == {}


def test_zip_pairs_the_levels():
    pairs = study([TOLERANCE, COMPLAINT | {"levels": [0.1, 0.2, 0.3]}], "zip")
    assert settings_of(pairs) == [(1.0, 0.1), (2.0, 0.2), (3.0, 0.3)]


def test_one_at_a_time_leaves_the_rest_as_in_the_base():
    points = study([TOLERANCE, COMPLAINT], "one-at-a-time").points
    assert len(points) == 1 + 3 + 2
    assert points[0].settings == {}
    assert all(len(point.settings) == 1 for point in points[1:])
    assert points[0].labels == {"users.tolerance.median": 10.7, "word_of_mouth.complaint": 0.3}
    assert points[4].labels == {"users.tolerance.median": 10.7, "word_of_mouth.complaint": 0.1}


def test_a_range_has_steps_in_a_grid():
    linear = axis(path="flaws.per_year", low=2.0, high=12.0, steps=3)
    assert [level.settings["flaws.per_year"] for level in linear.levels] == [2.0, 7.0, 12.0]
    log = axis(path="flaws.per_year", low=1.0, high=100.0, scale="log", steps=3)
    assert [level.settings["flaws.per_year"] for level in log.levels] == pytest.approx([1.0, 10.0, 100.0])
    even = axis(path="network.degree", low=2, high=9, steps=4)
    assert [level.settings["network.degree"] for level in even.levels] == [2, 4, 6, 8]


def test_a_group_changes_its_settings_together():
    group = {"paths": ["providers.0.price", "providers.1.price"], "levels": [[5.0, 5.0], [4.0, 6.0]]}
    assert [p.settings for p in study([group], "grid").points][1] == {
        "providers.0.price": 4.0,
        "providers.1.price": 6.0,
    }
    assert study([group], "grid").points[1].labels == {"providers.0.price": 4.0, "providers.1.price": 6.0}
    named = study([group | {"name": "prices", "names": ["same", "war"]}], "grid")
    assert [p.labels for p in named.points] == [{"prices": "same"}, {"prices": "war"}]
    assert study([group | {"name": "prices"}], "grid").points[1].labels == {"prices": "4.0; 6.0"}
    assert study([group], "one-at-a-time").points[0].labels == {"providers.0.price": 5.0, "providers.1.price": 5.0}


def test_a_table_may_be_a_level():
    policies = [{"kind": "reboot"}, {"kind": "live-patch", "vendor": "canonical"}, "none"]
    made = study([{"path": "providers.0.policy", "levels": policies}], "grid")
    assert [p.labels["providers.0.policy"] for p in made.points] == ["0: reboot", "1: canonical", "none"]
    assert [made.scenario_at(i).providers[0].policy.kind for i in range(3)] == ["reboot", "live-patch", "none"]
    assert made.scenario_at(1).providers[0].policy.per_server_month > 0


def test_points_from_tables_and_from_a_file_are_the_same(tmp_path):
    tables = {"kind": "points", "points": [{"users": {"count": 100}, "flaws.per_year": 5.0}, {"flaws.per_year": 0.5}]}
    (tmp_path / "points.csv").write_text("users.count, flaws.per_year\n100, 5.0\n,0.5\n")
    (tmp_path / "study.toml").write_text(
        'name = "s"\nscenario = "thought-experiment"\n[design]\nkind = "points"\nfile = "points.csv"\n'
    )
    here, there = study([], tables), Study.load(tmp_path / "study.toml")
    assert here == there
    assert here.digest == there.digest
    assert [p.settings for p in here.points] == [{"users.count": 100, "flaws.per_year": 5.0}, {"flaws.per_year": 0.5}]
    assert [p.labels["users.count"] for p in here.points] == [100, 20_000]


@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 2**32))
def test_a_latin_hypercube_meets_every_slice_once(samples, factors, seed):
    units = LatinHypercube(samples=samples).units(factors, seed)
    for column in np.floor(units * samples).astype(int).T:
        assert sorted(column) == list(range(samples))


@given(st.integers(0, 6), st.integers(1, 6), st.integers(0, 2**32))
def test_a_sobol_sequence_fills_both_halves_and_all_its_slices(power, factors, seed):
    units = Sobol(samples=2**power).units(factors, seed)
    for column in np.floor(units * 2**power).astype(int).T:
        assert sorted(column) == list(range(2**power))  # the 0-m-1-net in each dimension (Niederreiter 1992)


def test_a_sobol_sequence_is_more_even_than_chance():
    chance = np.random.default_rng(1).random((256, 3))
    assert qmc.discrepancy(Sobol(samples=256).units(3, 1)) < qmc.discrepancy(chance) / 10


@pytest.mark.parametrize(("second", "size"), [(True, 8 * (2 * 3 + 2)), (False, 8 * (3 + 2))])
def test_saltelli_keeps_the_order_that_the_analysis_expects(second, size):
    made = study(RANGES, {"kind": "saltelli", "samples": 8, "second_order": second})
    assert len(made.points) == size == len(made.units)
    block = made.units[: size // 8]
    for i in range(3):  # A with column i from B, and B with column i from A
        assert np.flatnonzero(block[1 + i] != block[0]).tolist() == [i]
        if second:
            assert np.flatnonzero(block[4 + i] != block[-1]).tolist() == [i]


def test_sensitivity_analysis_takes_the_outcomes_as_they_come():
    from SALib.analyze import sobol

    made = study(RANGES, {"kind": "saltelli", "samples": 1024, "second_order": False})
    outcomes = np.array(
        [4 * p.labels["word_of_mouth.complaint"] + p.labels["flaws.per_year"] / 10 for p in made.points]
    )
    found = sobol.analyze(made.problem, outcomes, calc_second_order=False, seed=1)
    assert found["S1"] == pytest.approx([0, 16 / 17, 1 / 17], abs=0.02)  # variances 16/12 and 1/12


def test_morris_walks_change_one_factor_a_step_by_the_same_jump():
    made = study(RANGES, {"kind": "morris", "trajectories": 5, "num_levels": 4})
    assert len(made.points) == 5 * (3 + 1)
    for walk in made.units.reshape(5, 4, 3):
        steps = np.diff(walk, axis=0)
        assert ((steps != 0).sum(axis=1) == 1).all()
        assert np.abs(steps[steps != 0]) == pytest.approx(2 / 3)  # p / (2 (p - 1)), Morris 1991
        assert sorted(np.nonzero(steps)[1]) == [0, 1, 2]


def resolution_of(signs):
    """Return the length of the shortest product of columns that never changes."""
    columns = range(signs.shape[1])
    for length in range(1, signs.shape[1] + 1):
        for chosen in itertools.combinations(columns, length):
            if abs(signs[:, chosen].prod(axis=1).sum()) == len(signs):
                return length
    return np.inf


@pytest.mark.parametrize(("factors", "resolution", "size"), [(3, 3, 4), (4, 4, 8), (5, 5, 16), (7, 3, 8), (1, 3, 2)])
def test_a_fraction_has_the_resolution_asked_for(factors, resolution, size):
    signs = FractionalFactorial(resolution=resolution).signs(factors)
    assert signs.shape == (size, factors)
    assert resolution_of(signs) >= resolution


def test_a_fraction_by_generators_runs_the_ends_of_ranges():
    made = study(RANGES, {"kind": "fractional-factorial", "generators": "a b ab"})
    assert settings_of(made) == [(1.0, 0.0, 12.0), (1.0, 1.0, 2.0), (100.0, 0.0, 2.0), (100.0, 1.0, 12.0)]


@given(st.integers(1, 30), st.integers(1, 40))
def test_whole_numbers_of_a_range_are_equally_likely(low, width):
    whole = axis(path="providers.0.policy.window_days", low=low, high=low + width)
    n = width + 1
    values = [whole.at((i + 0.5) / (4 * n)).settings["providers.0.policy.window_days"] for i in range(4 * n)]
    assert values == [low + i // 4 for i in range(4 * n)]
    assert whole.at(0.0).settings != whole.at(1.0).settings
    assert {type(v) for v in values} == {int}


@given(st.floats(0, 1), st.floats(1e-6, 1e6), st.floats(1.001, 1e6), st.sampled_from(["linear", "log"]))
def test_a_range_is_kept(u, low, ratio, scale):
    value = axis(path="flaws.per_year", low=low, high=low * ratio, scale=scale).at(u).settings["flaws.per_year"]
    assert low <= value <= low * ratio


def test_listed_levels_are_equally_likely_for_a_sampler():
    listed = axis(**TOLERANCE)
    values = [listed.at(u).settings["users.tolerance.median"] for u in (0.0, 0.3, 0.34, 0.66, 0.67, 1.0)]
    assert values == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]


def test_the_schema_is_found_at_the_place_that_is_there():
    assert field_at(BASE, "network.degree").annotation is int
    assert field_at(BASE.replace(**{"network.kind": "erdos-renyi"}), "network.degree").annotation is float
    assert field_at(BASE, "providers.0.policy.interval_days").annotation is int  # of a policy that may come
    assert field_at(BASE, "providers.0.polizy.interval_days") is None


def test_labels_of_one_column_have_one_type():
    assert uniform({"x": [{"a": 1}, "t", True]}) == {"x": ["{'a': 1}", "t", "true"]}


def test_the_seed_of_the_study_decides_what_is_drawn():
    design = {"kind": "latin-hypercube", "samples": 8}
    assert settings_of(study(RANGES, design)) == settings_of(study(RANGES, design))
    assert settings_of(study(RANGES, design, seed=2)) != settings_of(study(RANGES, design))
    for kind in (Saltelli(samples=4), Morris(trajectories=3)):
        assert (kind.units(2, 5) == kind.units(2, 5)).all()
        assert (kind.units(2, 5) != kind.units(2, 6)).any()


def test_each_problem_is_a_new_one():
    made = study(RANGES, {"kind": "morris", "trajectories": 2})
    made.problem["groups"] = ["spoilt"]
    assert made.problem == unit_problem([f["path"] for f in RANGES])


@pytest.mark.parametrize(
    ("factors", "design", "line"),
    [
        (RANGES, "grid", "factors.0.steps: is missing; this design asks how many levels the range has"),
        ([TOLERANCE, COMPLAINT], "zip", "factors.1.levels: there are 2; must be 3, as many as factors.0 has"),
        ([], {"kind": "sobol", "samples": 8}, "factors: is missing; this design needs at least one"),
        (RANGES, {"kind": "sobol", "samples": 100}, "design.samples = 100: must be a power of two, e.g. 128"),
        (RANGES, {"kind": "saltelli", "samples": 6}, "design.samples = 6: must be a power of two, e.g. 8"),
        (RANGES, {"kind": "latin-hypercube"}, "design.samples: is missing and has no default"),
        (
            RANGES,
            {"kind": "latin-hypercube", "samples": 8, "seeds": 8},
            "design.seeds: no such key; allowed here: kind, samples",
        ),
        (RANGES, {"kind": "hexagon"}, "design.kind = 'hexagon': must be one of grid, zip, one-at-a-time, points, "),
        (
            RANGES,
            {"kind": "morris", "trajectories": 2, "num_levels": 3},
            "design.num_levels = 3: must be a multiple of 2",
        ),
        (RANGES, {"kind": "fractional-factorial"}, "design.generators: must be given, or else `resolution`, not both"),
        (RANGES, {"kind": "fractional-factorial", "generators": "a b"}, "design.generators = 'a b': must have 3 words"),
        (RANGES, {"kind": "fractional-factorial", "generators": "a b a"}, "design.generators = 'a b a': Main factors"),
        (
            [TOLERANCE],
            {"kind": "fractional-factorial", "resolution": 3},
            "factors.0.levels = [1.0, 2.0, 3.0]: must be two",
        ),
        ([TOLERANCE], {"kind": "points", "points": [{"days": 1}]}, "factors: must be left out where design.points"),
        ([], {"kind": "points", "points": []}, "design.points = []: must be a list of at least one table"),
        ([], {"kind": "points", "file": "nowhere.csv"}, "design.file = 'nowhere.csv': must be a CSV file"),
        (
            [{"path": f"providers.{j}.price", "low": 1, "high": 2, "steps": 2000} for j in range(2)],
            "grid",
            "design.kind = 'grid': makes 4,000,000 points; at most 1,000,000",
        ),
    ],
)
def test_a_design_that_cannot_be_made_is_refused(factors, design, line):
    with pytest.raises(ScenarioError) as caught:
        study(factors, design)
    assert str(caught.value).startswith(line), str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "must be a CSV file in UTF-8 with a header"),
        ("days,days\n1,2\n", "must name each column once in its first line"),
        ("days\n", "must have at least one line below the header"),
        ("days,users.count\n1\n", "points.csv line 2: has 1 values; must be 2"),
        ("days\n\xff\n", "must be a CSV file in UTF-8"),
        ("days\n-1\n", "design.points.0: days = -1: must be greater than or equal to 1"),
        ("dais\n1\n", "dais: no such key; did you mean days?"),
    ],
)
def test_a_file_of_points_that_cannot_be_read_is_refused(tmp_path, text, line):
    (tmp_path / "points.csv").write_bytes(text.encode("latin-1"))
    source = 'name = "s"\nscenario = "quiet"\ndesign = { kind = "points", file = "points.csv" }\n'
    (tmp_path / "study.toml").write_text(source)
    with pytest.raises(ScenarioError) as caught:
        Study.load(tmp_path / "study.toml")
    assert line in str(caught.value)
