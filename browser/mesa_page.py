"""The market in Mesa's own page; `solara run browser/mesa_app.py` opens it."""

from typing import Any

from model.figures import colours
from model.market import Market
from model.scenario import Scenario

USERS = 300


def portray(user: Any) -> Any:
    """Draw a user as a dot in its provider's colour."""
    from mesa.visualization.components import AgentPortrayalStyle

    index = int(user.model.users.provider[user.row])
    return AgentPortrayalStyle(color=colours(len(user.model.providers))[index], size=30)


def solara_page(scenario: str | Scenario = "thought-experiment", seed: int = 3, users: int = USERS) -> Any:
    """Return Mesa's page for a market: its network, shares and profits, with sliders for what matters most.

    Parameters
    ----------
    scenario, seed
        What the market is made from.
    users
        Number of users. Mesa's components draw every one of them anew at each step.
    """
    from mesa.visualization import SolaraViz, make_plot_component, make_space_component

    market = Market(Scenario.load(scenario, **{"users.count": users}), rng=seed)
    names, given = market.record.names, market.settings
    parameters: dict[str, Any] = {
        "rng": {"type": "InputText", "value": seed, "label": "seed"},
        "users.count": slider("users", users, 100, 2_000, 100),
        "users.tolerance.median": slider("tolerance, min/month", given.users.tolerance.median, 0.5, 60.0, 0.5),
        "word_of_mouth.talk_per_day": slider("talk a day", given.word_of_mouth.talk_per_day, 0.0, 0.2, 0.0001),
    }
    if given.flaws.source == "poisson":
        parameters["flaws.per_year"] = slider("flaws a year", given.flaws.per_year, 0.0, 50.0, 0.1)
    parts = [
        make_space_component(portray),
        make_plot_component(
            {f"share: {name}": colour for name, colour in zip(names, colours(len(names)), strict=True)}
        ),
        make_plot_component(
            {f"profit: {name}": colour for name, colour in zip(names, colours(len(names)), strict=True)}
        ),
    ]
    return SolaraViz(market, components=parts, model_params=parameters, name="patchmarket")


def slider(label: str, value: float, least: float, most: float, step: float) -> dict[str, Any]:
    """Return a slider of Mesa's page; its range always holds the value."""
    kind = "SliderInt" if isinstance(value, int) else "SliderFloat"
    return {
        "type": kind,
        "label": label,
        "value": value,
        "min": min(least, value),
        "max": max(most, value),
        "step": step,
    }
