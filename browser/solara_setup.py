"""Solara's configuration: the page loads nothing from other hosts, reports nothing, and runs no code for a visitor."""

from typing import Any

import solara.server.settings as solara_settings
from ipyvue.VueTemplateWidget import Events


def configure_solara() -> None:
    """Configure Solara. Call this before the first page is opened."""
    solara_settings.telemetry.mixpanel_enable = False
    solara_settings.main.mode = "production"  # in development mode the page contacts solara.dev
    solara_settings.theme.variant = solara_settings.ThemeVariant.light  # toolbar.vue follows the visitor's preference
    solara_settings.theme.title = "patchmarket"
    solara_settings.theme.show_banner = False
    solara_settings.kernel.cull_timeout = "2m"  # how long a page that lost its connection may reconnect
    Events._handle_event = handle_events_only


def handle_events_only(widget: Any, _: Any, content: dict[str, Any], buffers: Any) -> None:
    """Handle a page's declared events and ignore all else: by default ipyvue creates objects of any class it names."""
    if set(content) <= {"event", "data"} and content.get("event") in widget.events:
        handle = getattr(widget, f"vue_{content['event']}")
        handle(content.get("data", {}), buffers) if buffers else handle(content.get("data", {}))
