"""Studies: one file says everything about every run, and what cannot be run is refused before anything is."""

import pickle
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.identity import canonical, differences
from batch.study import Study
from batch.study_file import study_names
from model import Scenario, ScenarioError

FACTOR = {"path": "users.tolerance.median", "levels": [1.0, 2.0]}
PLAIN = {"name": "s", "scenario": "thought-experiment", "factors": [FACTOR]}


@pytest.mark.parametrize("name", study_names())
def test_what_is_written_loads_back_as_the_same_study(name):
    study = Study.load(name)
    again = Study.load(tomllib.loads(study.to_toml()))
    assert again == study
    assert again.digest == study.digest
    assert again.first_runs() == study.first_runs()
    assert study.describe_difference(tomllib.loads(study.to_toml())) == []


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ("users.memory_days", [1.0, float("inf")]),
        ("providers.0.policy", ["reboot", {"kind": "live-patch", "coverage": 0.5}]),
        ("providers.0.policy", [{"kind": "reboot"}, {"kind": "none"}]),
    ],
)
def test_every_kind_of_level_is_written_and_read(path, levels):
    study = Study.load(PLAIN, factors=[{"path": path, "levels": levels}])
    assert Study.load(tomllib.loads(study.to_toml())).digest == study.digest


def test_dates_and_lists_are_written_and_read():
    source = """
        name = "s"
        scenario = "debian-history"
        [[factors]]
        path = "flaws.start"
        levels = [2021-10-01, 2022-01-01]
        [[factors]]
        paths = ["users.count", "providers.0.policy"]
        levels = [[100, { kind = "reboot" }], [200, "none"]]
        [settings]
        days = 100
    """
    study = Study.load(tomllib.loads(source))
    assert Study.load(tomllib.loads(study.to_toml())).digest == study.digest
    assert [p.labels["flaws.start"] for p in study.points] == ["2021-10-01"] * 2 + ["2022-01-01"] * 2
    assert study.scenario_at(3).users.count == 200


def test_a_copy_sent_elsewhere_is_the_same():
    study = Study.load("tiny")
    sent = pickle.loads(pickle.dumps(study))
    assert sent == study
    assert sent.points == study.points
    assert pickle.loads(pickle.dumps(study.first_runs()[0])) == study.first_runs()[0]


def test_seeds_and_ids_are_fixed_for_all_time():
    study = Study.load(PLAIN)
    assert [study.run_of(0, r).seed for r in range(3)] == [
        7304948867842310288,
        2191214229878884811,
        2233128412168333075,
    ]
    ids = {run.run_id for run in study.first_runs()}
    assert len(ids) == study.total_runs == 40
    assert all(len(run_id) == 16 and int(run_id, 16) >= 0 for run_id in ids)


def test_common_random_numbers_share_seeds_between_points():
    shared, own = Study.load(PLAIN), Study.load(PLAIN, common_random_numbers=False)
    assert shared.run_of(0, 3).seed == shared.run_of(1, 3).seed != shared.run_of(0, 4).seed
    assert len({run.seed for run in own.first_runs()}) == own.total_runs
    assert all(0 <= run.seed < 2**63 for run in own.first_runs())
    assert Study.load(PLAIN, seed=2).run_of(0, 0).seed != shared.run_of(0, 0).seed


def test_runs_come_by_replicate_then_point():
    assert [(r.replicate, r.point) for r in Study.load(PLAIN, replicates=2).first_runs()] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]


def test_the_base_is_a_preset_a_file_or_tables(tmp_path):
    preset = Study.load(PLAIN)
    base = Scenario.preset("thought-experiment")
    assert Study.load(PLAIN | {"scenario": base.tables()}) == preset
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "mine.toml").write_text(
        'name = "mine"\n[[providers]]\nname = "A"\n[network]\nkind = "file"\npath = "friends.txt"\n[users]\ncount = 3\n'
    )
    (tmp_path / "scenarios" / "friends.txt").write_text("0 1\n1 2\n")
    (tmp_path / "study.toml").write_text('name = "s"\nscenario = "scenarios/mine.toml"\n')
    study = Study.load(tmp_path / "study.toml")
    assert study.base.name == "mine"
    assert study.base.network.path == str(tmp_path / "scenarios" / "friends.txt")


def test_files_count_by_what_is_in_them(tmp_path):
    digests = []
    for folder, edges in (("a", "0 1\n0 2\n"), ("b", "0 1\n0 2\n"), ("c", "0 1\n1 2\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "friends.txt").write_text(edges)
        (tmp_path / folder / "study.toml").write_text(
            'name = "s"\nscenario = "quiet"\nsettings = { users.count = 3, network.kind = "complete" }\n'
            '[[factors]]\npath = "network"\n'
            'levels = [{ kind = "file", path = "friends.txt" }, { kind = "none" }]\n'
        )
        digests.append(Study.load(tmp_path / folder / "study.toml").digest)
    assert digests[0] == digests[1] != digests[2]


def test_settings_change_the_base_quoted_or_not():
    quoted = Study.load(PLAIN | {"settings": {"users.count": 50, "days": 10}})
    nested = Study.load(PLAIN | {"settings": {"users": {"count": 50}, "days": 10}})
    keyword = Study.load(PLAIN, **{"scenario.users.count": 50, "scenario.days": 10})
    assert quoted == nested == keyword
    assert quoted.base.users.count == 50


def test_a_keyword_refines_a_short_form():
    study = Study.load(PLAIN | {"replicates": 7, "design": "grid"}, **{"replicates.round": 3})
    assert (study.replicates.minimum, study.replicates.round) == (7, 3)


def test_neither_limits_nor_the_wording_of_the_question_make_another_study():
    assert Study.load(PLAIN, question="Why?", **{"limits.timeout_seconds": 5.0}).digest == Study.load(PLAIN).digest


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seed": 2}, "seed: 2 here, 1 there"),
        ({"factors.0.levels": [1.0, 3.0]}, "factors.0.levels: [1.0, 3.0] here, [1.0, 2.0] there"),
        ({"factors.0.levels": [1, 2]}, "factors.0.levels: [1, 2] here, [1.0, 2.0] there"),
        ({"factors.0.role": "policy"}, "factors.0.role: 'policy' here, nothing there"),
        ({"scenario.users.count": 7_000}, "scenario.users.count: 7000 here, 20000 there"),
        ({"scenario.providers.1.price": 6.0}, "scenario.providers.1.price: 6.0 here, 5.0 there"),
        ({"design": {"kind": "zip"}}, "design.kind: 'zip' here, 'grid' there"),
        ({"stop.empty": True}, "stop.empty: true here, false there"),
    ],
)
def test_a_changed_study_has_another_digest_and_says_what_differs(change, line):
    there, here = Study.load(PLAIN), Study.load(PLAIN, **change)
    assert here.digest != there.digest
    assert {run.run_id for run in here.first_runs()}.isdisjoint(run.run_id for run in there.first_runs())
    assert here.describe_difference(tomllib.loads(there.to_toml())) == [line]


VALUES = st.booleans() | st.integers(0, 2) | st.sampled_from([0.0, 1.0, "x"])
TABLES = st.dictionaries(st.sampled_from("ab"), VALUES | st.lists(VALUES, max_size=2), max_size=2)
NESTED = st.dictionaries(st.sampled_from("ab"), VALUES | TABLES | st.lists(TABLES, max_size=2), max_size=2)


@given(NESTED, NESTED)
def test_a_difference_is_told_exactly_where_there_is_one(here, there):
    assert differences(here, here) == []
    assert bool(differences(here, there)) == (canonical(here) != canonical(there))


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(1, 6), st.booleans())
def test_every_run_is_known_from_its_numbers_alone(levels, replicates, common):
    tables = PLAIN | {"factors": [{"path": "flaws.per_year", "levels": [float(i) for i in range(levels)]}]}
    study = Study.load(tables, replicates=replicates, common_random_numbers=common)
    runs = study.first_runs()
    assert len({run.run_id for run in runs}) == len(runs) == study.total_runs == levels * replicates
    assert all(study.run_of(run.point, run.replicate) == run for run in reversed(runs))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"scenario": None}, "scenario: is missing; give a preset, a file or a table"),
        ({"scenario": "nowhere"}, "scenario 'nowhere': neither a file nor a preset; presets are thought-experiment, "),
        ({"scenario": 3}, "scenario = 3: must be a preset's name, a file or a table"),
        (
            {"scenario": {"days": 0}},
            "scenario.days = 0: must be greater than or equal to 1\nscenario.providers: is missing",
        ),
        ({"settings": {"users.count": 0}}, "scenario.users.count = 0: must be greater than or equal to 1"),
        ({"settings": 3}, "settings = 3: must be a table: dotted path = value"),
        ({"name": None}, "name: is missing and has no default"),
        ({"seed": -1}, "seed = -1: must be greater than or equal to 0"),
        ({"factor": []}, "factor: no such key; did you mean factors?"),
        ({"factors": [{"levels": [1]}]}, "factors.0.path: must be given, or else `paths`, not both"),
        ({"factors": [{"path": "days"}]}, "factors.0.levels: must be given, or else `low` and `high`, not both"),
        ({"factors": [{"path": "days", "low": 1.0}]}, "factors.0.high: is missing"),
        ({"factors": [{"path": "days", "low": 2.0, "high": 2.0}]}, "factors.0.high = 2.0: must be above low, 2"),
        (
            {"factors": [{"path": "flaws.per_year", "low": 0, "high": 2, "scale": "log"}]},
            "factors.0.low = 0.0: must be above 0 where scale = ",
        ),
        (
            {"factors": [{"path": "network.degree", "low": 2.5, "high": 3.5, "steps": 2}]},
            "factors.0.high = 3.5: must leave room for a multiple of 2 above low, 2.5",
        ),
        (
            {"factors": [{"paths": ["days", "users.count"], "levels": [[1, 2], 3]}]},
            "factors.0.levels.1 = 3: must be a list of 2 values, one for each of `paths`",
        ),
        (
            {"factors": [{"paths": ["days", "users.count"], "low": 1.0, "high": 2.0}]},
            "factors.0.low: a range is for one `path`, not for `paths`",
        ),
        ({"factors": [FACTOR | {"names": ["one"]}]}, "factors.0.names = ['one']: must be 2, one for each level"),
        ({"factors": [FACTOR | {"names": ["a", "a"]}]}, "factors.0.names = ['a', 'a']: must differ from each other"),
        ({"factors": [FACTOR | {"role": "chance"}]}, "factors.0.role = 'chance': must be 'policy' or 'uncertainty'"),
        ({"factors": [FACTOR, FACTOR]}, "factors.1.path = 'users.tolerance.median': must not be that of factors.0 too"),
        (
            {"factors": [FACTOR | {"name": "seed"}]},
            "factors.0.name = 'seed': must not be a column of every study's tables",
        ),
        (
            {"factors": [FACTOR | {"name": "x"}, {"path": "days", "levels": [5], "name": "x"}]},
            "factors.1.name = 'x': must not be that of factors.0 too",
        ),
        (
            {"factors": [FACTOR | {"levels": [1.0, -2.0]}]},
            "factors.0.levels.1: users.tolerance.median = -2.0: must be greater than or equal to 0",
        ),
        (
            {"factors": [{"path": "users.tolerence", "levels": [1.0]}]},
            "factors.0.levels.0: users.tolerence: no such key; did you mean tolerance?",
        ),
        (
            {"factors": [{"path": "providers.7.price", "levels": [1.0]}]},
            "factors.0.levels.0: providers.7.price: there is no number 7; allowed are 0 to 1",
        ),
        (
            {"factors": [FACTOR, {"path": "providers.0.policy", "levels": [{"kind": "reboot"}, {"kind": "pray"}]}]},
            "factors.1.levels.1: providers.0.policy.kind = 'pray': must be one of reboot, ",
        ),
        (
            {"factors": [{"path": "users.count", "levels": [100, 6]}, {"path": "network.degree", "levels": [4, 8]}]},
            "factors.1.levels.1: network.degree = 8: must be at most users.count - 1 = 5",
        ),
        (
            {"factors": [{"path": "users.count", "levels": [100, 6]}, FACTOR]},
            "point 2 (users.count = 6, users.tolerance.median = 1.0): network.degree = 8: must be at most users.count",
        ),
        (
            {"factors": [{"path": "days", "low": 5, "high": 9, "steps": 2}], "outcomes": {"warmup_days": 5}},
            "must be below 5, ",
        ),
        (
            {"outcomes": {"warmup_days": 365}},
            "outcomes.warmup_days = 365: must be below 365, the days of the shortest run",
        ),
        ({"stop": {"quiet_days": 0}}, "stop.quiet_days = 0: must be greater than or equal to 1"),
        ({"limits": {"timeout": 3}}, "limits.timeout: no such key; did you mean timeout_seconds?"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_line_that_names_the_field(change, line):
    tables = {key: value for key, value in (PLAIN | change).items() if value is not None}
    with pytest.raises(ScenarioError) as caught:
        Study.load(tables)
    assert line in str(caught.value), str(caught.value)


def test_a_flood_of_wrong_points_is_cut_short():
    levels = [-float(i) for i in range(1, 30)]
    with pytest.raises(ScenarioError) as caught:
        Study.load(PLAIN, factors=[FACTOR | {"levels": levels}])
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "... and more of the kind"


@pytest.mark.parametrize(
    ("text", "line"), [("name = ", "not a TOML file that can be read"), (None, "neither a file nor")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, text, line):
    if text is not None:
        (tmp_path / "study.toml").write_text(text)
    with pytest.raises(ScenarioError, match=line):
        Study.load(tmp_path / "study.toml")
