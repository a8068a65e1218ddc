"""Small pieces of HTML for notebooks: a table, a figure, the changed settings of a scenario or a study."""

from base64 import b64encode
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from agents.settings import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def settings_html(line: str, section: Settings) -> str:
    """Return a line and the settings that differ from the defaults, with their units, as HTML."""
    head = ("setting", "value", "unit", "meaning")
    return f"<p><code>{escape(line)}</code></p>{html_table(head, changed_settings(section))}"


def changed_settings(section: Settings, path: str = "") -> list[tuple[str, str, str, str]]:
    """Return path, value, unit and meaning of each setting that differs from its default."""
    found: list[tuple[str, str, str, str]] = []
    for key, info in type(section).model_fields.items():
        value, place = getattr(section, key), f"{path}{key}"
        tables = value if isinstance(value, list) else [value]
        if tables and all(isinstance(table, Settings) for table in tables):
            for number, table in enumerate(tables):
                found += changed_settings(table, f"{place}.{number}." if isinstance(value, list) else f"{place}.")
        elif value != info.get_default(call_default_factory=True) and key not in ("name", "description"):
            origin: Any = info.json_schema_extra or {}
            found.append((place, str(value), origin.get("unit", ""), info.description or ""))
    return found


def html_table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """Return an HTML table; whole numbers have separators and stand to the right."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    lines = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return f'<td style="text-align: right">{value:,}</td>'
    return f'<td style="text-align: left">{escape(str(value))}</td>'


def html_figure(figure: "Figure", width: int = 640) -> str:
    """Return a figure as an HTML image that needs no file."""
    file = BytesIO()
    figure.savefig(file, format="png")
    return f'<img width="{width}" alt="chart" src="data:image/png;base64,{b64encode(file.getvalue()).decode()}">'
