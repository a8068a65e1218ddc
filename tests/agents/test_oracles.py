import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import users as columns
from agents.bernoulli import BernoulliTrials, bernoulli_indices
from agents.choice import Offers, Preferences, add_peer_gains, choose, compute_gains, leavers, pick
from agents.experience import DAYS_PER_MONTH, apply_outages, belief_per_minute, believed, decay_factors
from agents.fleets import Fleets, relocate
from agents.maintenance import Campaign
from agents.policies import Flaw, Reboot
from agents.users import News, Users, first_trigger, inform, rows_for
from agents.word_of_mouth import Mailbox, listen, message_weights, talk, talkers
from model import Market
from model.network import Graph, from_edges
from tests import oracles

LAST_DAY = 40
MINUTES = st.sampled_from([0.0, 1.0, 2.5, 10.0]) | st.floats(0, 1e5)
UNIT = st.sampled_from([0.0, 0.25, 0.5]) | st.floats(0, 1, exclude_max=True)
many = settings(max_examples=150)


@dataclass
class Small:
    """A market of a few users, small enough to be checked by hand."""

    day: int
    rows: np.ndarray
    users: Users
    graph: Graph
    offers: Offers
    decay: np.ndarray
    slots: list  # [provider]: its users by slot

    def plain(self):
        return oracles.plain(self.users)

    @property
    def n(self):
        return len(self.users.provider)

    @property
    def providers(self):
        return len(self.offers.price)


@st.composite
def markets(draw):
    """Ties, unknown providers, empty fleets, isolated users, infinite tolerances and memories all occur."""
    n, p = draw(st.integers(1, 7)), draw(st.integers(1, 4))
    day = draw(st.integers(0, LAST_DAY - 2))

    def each(what, count=n):
        return draw(st.lists(what, min_size=count, max_size=count))

    provider = each(st.integers(0, p - 1))
    belief = np.reshape(each(MINUTES | st.just(np.nan), n * p), (n, p))
    belief[range(n), provider] = each(MINUTES)
    seats = draw(st.permutations(range(n)))
    slots = [[i for i in seats if provider[i] == j] for j in range(p)]
    rows = rows_for(n, p)
    users = Users.on(
        rows,
        provider=np.array(provider),
        slot=np.array([slots[provider[i]].index(i) for i in range(n)], np.int32),
        belief=belief,
        source=np.isfinite(belief),
        as_of=np.array(each(st.integers(-1, day - 1))),
        tolerance=np.array(each(MINUTES | st.just(np.inf))),
        value=np.array(each(st.sampled_from([0.1, 0.5]) | st.floats(0.01, 100))),
        requirements=np.array(each(UNIT)),
        downtime=np.array(each(MINUTES)),
        instances=np.array(1),
    )
    directed = draw(st.booleans())
    pairs = [(a, b) for a in range(n) for b in range(n) if a < b or (directed and a != b)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    graph = from_edges(n, np.array(edges, np.int32).reshape(-1, 2).T, directed)
    offers = Offers(
        price=np.array(each(st.sampled_from([5.0, 4.5]) | st.floats(0, 100), p)),
        reach=np.array(each(st.sampled_from([1.0, 0.5]) | st.floats(0.01, 1), p)),
        order=np.array(draw(st.permutations(range(p)))),
    )
    memory = draw(st.sampled_from([0.5, 90.0, np.inf]))
    return Small(day, rows, users, graph, offers, decay_factors(memory, LAST_DAY), slots)


def groups_of(n, most=12):
    return st.lists(st.integers(0, n - 1), max_size=most)


def some_of(n):
    return st.lists(st.integers(0, n - 1), unique=True)


def assert_same(users, expected):
    for name, column in users._asdict().items():
        np.testing.assert_array_equal(column, np.array(getattr(expected, name), column.dtype), err_msg=name)


# --- chance


@many
@given(st.integers(0, 2**32), st.integers(0, 60), st.sampled_from([1e-9, 0.001, 0.02, 0.3, 0.9, 1.0]))
def test_trials_succeed_as_their_oracle_says(seed, n, chance):
    gaps = np.random.default_rng(seed).geometric(chance, n + 1).tolist()
    hits = bernoulli_indices(np.random.default_rng(seed), n, chance)
    assert hits.tolist() == oracles.bernoulli_indices(gaps, n)


@pytest.mark.parametrize(("n", "chance"), [(1, 0.01), (5, 0.01), (20, 0.3), (200, 0.02)])
def test_every_trial_succeeds_with_its_chance(n, chance):
    rng, times = np.random.default_rng(7), 20_000
    hits = np.bincount(np.concatenate([bernoulli_indices(rng, n, chance) for _ in range(times)]), minlength=n)
    error = math.sqrt(chance * (1 - chance) / times)
    assert abs(hits / times - chance).max() < 4.5 * error  # the worst of n trials
    assert abs(hits.mean() / times - chance) < 4 * error / math.sqrt(n)


@many
@given(st.integers(0, 2**32), st.integers(1, 9), st.sampled_from([0.001, 0.2, 0.9, 1.0]), st.data())
def test_rows_of_trials_are_the_same_however_many_are_asked_for_at_a_time(seed, n, chance, data):
    rows = 200
    whole = BernoulliTrials(np.random.default_rng(seed), n, rows, chance)
    everything = whole.successes_before(rows)
    everything = everything[everything < n * rows]
    assert (np.diff(everything) > 0).all()
    pieces, row, found = BernoulliTrials(np.random.default_rng(seed), n, rows, chance), 0, []
    while row < rows:
        row = min(row + data.draw(st.integers(1, 90)), rows)
        known = pieces.successes_before(row)
        count = int(np.searchsorted(known, row * n))
        found += known[:count].tolist()
        pieces.discard(count)
    assert found == everything.tolist()


@pytest.mark.parametrize("chance", [0.001, 0.02, 0.4, 0.97])
def test_every_trial_of_many_rows_succeeds_with_its_chance(chance):
    n, rows = 50, 20_000
    trials = BernoulliTrials(np.random.default_rng(7), n, rows, chance).successes_before(rows)
    trials = trials[trials < n * rows]
    hits = np.bincount(trials % n, minlength=n)
    error = math.sqrt(chance * (1 - chance) / rows)
    assert abs(hits / rows - chance).max() < 4.5 * error
    assert abs(hits.mean() / rows - chance) < 4 * error / math.sqrt(n)
    gaps = np.bincount(np.diff(trials))[1:6]  # geometric: each length comes with its own chance
    expected = chance * (1 - chance) ** np.arange(5) * (len(trials) - 1)
    assert (abs(gaps - expected[: len(gaps)]) < 4.5 * np.sqrt(expected[: len(gaps)])).all()


def test_trials_without_a_chance_never_succeed_and_certain_ones_always_do():
    assert len(BernoulliTrials(np.random.default_rng(7), 9, 100, 0.0).successes_before(100)) == 0
    assert BernoulliTrials(np.random.default_rng(7), 3, 4, 1.0).successes_before(4)[:12].tolist() == list(range(12))


def test_without_a_chance_or_trials_nothing_succeeds():
    rng = np.random.default_rng(7)
    assert [len(bernoulli_indices(rng, n, chance)) for n, chance in ((9, 0.0), (0, 0.5), (0, 1.0))] == [0] * 3


# --- experience


@many
@given(st.data(), markets(), st.integers(1, 3))
def test_suffering_is_its_oracle(data, small, capacity):
    provider = data.draw(st.integers(0, small.providers - 1))
    roster = small.slots[provider]
    servers = -(-len(roster) // capacity)
    minutes = data.draw(st.lists(MINUTES, min_size=servers, max_size=servers))
    felt = data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=servers, max_size=servers))
    shares = data.draw(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=servers, max_size=servers))
    weight, expected, out = belief_per_minute(90), small.plain(), np.empty(small.n, np.int32)
    seated = Fleets.of(small.users, small.providers).instances_of(provider)

    hit, total, (by_cause,) = apply_outages(
        small.day,
        provider,
        np.array(minutes),
        np.array(shares).reshape(-1, 1),
        np.array(felt),
        seated,
        len(roster),
        capacity,
        small.users,
        small.decay,
        weight,
        0.5,
        out,
    )
    affected = oracles.apply_outages(
        small.day, provider, minutes, felt, roster, capacity, expected, small.decay.tolist(), weight
    )

    assert out[:hit].tolist() == affected
    assert total == pytest.approx(sum(minutes[slot // capacity] for slot in range(len(roster))))
    on = [slot // capacity for slot in range(len(roster))]
    assert by_cause == pytest.approx(sum(minutes[server] * shares[server] for server in on))
    assert_same(small.users, expected)


@many
@given(markets())
def test_beliefs_of_today_are_their_oracle(small):
    decay, users = small.decay.tolist(), small.plain()
    expected = [oracles.believed(i, small.day, users, decay) for i in range(small.n)]
    assert believed(small.users, small.day, small.decay).tolist() == expected


@pytest.mark.parametrize("memory_days", [0.5, 90.0, math.inf])
def test_a_belief_faded_when_read_is_one_averaged_every_day(memory_days):
    minutes = {3: 5.0, 4: 0.5, 30: 240.0}
    a = math.exp(-1 / memory_days)
    daily = 2.0
    rows = rows_for(1, 1)
    users = Users.on(
        rows,
        provider=np.array(0),
        slot=np.zeros(1, np.int32),
        belief=np.array(daily),
        as_of=np.array(0),
        value=np.ones(1),
        requirements=np.zeros(1),
        instances=np.array(1),
    )
    decay, weight = decay_factors(memory_days, LAST_DAY), belief_per_minute(memory_days)
    for day in range(1, LAST_DAY):
        daily = daily * a + minutes.get(day, 0.0) * (365 / 12) * (1 - a)
        if day in minutes:
            out = np.empty(1, np.int32)
            apply_outages(
                day,
                0,
                np.array([minutes[day]]),
                np.zeros((1, 0)),
                np.ones(1),
                np.zeros(1, np.int32),
                1,
                1,
                users,
                decay,
                weight,
                0.5,
                out,
            )
        assert believed(users, day, decay)[0] == pytest.approx(daily, rel=1e-12)
    assert users.downtime[0] == 245.5


def test_fading_and_weights_are_their_formulas():
    assert decay_factors(90.0, 3).tolist() == pytest.approx([math.exp(-k / 90) for k in range(5)], rel=1e-14)
    assert decay_factors(math.inf, 3).tolist() == [1.0] * 5
    assert belief_per_minute(math.inf) == 0.0
    assert belief_per_minute(90.0) == pytest.approx(DAYS_PER_MONTH * (1 - math.exp(-1 / 90)), rel=1e-12)
    good, bad = message_weights(0.3, 2.0, 6)
    assert good == pytest.approx([1 - 0.7**n for n in range(7)], rel=1e-14)
    assert bad == pytest.approx([1 - 0.4**n for n in range(7)], rel=1e-14)
    assert message_weights(1.0, 3.0, 2).tolist() == [[0.0, 1.0, 1.0]] * 2
    assert message_weights(0.0, 3.0, 2).tolist() == [[0.0, 0.0, 0.0]] * 2
    assert message_weights(0.4, 9.0, 2)[1].tolist() == [0.0, 1.0, 1.0]


# --- word of mouth


@many
@given(st.data(), st.integers(1, 7), st.integers(0, 3))
def test_everybody_talks_once_for_whatever_reason(data, n, day):
    complaining, spontaneous = data.draw(some_of(n)), sorted(data.draw(some_of(n)))
    news = News.on(rows_for(n, 1))
    inform(news, np.array(complaining, np.int32), columns.OUTAGE)
    trials = np.array([day * n + i for i in spontaneous], np.int64)
    talking = talkers(np.array(complaining, np.int32), trials, day * n, news)
    assert talking.tolist() == list(dict.fromkeys(complaining + spontaneous))
    assert (first_trigger(news.kinds[news.informed()]) == 0).all()  # the mark is no news


@many
@given(st.data(), markets(), UNIT | st.just(1.0), st.sampled_from([1.0, 1.5, 4.0]))
def test_two_days_of_talking_and_listening_are_their_oracle(data, small, heed, negativity):
    weights = message_weights(heed, negativity, small.graph.max_in_degree)
    mailbox, news = Mailbox.on(small.rows), News.on(small.rows)
    expected, decay = small.plain(), small.decay.tolist()

    for day in (small.day, small.day + 1):
        talking = data.draw(some_of(small.n))
        before = small.plain()
        talk(day, np.array(talking, np.int32), small.graph.links, small.users, small.decay, mailbox, news, 0, small.n)
        letters = oracles.talk(day, talking, oracles.neighbours(small.graph.links), expected, decay)
        for i, j in np.ndindex(small.n, small.providers):
            assert mailbox.messages[i, j] == len(letters.get((i, j), []))
            assert mailbox.total[i, j] == oracles.added(letters.get((i, j), []))
        assert_same(small.users, before)

        listen(day, mailbox, small.users, small.decay, weights, news, 0, news.size[0])
        listeners = oracles.listen(day, letters, expected, decay, weights.tolist())
        assert_same(small.users, expected)
        assert sorted(news.informed().tolist()) == sorted(listeners)
        assert (news.kinds[news.informed()] == columns.MESSAGE).all()
        assert not mailbox.messages.any()
        assert not mailbox.total.any()
        forget(news)


def test_negativity_strengthens_each_message_and_not_the_days_sum():
    rows, news = rows_for(1, 1), News.on(rows_for(1, 1))
    nothing = {"slot": np.zeros(1, np.int32), "value": np.ones(1), "requirements": np.zeros(1)}
    users = Users.on(rows, belief=np.array(5.0), **nothing)
    mailbox = Mailbox.on(rows)
    mailbox.messages[0], mailbox.total[0] = 2, 20.0
    inform(news, np.zeros(1, np.int32), columns.MESSAGE)
    listen(0, mailbox, users, np.ones(2), message_weights(0.3, 2.0, 2), news, 0, 1)
    assert users.belief[0, 0] == pytest.approx(9.2)


def forget(news):
    news.kinds[news.informed()] = 0
    news.size[0] = 0


# --- choice


@many
@given(st.data(), markets(), st.sampled_from([0.0, 5.0, 0.3]), st.sampled_from([math.inf, 0.0, 4.0]))
def test_gains_are_their_oracle(data, small, peer_weight, complexity):
    small.users.instances[:] = data.draw(st.lists(st.sampled_from([1, 2]), min_size=small.n, max_size=small.n))
    users, offers, decay = small.users, small.offers, small.decay
    heard, plain = oracles.neighbours(small.graph.hears), small.plain()
    gain = np.empty(small.providers)
    for i in range(small.n):
        p = users.provider[i]
        own = users.belief[i, p] * decay[small.day - users.as_of[i]]
        compute_gains(i, own, p, users, offers, complexity, gain)
        if peer_weight > 0:
            add_peer_gains(i, users.provider, peer_weight, small.graph.hears, gain)
        expected = oracles.gains(
            i,
            small.day,
            plain,
            decay.tolist(),
            offers.price.tolist(),
            offers.reach.tolist(),
            peer_weight,
            heard,
            complexity,
        )
        assert gain.tolist() == [expected.get(j, -math.inf) for j in range(small.providers)]


@many
@given(
    st.data(),
    markets(),
    st.sampled_from([0.0, 5.0]),
    st.sampled_from([0.0, 0.5, 100.0]),
    st.sampled_from([math.inf, 1.0]),
)
def test_leaving_and_choosing_are_their_oracles(data, small, peer_weight, noise, complexity):
    small.users.instances[:] = data.draw(st.lists(st.sampled_from([1, 2]), min_size=small.n, max_size=small.n))
    informed = data.draw(some_of(small.n))
    plain, heard = small.plain(), oracles.neighbours(small.graph.hears)
    context = (small.users, small.decay, small.offers, Preferences(peer_weight, noise, complexity), small.graph.hears)
    out = np.empty(small.n, np.int32)
    price, reach, order = (column.tolist() for column in small.offers)

    def gains_of(i):
        return oracles.gains(i, small.day, plain, small.decay.tolist(), price, reach, peer_weight, heard, complexity)

    if data.draw(st.booleans()):  # a gain that is just the tolerance does not make anybody leave
        small.users.tolerance[:] = [max(gains_of(i).values(), default=0.0) for i in range(small.n)]
        plain = small.plain()
    news = News.on(small.rows)
    inform(news, np.array(informed, np.int32), columns.PRICE)
    middle = len(informed) // 2  # in two blocks
    count = leavers(small.day, *context, news, 0, middle, out, 0)
    count = leavers(small.day, *context, news, middle, len(informed), out, count)
    expected = oracles.leavers(informed, plain.tolerance, gains_of)
    assert out[:count].tolist() == expected
    assert np.flatnonzero(news.kinds).tolist() == sorted(expected)  # the others have dealt with their news

    draws = data.draw(st.lists(UNIT, min_size=count, max_size=count))
    target, gained = np.empty(count, np.int16), np.empty(count)
    choose(small.day, out[:count].copy(), np.array(draws, float), *context, target, gained)
    chosen = oracles.choose(expected, draws, plain.tolerance, noise, order, gains_of)
    assert list(zip(target.tolist(), gained.tolist(), strict=True)) == chosen
    assert all(gain > small.users.tolerance[i] for i, gain in zip(expected, gained, strict=True))


@many
@given(st.data(), st.integers(1, 5), st.sampled_from([0.0, 1e-3, 0.5, 3.0]), UNIT)
def test_picking_is_its_oracle(data, p, noise, draw):
    levels = st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 0.5, 2.0]) | st.floats(-50, 50)
    gain = data.draw(st.lists(levels, min_size=p, max_size=p).filter(lambda g: max(g) > -math.inf))
    tolerance = data.draw(st.sampled_from([x - 0.5 for x in gain if x > -math.inf]).filter(lambda t: t < max(gain)))
    order = data.draw(st.permutations(range(p)))
    possible = {j: g for j, g in enumerate(gain) if g > -math.inf}

    picked = pick(np.array(gain), tolerance, noise, np.array(order), draw)
    assert picked == oracles.pick(possible, tolerance, noise, order, draw)


@many
@given(st.data(), st.integers(1, 5), st.sampled_from([0.0, 0.5, 3.0]), UNIT)
def test_renumbering_providers_does_not_change_the_pick(data, p, noise, draw):
    gain = data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 9), min_size=p, max_size=p))
    order, new_number = data.draw(st.permutations(range(p))), data.draw(st.permutations(range(p)))
    renumbered = np.empty(p)
    renumbered[new_number] = gain

    before = pick(np.array(gain), -1.0, noise, np.array(order), draw)
    after = pick(renumbered, -1.0, noise, np.array([new_number[j] for j in order]), draw)
    assert after == new_number[before]


# --- fleets


@many
@given(st.data(), markets())
def test_relocating_is_its_oracle(data, small):
    n, slots, as_of = small.n, small.slots, small.users.as_of.tolist()
    users = small.users._replace(slot=np.concatenate([small.users.slot, np.zeros(n, np.int32)]))
    fleets = Fleets.of(users, small.providers)
    assert [fleets.instances_of(j).tolist() for j in range(small.providers)] == slots
    gone = set()
    for _ in range(3):
        movers = list(data.draw(some_of(n)))
        target = data.draw(st.lists(st.integers(0, small.providers - 1), min_size=len(movers), max_size=len(movers)))
        pairs = [
            (i, j) for i, j in zip(movers, target, strict=True) if users.instances[i] < 2 or users.provider[i] != j
        ]
        movers, target = [i for i, _ in pairs], [j for _, j in pairs]
        gone |= {i for i, j in pairs if users.provider[i] != j}
        relocate(small.day, np.array(movers, np.int32), np.array(target, np.int16), users, fleets)
        oracles.relocate(movers, target, slots, n)

        assert [fleets.instances_of(j).tolist() for j in range(small.providers)] == slots
        assert fleets.users.tolist() == [sum(instance < n for instance in fleet) for fleet in slots]
        for j, fleet in enumerate(slots):
            for slot, instance in enumerate(fleet):
                assert (users.provider[instance % n], users.slot[instance]) == (j, slot)
        counted = [instance % n for fleet in slots for instance in fleet]
        assert users.instances.tolist() == [counted.count(i) for i in range(n)]
    assert users.as_of.tolist() == [small.day if i in gone else as_of[i] for i in range(n)]


def two_hosts(days):
    host = {"share": 0.5, "server_capacity": 10, "policy": {"kind": "reboot"}}
    return Market(
        {
            "days": days,
            "users": {"count": 2, "tolerance": {"median": 1.0, "sigma": 0.0}},
            "word_of_mouth": {"talk_per_day": 0.0},
            "network": {"kind": "none"},
            "flaws": {"source": "poisson", "per_year": 0.0},
            "providers": [{"name": "A"} | host, {"name": "B"} | host],
        },
        rng=1,
        provider=[0, 1],
    )


def test_the_belief_about_the_old_provider_is_kept_as_it_stood_on_the_day_of_the_move():
    market = two_hosts(days=40)
    market.users.belief[0] = 100.0, 0.0
    market.run(30)
    stood = 100.0 * math.exp(-31 / 90)  # day 30 is the 31st on which it has faded
    assert market.user(0).provider == "A"

    inform(market.news, np.array([0], np.int32), columns.MESSAGE)
    market.step()

    assert market.user(0).provider == "B"
    assert market.users.belief[0, 0] == pytest.approx(stood, rel=1e-12)
    market.run()
    assert market.users.belief[0, 0] == pytest.approx(stood, rel=1e-12)


# --- news


@many
@given(st.data(), st.integers(1, 6))
def test_news_and_its_first_trigger_are_their_oracles(data, n):
    news, expected = News.on(rows_for(n, 1)), {}
    told = data.draw(st.lists(st.tuples(groups_of(n, 6), st.integers(0, 4)), max_size=6))
    for users, trigger in told:
        inform(news, np.array(users, np.int32), 1 << trigger)
        oracles.inform(expected, users, oracles.TRIGGERS[trigger])

    informed = news.informed()
    assert informed.tolist() == list(expected)
    held = [{trigger for bit, trigger in enumerate(columns.TRIGGERS) if kinds >> bit & 1} for kinds in news.kinds]
    assert held == [expected.get(i, set()) for i in range(n)]
    first = first_trigger(news.kinds[informed])
    assert first.tolist() == [oracles.first_trigger(expected[i]) for i in informed.tolist()]


def test_the_first_trigger_of_every_set_of_news():
    kinds = np.arange(1, 32, dtype=np.uint8)
    expected = [next(bit for bit in range(5) if value >> bit & 1) for value in range(1, 32)]
    assert first_trigger(kinds).tolist() == expected
    assert list(columns.TRIGGERS) == oracles.TRIGGERS


# --- maintenance


@many
@given(st.integers(0, 5), st.integers(1, 12), st.integers(0, 30))
def test_every_server_is_due_once_and_on_its_day(start, window, servers):
    campaign = Campaign(start, window, servers, flaws=1, kernel=1)
    for day in range(start, start + window):
        assert list(campaign.due(day)) == oracles.due(day, start, window, servers)
    everything = [s for day in range(start, campaign.end) for s in campaign.due(day)]
    assert everything == list(range(servers))


@many
@given(
    st.lists(st.integers(0, 60), max_size=25),
    st.integers(0, 9),
    st.integers(1, 9),
    st.lists(st.integers(0, 6), min_size=1, max_size=4),
)
def test_maintenance_is_its_oracle(flaw_days, notice, window, sizes):
    servers_on = [sizes[day // 20 % len(sizes)] for day in range(90)]  # the fleet grows and shrinks
    provider = oracles.lone_provider(Reboot(notice_days=notice, window_days=window))
    reboots = []
    for day, servers in enumerate(servers_on):
        oracles.resize(provider, servers)
        flaws = [Flaw("kernel", 0.5)] * flaw_days.count(day)
        for outage in provider.patch(day, flaws):
            assert (outage.cause, outage.minutes) == ("maintenance", 5.0)
            reboots += [(day, s) for s in outage.servers.tolist()]

    assert reboots == oracles.campaigns(set(flaw_days), notice, window, servers_on)
