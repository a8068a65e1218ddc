"""The command line as its users meet it: real processes, exit codes, streams, files."""

import json
import re
import signal
import subprocess
import sys
import tomllib

import pandas as pd
import psutil
import pytest

from batch.executor import ExecutorError
from model.checkpoint import resume
from patchmarket import cli
from tests.commands import PATIENCE, ROOT, patchmarket, running, wait_until

SMALL = ("--set", "users.count=500", "--set", "days=60", "--set", "flaws.per_year=40.0")


def test_json_is_one_object_and_nothing_else():
    done = patchmarket("run", "--json", *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    run = json.loads(done.stdout)
    assert list(run) == ["scenario", "seed", "days", "users", "providers", "flows", "moves", "answer"]
    assert list(run["providers"][0]) == [
        "name",
        "policy",
        "users_start",
        "users_end",
        "joined",
        "left",
        "downtime_minutes_per_user_year",
        "availability",
        "revenue",
        "costs",
        "profit",
        "profit_per_original_server",
        "exposed_server_days",
        "exploitable_server_days",
        "breaches",
        "breach_cost",
        "left_after_breach",
        "planned_downtime_minutes",
        "breach_downtime_minutes",
        "bad_update_downtime_minutes",
    ]
    assert list(run["moves"]["by_trigger"]) == ["outage", "message", "advert", "price", "peers", "breach"]
    assert list(run["moves"]["by_source"]) == ["initial", "word-of-mouth", "advert"]
    assert sum(run["moves"]["by_trigger"].values()) == run["moves"]["total"] == sum(map(sum, run["flows"]))
    assert sum(p["users_end"] for p in run["providers"]) == run["users"] == 500
    for provider in run["providers"]:
        assert provider["profit"] == pytest.approx(provider["revenue"] - provider["costs"])


def test_a_provider_without_users_has_no_rates():
    done = patchmarket("run", "--json", *SMALL, "--set", "providers.0.share=0.0", "--set", "providers.1.share=1.0")
    empty = json.loads(done.stdout)["providers"][0]
    assert empty["users_start"] == 0
    assert empty["downtime_minutes_per_user_year"] is None
    assert empty["profit_per_original_server"] is None
    assert (
        patchmarket("run", *SMALL, "--set", "providers.0.share=0.0", "--set", "providers.1.share=1.0").returncode == 0
    )


def test_piped_output_has_no_progress_bar_and_no_colours():
    done = patchmarket("run", *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "Moves from (row) to (column)" in done.stdout


def test_out_writes_tables_figures_and_a_scenario_that_gives_the_same_run(tmp_path):
    out = tmp_path / "new" / "folder"
    first = patchmarket("run", "--json", "--seed", "9", "--out", str(out), *SMALL)
    assert first.returncode == 0, first.stderr
    names = {path.name for path in out.iterdir()}
    tables = {f"{name}.parquet" for name in ("providers", "flows", "moves", "outages")}
    assert names == tables | {"scenario.toml", "summary.json", "history.png", "flows.png"}
    again = patchmarket("run", str(out / "scenario.toml"), "--json", "--seed", "9")
    assert json.loads(again.stdout) == json.loads(first.stdout) == json.loads((out / "summary.json").read_text())
    providers, moves, flows = (pd.read_parquet(out / f"{name}.parquet") for name in ("providers", "moves", "flows"))
    assert len(providers) == 2 * 60
    assert flows["users"].sum() == len(moves) == json.loads(first.stdout)["moves"]["total"] > 0
    assert (pd.read_parquet(out / "outages.parquet")["cause"] == "maintenance").all()
    for figure in ("history.png", "flows.png"):
        assert (out / figure).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run", "--set", "users.count=0"], "users.count = 0: must be greater than or equal to 1"),
        (["run", "--set", "nonsense"], "--set 'nonsense': must be key=value, e.g. users.count=1000"),
        (["run", "--set", "providers.0.share=nan"], "providers.0.share = nan: must be a finite number"),
        (["run", "nowhere.toml"], "scenario 'nowhere.toml': neither a file nor a preset; presets are "),
        (["run", "--seed", "x"], "Invalid value for '--seed': "),
        (["run", "--seed", "-1"], "Invalid value for '--seed': "),
        (["run", "--no-such-option"], "No such option: --no-such-option"),
        (["walk"], "No such command 'walk'"),
        (["show", "nowhere"], "scenario 'nowhere': neither a file nor a preset; presets are "),
        (["run", "--out", "/dev/null/x"], "--out = '/dev/null/x': must be a folder that can be written"),
        (
            ["run", "--set", "providers.².price=1"],
            "providers.².price: there is no provider '²'; there are Reboot & Co, Live & Co",
        ),
        (["run", "--set", "providers.1.policy.vendor=3"], "providers.1.policy.vendor = 3: must be a string"),
        (["run", "--set", "users.contract_days=1000000000000"], "users.contract_days = 1000000000000: must be less"),
        (["run", "a" * 300], "scenario 'aaa"),
        (
            ["run", "debian-history", "--set", "days=9999"],
            "days = 9999: must be at most 1877: debian-kernel ends on ",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, line):
    done = patchmarket(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"patchmarket: {line}")
    assert done.stderr.count("\n") == 1


def test_bad_input_writes_nothing(tmp_path):
    assert patchmarket("run", "--out", str(tmp_path / "out"), "--set", "days=0").returncode == 2
    assert not (tmp_path / "out").exists()


STOPS = [
    (signal.SIGINT, 130),
    pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow),
    pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("how", "code"), STOPS)
def test_a_stop_has_its_code_and_leaves_nothing_half_written(tmp_path, how, code):
    checkpoint = tmp_path / "out" / "checkpoint.npz"
    command = ["run", "--set", "days=50000", "--checkpoint-every", "100", "--out", str(tmp_path / "out")]
    with running(*command) as process:
        wait_until(checkpoint.exists, process)  # then days are being simulated
        process.send_signal(how)
        output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert output == ""
    assert errors == "patchmarket: stopped; what was written is whole\n"
    assert list((tmp_path / "out").iterdir()) == [checkpoint]
    assert resume(checkpoint).day >= 100


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), STOPS)
def test_a_stop_leaves_no_worker_behind(how, code):
    with running("reproduce", "structure", "--quick", "--check", "--workers", "2") as process:
        parent = psutil.Process(process.pid)
        wait_until(lambda: len(parent.children(recursive=True)) >= 3, process)
        workers = parent.children(recursive=True)
        process.send_signal(how)
        output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (code, "")
    assert errors.endswith("patchmarket: stopped; what was written is whole\n")
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert alive == []


def test_names_are_taken_as_they_are(tmp_path):
    odd = ("--set", 'providers.0.name="[/b] $x^$ {"', "--set", "name='$\\foo$ [red]'")
    done = patchmarket("run", *SMALL, *odd, "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "[/b] $x^$ {" in done.stdout
    assert "[red]" in done.stdout


def test_scenarios_lists_the_presets():
    lines = patchmarket("scenarios").stdout.splitlines()
    names = [line.split()[0] for line in lines]
    assert names[0] == "thought-experiment"
    assert {"debian-history", "many-policies", "quiet", "vendors", "crushed-and-copies", "price-war"} <= set(names)
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def test_run_reports_each_response_with_its_day_and_cost():
    done = patchmarket("run", "crushed-and-copies", "--set", "users.count=4000")
    line = next(line for line in done.stdout.splitlines() if line.startswith("day "))
    assert "Reboot & Co adopts live patching from day " in line
    told = json.loads(patchmarket("run", "crushed-and-copies", "--set", "users.count=4000", "--json").stdout)
    (event,) = told["responses"]
    assert line.startswith(f"day {event['day']}: Reboot & Co adopts live patching")
    assert f"costs ${event['cost']:,.0f}" in done.stdout.replace("\n", " ")


def test_show_takes_settings_and_prints_a_scenario():
    done = patchmarket("show", "quiet", "--set", "users.count=123")
    assert tomllib.loads(done.stdout)["users"]["count"] == 123


def test_debian_history_prints_reboots_by_policy_and_year():
    done = patchmarket("run", "debian-history", "--set", "users.count=100", "--json")
    by_year = json.loads(done.stdout)["reboots_by_year"]
    assert list(by_year) == ["2021", "2022", "2023", "2024", "2025", "2026"]
    flaws = {year: counts["flaws"] for year, counts in by_year.items()}
    assert flaws == {"2021": 1, "2022": 10, "2023": 8, "2024": 6, "2025": 8, "2026": 22}  # lines of the CSV
    for counts in by_year.values():
        assert counts["none"] == counts["live-patch"] == 0
        assert counts["defer"] <= 5
        assert counts["reboot"] <= counts["live-migrate"] == counts["flaws"]


def test_your_own_history_of_flaws(tmp_path):
    (tmp_path / "mine.csv").write_text("date,kind\n2024-01-05,kernel\n2024-01-20,hypervisor\n2024-03-01,kernel\n")
    settings = (
        "--set",
        "flaws.source=history",
        "--set",
        "flaws.history=mine.csv",
        "--set",
        "users.count=100",
    )
    done = patchmarket("run", "quiet", *settings, "--set", "days=57", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["reboots_by_year"]["2024"]["flaws"] == 3
    late = patchmarket("run", "quiet", *settings, "--set", "days=58", cwd=tmp_path)
    assert late.stderr.startswith("patchmarket: days = 58: must be at most 57: mine.csv ends on 2024-03-01")


def test_help_lists_every_command_under_what_it_is_for():
    text = patchmarket("--help").stdout
    places = [text.index(heading) for heading in ("Examples:", *(f"{group}:" for group in cli.GROUPS))]
    assert places == sorted(places)
    listed = re.findall(r"^  ([a-z-]+) {2,}\S", text[places[1] :], re.MULTILINE)
    assert listed == [command.__name__.replace("_", "-") for group in cli.GROUPS.values() for command in group]
    assert len(listed) == len(cli.app.registered_commands) == len(set(listed)) > 20


def test_help_does_not_wait_for_mesa_or_numba():
    heavy = "import sys; sys.argv = ['patchmarket', '--help']\nfrom patchmarket.cli import main\n"
    heavy += "try: main()\nexcept SystemExit: pass\n"
    heavy += "print([m for m in ('mesa', 'numba', 'matplotlib', 'pandas', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stdout.startswith("Usage: patchmarket")


def test_workers_that_cannot_start_are_a_line_and_exit_code_1(monkeypatch, capsys):
    def fails(*_, **__):
        raise ExecutorError("a worker cannot start: no memory")

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 1
    assert capsys.readouterr().err == "patchmarket: a worker cannot start: no memory\n"
