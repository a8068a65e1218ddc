"""Outcomes: what a run leaves behind is what the market did, the same wherever and after whatever it is run."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.analysis import open_study
from batch.columns import PROVIDER_COLUMNS, outcome_types
from batch.outcomes import advance, execute, live_paid, schema, shared_graph, warm_up
from batch.study import Stop, Study
from model import Market, Scenario, ScenarioError
from model.summary import summarise

EVERYTHING = {"series": True, "flows": True, "moves": True}


@pytest.fixture(scope="module")
def tiny():
    return Study.load("tiny", outcomes=EVERYTHING)


@pytest.fixture(scope="module")
def results(tiny):
    return [execute(tiny, run) for run in tiny.first_runs()]


@pytest.fixture
def folder(tiny, results, tmp_path):
    (tmp_path / "study.toml").write_text(tiny.to_toml())
    for table in ("runs", "series", "flows", "moves", "failures"):
        (tmp_path / table).mkdir()
    for part, some in enumerate((results[:5], results[5:])):
        rows = pa.Table.from_pylist([result.row for result in some], schema(tiny))
        pq.write_table(rows, tmp_path / "runs" / f"part-{part}.parquet")
        for name in ("series", "flows", "moves"):
            whole = pa.concat_tables([getattr(result, name) for result in some])
            pq.write_table(whole, tmp_path / name / f"part-{part}.parquet")
    return tmp_path


def market_of(study, run):
    return Market(study.base, rng=run.seed, **run.settings).run()


def test_a_row_says_what_the_summary_of_the_run_says(tiny, results):
    for run, result in zip(tiny.first_runs(), results, strict=True):
        row, told = result.row, summarise(market_of(tiny, run))
        assert row["moves"] == told["moves"]["total"]
        assert [row[f"moves_trigger_{name}"] for name in told["moves"]["by_trigger"]] == list(
            told["moves"]["by_trigger"].values()
        )
        assert [row[f"moves_source_{name.replace('-', '_')}"] for name in told["moves"]["by_source"]] == list(
            told["moves"]["by_source"].values()
        )
        for j, provider in enumerate(told["providers"]):
            for name in set(PROVIDER_COLUMNS) & set(provider):
                assert row[f"p{j}_{name}"] == pytest.approx(provider[name], rel=1e-12), name
        assert row["p0_share_end"] + row["p1_share_end"] == pytest.approx(1)
        assert row["lost_share_p0"] == row["p0_left"] / row["p0_users_start"]
    assert any(result.row["moves"] for result in results)


def test_months_and_exposure_are_those_of_the_record():
    study = Study.load("tiny", outcomes={"warmup_days": 20}, **{"scenario.open_market.departures_per_year": 2.0})
    run = study.run_of(0, 0)
    row, record = execute(study, run).row, market_of(study, run).record
    for j in (0, 1):
        servers, users, flaws, breaches = (
            record.column(name)[20:, j].sum() for name in ("servers", "users", "open_flaws", "breaches")
        )
        assert row[f"p{j}_server_months"] == pytest.approx(servers * 12 / 365)
        assert row[f"p{j}_user_months"] == pytest.approx(users * 12 / 365)
        assert (row[f"p{j}_open_flaw_days"], row[f"p{j}_breaches"]) == (flaws, breaches)
        assert row[f"p{j}_departed"] == record.column("departed")[:, j].sum() > 0
    patches = study.base.replace(**study.points[1].settings).providers[1].policy.per_server_month
    assert execute(study, study.run_of(1, 0)).row["p1_server_months"] * patches == pytest.approx(
        execute(study, study.run_of(1, 0)).row["p1_costs"]
    )


def test_rows_have_one_shape_and_plain_types(tiny, results):
    names = schema(tiny).names
    for result in results:
        assert list(result.row) == names
        assert {type(value) for value in result.row.values()} <= {int, float, str, bool, type(None)}
    assert pa.Table.from_pylist([result.row for result in results], schema(tiny)).num_rows == 12


def test_the_same_run_gives_the_same_bytes_after_whatever_else(tiny, results):
    for run, before in reversed(list(zip(tiny.first_runs(), results, strict=True))):
        again = execute(tiny, run)
        assert repr(again.row) == repr(before.row)
        for here, there in zip(again[1:], before[1:], strict=True):
            assert here.equals(there)
            assert here.schema == there.schema


def test_tables_are_those_of_the_record(tiny, results):
    run, result = next((u, r) for u, r in zip(tiny.first_runs(), results, strict=True) if r.row["moves"])
    record = market_of(tiny, run).record
    for mine, theirs in ((result.series, record.providers), (result.flows, record.flows), (result.moves, record.moves)):
        assert mine.column_names == ["run_id", *theirs.columns]
        assert set(mine.column("run_id").to_pylist()) == {run.run_id}
        for column in theirs.columns:
            assert mine.column(column).to_pylist() == theirs[column].tolist()


def test_a_run_that_nobody_moves_in_has_empty_tables_of_the_same_types(tiny):
    quiet = Study.load("tiny", outcomes=EVERYTHING, **{"scenario.flaws.per_year": 0.0, "scenario.days": 5})
    result = execute(quiet, quiet.run_of(0, 0))
    assert result.flows.num_rows == result.moves.num_rows == 0
    moved = execute(tiny, tiny.run_of(0, 0))
    assert (result.flows.schema, result.moves.schema) == (moved.flows.schema, moved.moves.schema)


def test_nothing_is_kept_unasked(tiny):
    assert execute(Study.load("tiny"), tiny.run_of(0, 0))[1:] == (None, None, None)


def test_warm_up_days_are_cut_from_rates_and_money_only():
    whole, cut = Study.load("tiny"), Study.load("tiny", **{"outcomes.warmup_days": 20})
    run = whole.run_of(0, 0)
    everything, measured = execute(whole, run).row, execute(cut, run).row
    record = market_of(whole, run).record
    assert measured["p0_profit"] == pytest.approx(record.column("profit")[20:, 0].sum())
    morning = np.vstack([record.users_at_start, record.column("users")])[20:60, 0].sum()
    minutes = record.column("downtime_minutes")[20:, 0].sum()
    assert measured["p0_downtime_minutes_per_user_year"] == pytest.approx(minutes / morning * 365)
    assert measured["p0_profit"] < everything["p0_profit"]
    for same in ("moves", "p0_joined", "p0_left", "p0_users_end", "lost_share_p0", "days"):
        assert measured[same] == everything[same]


def small_market(**settings):
    return Market("thought-experiment", rng=1, **{"users.count": 200, "days": 100, **settings})


def test_a_run_without_moves_stops_when_it_has_been_quiet_for_long():
    market = small_market(**{"flaws.per_year": 0.0})
    assert advance(market, Stop(quiet_days=10), 0) == "quiet"
    assert market.day == 10
    market = small_market(**{"flaws.per_year": 0.0})
    assert advance(market, Stop(quiet_days=10), 30) == "quiet"
    assert market.day == 31  # the first day after the warm-up


def test_quiet_days_are_counted_from_the_last_move():
    lively = {"flaws.per_year": 60.0, "users.tolerance.median": 1.0, "users.initial_awareness": 1.0}
    market = small_market(**lively)
    assert advance(market, Stop(quiet_days=25), 0) == "quiet"
    last = market.record.moves["day"].max()
    assert market.day == last + 25 + 1
    full = small_market(**lively).run().record.moves["day"].unique()
    assert np.diff([-1, *full[full <= last]]).max() <= 25


def test_a_run_stops_when_a_provider_is_empty():
    market = small_market(**{"flaws.per_year": 200.0, "users.tolerance.median": 0.01, "users.initial_awareness": 1.0})
    assert advance(market, Stop(empty=True), 0) == "empty"
    users = market.record.column("users")[:, 0]
    assert users[-1] == 0
    assert (users[:-1] > 0).all()


def test_a_provider_that_never_had_users_does_not_stop_a_run():
    market = small_market(**{"flaws.per_year": 0.0, "providers.0.share": 1.0, "providers.1.share": 0.0})
    assert advance(market, Stop(empty=True), 0) == ""
    assert market.day == 100


def test_a_run_at_its_end_was_not_stopped():
    market = small_market(**{"flaws.per_year": 0.0})
    assert advance(market, Stop(quiet_days=100), 0) == ""


@pytest.mark.parametrize(
    ("policies", "earned", "paid"),
    [
        (["reboot", "live-patch"], [4000.0, 5880.0], 1),
        (["reboot", "live-patch"], [5000.0, 5000.0], 0),
        (["live-patch", "reboot", "none"], [4000.0, 3000.0, 5000.0], 0),
        (["live-patch", "live-patch", "reboot"], [4000.0, 9000.0, 5000.0], 0),
        (["reboot", "none"], [1.0, 2.0], None),
        (["live-patch"], [1.0], None),
        (["reboot", "live-patch"], [None, 5.0], None),
        (["reboot", "live-patch"], [5.0, None], None),
    ],
)
def test_live_patching_paid_if_it_out_earned_the_best_of_the_others(policies, earned, paid):
    assert live_paid(policies, [{"mean_profit_per_original_server": e} for e in earned]) == paid


def test_points_may_differ_in_their_providers():
    two = Scenario.preset("thought-experiment").tables()["providers"]
    factor = {"path": "providers", "levels": [[two[0] | {"share": 1.0}], two], "names": ["one", "two"]}
    study = Study.load("tiny", factors=[factor])
    assert study.providers == 2
    alone, both = execute(study, study.run_of(0, 0)).row, execute(study, study.run_of(1, 0)).row
    assert list(alone) == list(both)
    assert alone["p1_users_end"] is None
    assert alone["live_paid"] is None
    assert both["p1_users_end"] is not None


def test_graphs_are_built_once_and_are_those_of_the_market(tiny):
    network = tiny.base.network
    graph = shared_graph(network, 200, 5)
    assert shared_graph(network, 200, 5) is graph
    assert shared_graph(network, 200, 6) is not graph
    assert (graph.links.indices == Market(tiny.base, rng=5).network.links.indices).all()
    complete = Scenario.preset("quiet", **{"network.kind": "complete", "users.count": 9}).network
    assert shared_graph(complete, 9, 1) is shared_graph(complete, 9, 2)


def test_warming_up_leaves_nothing_to_compile():
    from agents import choice, day, experience, fleets, users

    warm_up()
    rules = [
        day.talk_and_consider,
        day.talk_until_someone_leaves,
        choice.choose,
        users.inform,
        experience.apply_outages,
        fleets.relocate,
    ]
    before = [len(rule.signatures) for rule in rules]
    assert min(before) > 0
    small_market(**{"flaws.per_year": 60.0, "users.tolerance.median": 1.0}).run()
    assert [len(rule.signatures) for rule in rules] == before


# --- reading the folder


def test_a_folder_is_read_back_sorted_by_run(folder, results):
    study = open_study(folder)
    runs = study.runs()
    assert runs["run_id"].tolist() == sorted(result.row["run_id"] for result in results)
    expected = pd.DataFrame([r.row for r in results]).sort_values("run_id", ignore_index=True)
    assert runs["p0_profit"].tolist() == expected["p0_profit"].tolist()
    assert runs["patches"].tolist() == expected["patches"].tolist()
    series = study.series()
    assert len(series) == 12 * 60 * 2
    assert series["run_id"].is_monotonic_increasing
    assert series["day"].tolist() == np.tile(np.repeat(np.arange(60), 2), 12).tolist()
    assert list(study.series(["day"]).columns) == ["run_id", "day"]
    assert len(study.moves()) == runs["moves"].sum() == study.flows()["users"].sum()


def test_only_runs_in_a_runs_part_count(folder):
    (folder / "runs" / "part-1.parquet").unlink()
    study = open_study(folder)
    assert len(study.runs()) == 5
    assert set(study.series()["run_id"]) == set(study.runs()["run_id"])
    (folder / "runs" / "part-0.parquet").unlink()
    assert len(study.runs()) == len(study.series()) == 0
    assert list(study.runs().columns) == schema(study.study).names


def test_the_summary_is_student_by_point(folder, results):
    summary = open_study(folder).summary()
    point = summary.query("point == 0 and outcome == 'p0_users_end'").iloc[0]
    values = [r.row["p0_users_end"] for r in results if r.row["point"] == 0]
    half = 4.302653 * np.std(values, ddof=1) / np.sqrt(3)  # Student's t, 2 degrees of freedom, 95 %
    assert (point["n"], point["mean"], point["sd"]) == pytest.approx((3, np.mean(values), np.std(values, ddof=1)))
    assert (point["low"], point["high"]) == pytest.approx((np.mean(values) - half, np.mean(values) + half))
    assert point["patches"] == "none"
    assert set(summary["outcome"]) == {name for name, kind in outcome_types(2).items() if kind is not str}
    assert len(summary) == 4 * (len(outcome_types(2)) - 1)
    nothing = summary.query("point == 1 and outcome == 'live_paid'").iloc[0]  # both patch live
    assert nothing["n"] == 0
    assert np.isnan(nothing["mean"])


def test_the_summary_of_one_run_has_no_interval(tiny, results, folder):
    (folder / "runs" / "part-1.parquet").unlink()
    rows = pa.Table.from_pylist([results[0].row], schema(tiny))
    pq.write_table(rows, folder / "runs" / "part-0.parquet")
    summary = open_study(folder).summary()
    assert summary["low"].isna().all()
    assert summary.query("outcome == 'days'")["mean"].tolist() == [60]


def test_the_deciding_outcome_keeps_its_wider_interval(tiny, folder):
    rule = {"minimum": 5, "maximum": 10, "round": 5, "outcome": "p0_users_end", "half_width": 5.0}
    plain = open_study(folder).summary().set_index(["point", "outcome"])
    (folder / "study.toml").write_text(Study.load("tiny", replicates=rule).to_toml())
    wide = open_study(folder).summary().set_index(["point", "outcome"])
    assert wide.loc[(0, "p0_users_end"), "high"] > plain.loc[(0, "p0_users_end"), "high"]
    assert wide.loc[(0, "p1_users_end"), "high"] == plain.loc[(0, "p1_users_end"), "high"]


def test_failures_are_listed_unless_done_since(folder, results):
    done = results[0].row["run_id"]
    for run_id in ("ffff000000000000", "0000000000000000", done):
        what = {"run_id": run_id, "point": 1, "replicate": 0, "seed": 5, "reason": "timeout"}
        (folder / "failures" / f"{run_id}.json").write_text(json.dumps(what))
    failures = open_study(folder).failures()
    assert failures["run_id"].tolist() == ["0000000000000000", "ffff000000000000"]
    assert failures["reason"].tolist() == ["timeout", "timeout"]
    (folder / "failures" / "x.json").write_text("{")
    with pytest.raises(ScenarioError, match=r"x\.json: is damaged"):
        open_study(folder).failures()


def test_a_run_that_is_there_twice_is_refused(folder):
    (folder / "runs" / "part-2.parquet").write_bytes((folder / "runs" / "part-0.parquet").read_bytes())
    with pytest.raises(ScenarioError, match="is there more than once"):
        open_study(folder).runs()


def test_a_truncated_part_is_named(folder):
    part = folder / "runs" / "part-0.parquet"
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ScenarioError, match=r"part-0\.parquet: not a Parquet file that can be read"):
        open_study(folder).runs()


def test_half_written_parts_are_not_read(folder):
    (folder / "runs" / ".part-3.partial.parquet").write_bytes(b"PAR1")
    assert len(open_study(folder).runs()) == 12


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match=r"there is no study\.toml in it"):
        open_study(tmp_path)
