"""The stories of the start page: a scenario each, a question, and what to watch."""

from typing import Any, NamedTuple


class Story(NamedTuple):
    """A scenario with a question."""

    title: str
    scenario: str
    settings: dict[str, Any]  # by dotted path
    question: str
    watch: str


STORIES = {
    "email": Story(
        "The email",
        "thought-experiment",
        {},
        "Do users leave a host that reboots for security updates, and does that pay for live patching?",
        "Press Play. Each flaw (a triangle on the time line) makes Reboot & Co reboot; watch its share of users "
        "and its profit fall afterwards.",
    ),
    "who-pays": Story(
        "Who pays in the end",
        "crushed-and-copies",
        {},
        "What is left of the advantage when the losing host copies live patching?",
        "Watch the diamonds on the time line, the day on which the copy is decided and the day from which it is in "
        "force, and compare both profits before and after.",
    ),
    "debian": Story(
        "Debian's five years",
        "debian-history",
        {},
        "What would the real kernel updates of five years have done to the two hosts?",
        "Every triangle is an update that Debian released; hover over one for its CVEs, and watch the years with many.",
    ),
    "own-host": Story(
        "Your own host",
        "thought-experiment",
        {"users.count": 2000},
        "Would live patching pay for you?",
        "Type your users, price, servers and policy into the settings, run the year, then ask for 20 more seeds.",
    ),
}
GLOSSARY = {
    "tolerance": "how much more downtime than elsewhere a user puts up with before moving, in minutes a month",
    "word of mouth": "users tell their neighbours in the network how much downtime they see at their own provider",
    "campaign": "one round of maintenance that reboots every server of a provider once",
    "exposure": "the time that servers are open to a known flaw: from its disclosure until the fix is in force there",
    "seed": "the number that all chance is drawn from; the same seed gives the same run",
    "live patch": "a fix that is put into the running kernel, without a reboot",
}
