"""The market in Mesa objects with talk in turns: users act one after another, in an order drawn anew each day.

A user whose turn it is suffers, talks, and chooses; who hears it believes it at once, and can tell it on in a turn of
its own the same day. Moves take place at once. All else is the plain model's.
"""

from benchmarks.mesa_objects import Customer, PlainMarket


class SequentialMarket(PlainMarket):
    """The plain market, a user at a time. There are no adverts and no peers in it."""

    def step(self) -> None:
        """Let one day pass."""
        for host in self.hosts:
            host.patch(self.day, self.flaws.get(self.day, []))
        for customer in self.random.sample(self.customers, len(self.customers)):
            self.take_turn(customer)
        self.users_by_day.append([len(host.guests) for host in self.hosts])
        self.day += 1

    def take_turn(self, customer: Customer) -> None:
        """Let one user suffer, talk and choose; what it hears after its turn is news on its next one."""
        customer.live()
        for listener in customer.listeners:
            if listener.inbox:
                listener.listen()
                listener.inbox.clear()
                listener.peers_moved = True  # news, to be weighed on its turn
        if customer.minutes_today > 0 or customer.peers_moved:
            customer.choose()
        customer.minutes_today, customer.peers_moved = 0.0, False
        for mover, target in self.leaving:
            self.moves.append((self.day, mover.number, self.hosts.index(mover.host), self.hosts.index(target)))
            mover.move_to(target)
        self.leaving.clear()
