"""Set Solara up, before its first page: nothing is fetched from elsewhere, told to others, or run for a visitor."""

from typing import Any

import solara.server.settings as solara_settings
from ipyvue.VueTemplateWidget import Events


def prepare() -> None:
    """Set Solara up."""
    solara_settings.telemetry.mixpanel_enable = False
    solara_settings.main.mode = "production"  # else the page asks solara.dev whether it is well
    solara_settings.theme.variant = solara_settings.ThemeVariant.light  # `auto` leaves it empty; bar.vue sees to it
    solara_settings.theme.title = "patchmarket"
    solara_settings.theme.show_banner = False
    solara_settings.kernel.cull_timeout = "2m"  # a page that lost its connection may come back so long
    Events._handle_event = events_only


def events_only(widget: Any, _: Any, content: dict[str, Any], buffers: Any) -> None:
    """Hand a page's events on, and nothing else: ipyvue would also make objects of any class that a page names."""
    if set(content) <= {"event", "data"} and content.get("event") in widget.events:
        handle = getattr(widget, f"vue_{content['event']}")
        handle(content.get("data", {}), buffers) if buffers else handle(content.get("data", {}))
