"""Links to the page, which restore scenarios and seed from the query."""

from urllib.parse import parse_qsl, urlencode

from browser.fields import format_value, parse_seed
from browser.form import Form
from model.errors import ScenarioError
from model.scenario import Scenario

SECOND = "vs."  # prefix of the second scenario's parameters
DAY = "day."  # prefix of what changes during the run


def parse_link(query: str, own: Scenario | None, name: str, seed: int) -> tuple[list[Form], int, str]:
    """Return the forms and the seed that a query describes, and its errors, one per line.

    `own`, `name` and `seed` are the defaults, as in `Controls`. What is invalid in the query keeps its default.
    """
    given = dict(parse_qsl(query.lstrip("?"), keep_blank_values=True))
    forms, errors = [], []
    try:
        seed = parse_seed(given.pop("seed", str(seed)))
    except ScenarioError as error:
        errors.append(str(error))
    for prefix in ("", SECOND) if any(key.startswith(SECOND) for key in given) else ("",):
        values = {
            key.removeprefix(prefix): value for key, value in given.items() if key.startswith(SECOND) == bool(prefix)
        }
        form = Form(name, own)
        try:
            form = form.choose_scenario(values.pop("scenario", name))
        except ScenarioError as error:
            errors.append(str(error))
        for path, text in values.items():
            try:
                day, changed = changed_on(path)
                form = form.set_value(path, text) if day is None else form.change(day, changed, text)
            except ScenarioError as error:
                errors.append(str(error))
        forms.append(form)
    return forms, seed, "\n".join(errors)


def changed_on(path: str) -> tuple[int | None, str]:
    """Return the day on which a parameter changes a setting, None if from the start, and the setting's path.

    >>> changed_on("day.120.providers.1.price"), changed_on("days")
    ((120, 'providers.1.price'), (None, 'days'))
    """
    day, _, rest = path.removeprefix(DAY).partition(".")
    if path.startswith(DAY) and day.isdecimal() and day.isascii() and len(day) < 9:
        return int(day), rest
    return None, path


def format_link(forms: list[Form], seed: int) -> str:
    """Return the query that restores the forms and the seed."""
    query = {"seed": str(seed)}
    for form, prefix in zip(forms, ("", SECOND), strict=False):
        query[f"{prefix}scenario"] = form.name
        query |= {f"{prefix}{path}": format_value(value) for path, value in form.edits.items()}
        query |= {f"{prefix}{DAY}{day}.{path}": format_value(value) for (day, path), value in form.changes.items()}
    return urlencode(query)
