"""Plugins: policies, strategies, outcomes and network readers of the user's, by the name that a scenario gives them.

A plugin is a class or function with the text of its source. Only the user loads one: by a file on the command line, by
a class in Python, or by installing a package with an entry point. A scenario can name a plugin, but loads none.
"""

import hashlib
import inspect
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from agents.policies import POLICIES, Policy
from agents.settings import Settings
from agents.strategies import STRATEGIES, Strategy
from model.errors import ScenarioError

GROUPS = ("policies", "strategies", "outcomes", "networks")
BUILT_IN: dict[str, dict[str, type[Settings]]] = {
    "policies": {**POLICIES},
    "strategies": {strategy.model_fields["kind"].default: strategy for strategy in STRATEGIES},
}
NAMING_KEYS = ("kind", "policy", "strategy", "levels", "own", "reader")  # whose values may be names of plugins
HOW = "load the file that defines it with --plugin FILE, or in Python with plugins=[...]"
F = TypeVar("F", bound=Callable[..., Any])


class Plugin(NamedTuple):
    """A rule of the user's, and where it is from."""

    group: str  # one of `GROUPS`
    name: str  # the `kind` of a policy or strategy; an outcome's or a reader's own
    rule: Any
    text: str  # of the file, or of the class alone where it was typed in a notebook or script
    origin: str  # file, module or package, for messages
    installed: bool = False  # as a package, which other machines must have too: its code does not travel

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


_loaded: dict[str, Plugin] = {}  # by name, which is the only one of its name in all groups


def outcome(function: F) -> F:
    """Make a function of a finished market, which returns a number or None, an outcome that studies can keep."""
    function.plugin_group = "outcomes"  # type: ignore[attr-defined]
    return function


def network_reader(function: F) -> F:
    """Make a function of a file's path, which returns a graph, a reader that `network.reader` can name.

    The graph is anything that `Market(graph=...)` takes; its nodes, in order, are the users.
    """
    function.plugin_group = "networks"  # type: ignore[attr-defined]
    return function


def load_plugins(plugins: Iterable[Any]) -> None:
    """Load plugins: files (`str`, `Path`), policy and strategy classes, outcomes, network readers, or a `Plugin` each.

    One that has the name of another replaces it, so that a cell of a notebook can be run again.

    Raises
    ------
    ScenarioError
        If one cannot be loaded; then none is.
    """
    if isinstance(plugins, str | Path | type):
        raise ScenarioError(f"plugins = {plugins!r}: must be a list, [{plugins!r}]")
    new: dict[str, Plugin] = {}
    for given in plugins:
        for plugin in _plugins_of(given):
            other = new.setdefault(plugin.name, plugin)
            if other.rule is not plugin.rule:
                raise ScenarioError(f"plugin {plugin.name!r}: is defined twice, in {other.origin} and {plugin.origin}")
    _loaded.update(new)


def find(group: str, name: Any) -> Plugin | None:
    """Return the loaded plugin of that name, or that of an installed package; None where there is none."""
    if not isinstance(name, str) or name in BUILT_IN.get(group, {}):
        return None
    if name not in _loaded and name in _entries(group):
        _loaded[name] = _installed(group, name, _entries(group)[name])
    plugin = _loaded.get(name)
    return plugin if plugin and plugin.group == group else None


def loaded(group: str) -> dict[str, Any]:
    """Return the plugins of a group that are loaded, by name."""
    return {plugin.name: plugin.rule for plugin in _loaded.values() if plugin.group == group}


def rules(group: str) -> dict[str, Any]:
    """Return the rules of a group by name: the built-in ones, and the plugins that are loaded or installed."""
    for name in _entries(group):
        find(group, name)
    return {**BUILT_IN.get(group, {}), **loaded(group)}


def named_in(tables: Any) -> list[Plugin]:
    """Return the plugins that nested tables name, sorted."""
    names = set(_names(tables))
    found = (find(group, name) for group in GROUPS for name in names)
    return sorted((plugin for plugin in found if plugin), key=lambda plugin: (plugin.group, plugin.name))


def has_name(rule: Any) -> bool:
    """Return whether a policy or strategy is one that a scenario can name: built in, or a plugin."""
    group = _group(type(rule))
    if not group:
        return False
    plugin = find(group, rule.kind)
    return type(rule) is (plugin.rule if plugin else BUILT_IN[group].get(rule.kind))


def validated(group: str, value: Any, built_in: Callable[[Any], Any]) -> Any:
    """Validate a table, or an instance, as the plugin that its kind names, or else as a built-in rule."""
    if _group(type(value)) == group and has_name(value):
        return value
    plugin = find(group, value.get("kind")) if isinstance(value, Mapping) else None
    return built_in(value) if plugin is None else plugin.rule.model_validate(value)


def difference(before: str, after: str) -> str:
    r"""Say where two texts first differ.

    >>> difference("a = 1\nb = 2\n", "a = 1\nb = 3\n")
    "line 2 was 'b = 2', is 'b = 3'"
    """
    old, new = before.splitlines(), after.splitlines()
    at = next((k for k, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new)))
    was, now = (repr(lines[at].strip()) if at < len(lines) else "missing" for lines in (old, new))
    return f"line {at + 1} was {was}, is {now}"


# --- how plugins are found


def _plugins_of(given: Any) -> list[Plugin]:
    if isinstance(given, Plugin):  # from the process that runs the study, perhaps on another machine
        if given.installed and _source(given.rule)[0] != given.text:
            raise ScenarioError(f"plugin {given.name!r} of {given.origin}: another version is installed here")
        return [given]
    if isinstance(given, str | Path):
        return _from_file(Path(given))
    if not _group(given):
        raise ScenarioError(
            f"plugin {given!r}: must be a policy or strategy class, an @outcome, a @network_reader, or a file of these"
        )
    return [_plugin(given, *_source(given))]


def _plugin(rule: Any, text: str, origin: str, *, installed: bool = False) -> Plugin:
    """Return a class or function as a plugin; refuse a name that it cannot have."""
    group = _group(rule)
    name = rule.__name__
    if group in ("outcomes", "networks"):
        if not name.isidentifier():
            raise ScenarioError(f"plugin {name}: must be a function with a name")
        return Plugin(group, name, rule, text, origin, installed)
    kind = rule.model_fields["kind"].default
    if not isinstance(kind, str) or not kind:
        raise ScenarioError(f'plugin {name}: must say what scenarios call it: kind: str = "..."')
    if kind in BUILT_IN[group]:
        raise ScenarioError(f"plugin {name}: kind = {kind!r} is built in; call yours otherwise")
    return Plugin(group, kind, rule, text, origin, installed)


def _group(rule: Any) -> str:
    """Return the group that a class or function belongs to; empty where it is no rule."""
    if not isinstance(rule, type):
        return str(getattr(rule, "plugin_group", ""))
    return "policies" if issubclass(rule, Policy) else "strategies" if issubclass(rule, Strategy) else ""


def _source(rule: Any) -> tuple[str, str]:
    """Return the text that a rule given in Python depends on, and where it is."""
    module = sys.modules.get(getattr(rule, "__module__", ""))
    file = getattr(module, "__file__", None)
    name = getattr(rule, "__name__", repr(rule))
    try:
        if module is not None and file and module.__name__ != "__main__":
            return Path(file).read_text(encoding="utf-8"), file
        return inspect.getsource(rule), f"{name} in __main__"
    except (OSError, TypeError, UnicodeDecodeError):
        raise ScenarioError(f"plugin {name}: its source cannot be read; save it in a file and give that") from None


def _from_file(path: Path) -> list[Plugin]:
    """Run a file and return the plugins that it defines."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"plugin {str(path)!r}: must be a Python file that can be read ({error})") from None
    module = ModuleType(f"plugin_{path.stem}_{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # pydantic looks the names in annotations up here
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)
    except Exception as error:
        raise ScenarioError(f"plugin {str(path)!r}: {_place(error, path)}{type(error).__name__}: {error}") from None
    found = [_plugin(rule, text, str(path)) for rule in vars(module).values() if _is_meant(rule, module)]
    if not found:
        raise ScenarioError(f"plugin {str(path)!r}: must define a policy, a strategy, an @outcome or a @network_reader")
    return found


def _is_meant(rule: Any, module: ModuleType) -> bool:
    """Return whether something in a file is a plugin of its own: not imported, and not a base without a kind."""
    if getattr(rule, "__module__", "") != module.__name__ or not _group(rule):
        return False
    return not isinstance(rule, type) or not rule.model_fields["kind"].is_required()  # type: ignore[attr-defined]


def _place(error: Exception, path: Path) -> str:
    """Return the line of a file in which an error was raised."""
    line, trace = getattr(error, "lineno", None), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}: " if line else ""


def _installed(group: str, name: str, entry: EntryPoint) -> Plugin:
    """Load the plugin that an installed package names by an entry point."""
    origin = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
    try:
        rule = entry.load()
    except Exception as error:
        raise ScenarioError(f"plugin {name!r} of {origin}: {type(error).__name__}: {error}") from None
    if _group(rule) != group:
        raise ScenarioError(f"plugin {name!r} of {origin}: must be one of the {group}")
    plugin = _plugin(rule, _source(rule)[0], origin, installed=True)
    if plugin.name != name:
        raise ScenarioError(f"plugin {name!r} of {origin}: calls itself {plugin.name!r}")
    return plugin


@cache  # it takes some milliseconds
def _entries(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"patchmarket.{group}")}


def _names(tables: Any, *, naming: bool = False) -> Iterator[str]:
    """Return the texts in nested tables that may be names of plugins: those under `NAMING_KEYS`."""
    if isinstance(tables, str) and naming:
        yield tables
    elif isinstance(tables, Mapping):
        for key, value in tables.items():
            yield from _names(value, naming=str(key).rpartition(".")[2] in NAMING_KEYS)
    elif isinstance(tables, list | tuple):
        for value in tables:
            yield from _names(value, naming=naming)
