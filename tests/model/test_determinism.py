"""The same scenario and seed give the same bytes; a draw from one stream moves no other."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model import Market

ROOT = Path(__file__).parents[2]
DIGEST = """
import hashlib
from model import Market
for name in ("thought-experiment", "many-policies"):
    market = Market(name, rng=11, **{"users.count": 1500, "days": 200, "users.choice_noise": 2.0})
    record = market.run().record
    print(hashlib.sha256(b"".join(
        [record.daily.tobytes(), market.users.belief.tobytes(), *(c.tobytes() for c in record.move_columns)]
    )).hexdigest())
"""


def digests(python=sys.executable, hash_seed="0"):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([python, "-c", DIGEST], capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    return done.stdout


def test_two_processes_with_different_hash_seeds_agree_to_the_byte():
    assert digests(hash_seed="1") == digests(hash_seed="2")


def test_other_python_versions_agree_to_the_byte():
    other = os.environ.get("OTHER_PYTHON")  # CI sets it to another Python with the project's dependencies
    if not other:
        pytest.skip("OTHER_PYTHON names no second Python")
    assert digests() == digests(python=other)


def founding(market):
    parts = [market.users.tolerance, market.users.value, market.network.links.indices, market.users.provider]
    flaws = repr(sorted(market.flaws.items())).encode()
    return hashlib.sha256(flaws + b"".join(part.tobytes() for part in parts)).hexdigest()


@pytest.mark.parametrize(
    "settings",
    [
        {"providers.0.failures.per_server_year": 50.0},
        {"providers.0.policy": "none"},
        {"word_of_mouth.talk_per_day": 0.5},
        {"users.advertising_per_day": 0.1},
        {"users.choice_noise": 3.0},
    ],
)
def test_another_use_of_chance_leaves_flaws_graph_and_people_alone(settings):
    base = {"users.count": 400, "days": 250, "users.tolerance.median": 3.0}
    plain, other = Market(rng=3, **base), Market(rng=3, **base, **settings)
    assert founding(plain) == founding(other)
    plain.run()
    other.run()
    if "users.choice_noise" not in settings:  # with one rival there is nothing to choose among
        assert not np.array_equal(plain.record.daily, other.record.daily)


def test_hypervisor_flaws_leave_kernel_flaws_alone_and_a_longer_run_begins_alike():
    plain = Market(rng=3, **{"users.count": 50}).flaws
    mixed = Market(rng=3, **{"users.count": 50, "flaws.hypervisor_per_year": 9.0, "days": 800}).flaws
    kernel = {d: [f for f in found if f.kind == "kernel"] for d, found in mixed.items() if d < 365}
    assert {d: found for d, found in kernel.items() if found} == plain


def test_common_people_scale_with_the_median():
    one, two = (Market(rng=3, **{"users.count": 50, "users.tolerance.median": m}) for m in (10.0, 20.0))
    assert two.users.tolerance == pytest.approx(2 * one.users.tolerance)


def test_the_seed_zero_is_a_seed():
    assert founding(Market(rng=0, **{"users.count": 50})) == founding(Market(rng=0, **{"users.count": 50}))
    assert founding(Market(rng=0, **{"users.count": 50})) != founding(Market(rng=1, **{"users.count": 50}))
