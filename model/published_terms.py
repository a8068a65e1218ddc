"""Published terms as data: prices and coverage of live-patch vendors, and service level agreements, with grades."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from model.errors import ScenarioError
from model.paths import VENDOR_TERMS

DATA = Path(__file__).parent / "data"


@cache
def vendors() -> dict[str, dict[str, Any]]:
    """Return the vendors of live patches, by key: price, coverage, support, each with its grade and source."""
    return tomllib.loads((DATA / "vendors.toml").read_text(encoding="utf-8"))


@cache
def agreements() -> dict[str, dict[str, Any]]:
    """Return the published service level agreements, by key: tiers, with their grades and source."""
    return tomllib.loads((DATA / "sla.toml").read_text(encoding="utf-8"))


def fill_published_terms(tables: dict[str, Any]) -> dict[str, Any]:
    """Fill in policies that name a vendor and agreements that name published terms; keys given in the file win.

    Values of the wrong shape are left for the schema to reject.
    """
    providers = tables.get("providers")
    for number, provider in enumerate(providers if isinstance(providers, list) else []):
        if not isinstance(provider, dict):
            continue
        policy, sla = provider.get("policy"), provider.get("sla")
        if isinstance(policy, dict) and policy.get("kind") == "live-patch":
            terms = _named(policy.get("vendor"), vendors(), f"providers.{number}.policy.vendor")
            provider["policy"] = {key: terms[key] for key in VENDOR_TERMS if terms} | policy
        if isinstance(sla, dict):
            terms = _named(sla.get("terms"), agreements(), f"providers.{number}.sla.terms")
            if terms and not sla.get("tiers"):
                provider["sla"] = sla | {"tiers": terms["tiers"]}
    return tables


def _named(name: Any, known: dict[str, dict[str, Any]], path: str) -> dict[str, Any]:
    """Return the terms of that name; an empty table if no name is given."""
    if not isinstance(name, str) or not name:
        return {}
    if name not in known:
        raise ScenarioError.of(path, name, f"must be one of {', '.join(known)}")
    return known[name]
