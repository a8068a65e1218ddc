"""The guide is true: a reader who does what its pages say sees what they show."""

import pytest

from tests.mesa_versions import REMOVED
from tests.pages import ROOT, Step, do, same, steps

GUIDE = ROOT / "docs" / "guide"
PAGES = [
    "first-run",
    "what-happens-when",
    "your-own-company",
    "your-own-study",
    "your-own-policy",
    "your-own-network",
    "your-own-records",
    "mesa",
    "tables",
]


def test_every_page_is_tested_and_has_something_to_do():
    assert sorted(path.stem for path in GUIDE.glob("*.md")) == sorted(PAGES)
    for page in PAGES:
        found = steps((GUIDE / f"{page}.md").read_text(encoding="utf-8"))
        assert any(step.kind in ("command", "python") for step in found)


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.slow) if page == "your-own-company" else page for page in PAGES]
)
def test_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")  # its readers are in the project's folder
    session = {}
    for step in steps((GUIDE / f"{page}.md").read_text(encoding="utf-8")):
        do(step, tmp_path, session)


def test_a_policy_of_ones_own_has_at_most_twenty_lines():
    files = [s for s in steps((GUIDE / "your-own-policy.md").read_text(encoding="utf-8")) if s.kind == "file"]
    assert len(files[0].shown.strip().splitlines()) <= 20


# --- what the pages' tests rest on

PAGE = """Save this as `a.toml`:

```toml
x = 1
```

```console
$ uv run patchmarket show
a ... z
$ uv run patchmarket run
```

```text
done
```

```python
>>> 1 + 1
2

```
"""


def test_steps_are_files_commands_with_their_outputs_and_sessions():
    assert steps(PAGE) == [
        Step("file", "a.toml", "x = 1\n"),
        Step("command", "uv run patchmarket show", "a ... z\n"),
        Step("command", "uv run patchmarket run", "done\n"),
        Step("python", ">>> 1 + 1\n2\n\n", ""),
    ]


def test_a_difference_is_noticed(tmp_path):
    assert same("a\n...\nd  \n", "a\nb\nc\nd\n")
    wrong = [
        Step("command", "uv run patchmarket show quiet", "name = 'loud'\n"),
        Step("command", "uv run patchmarket show nowhere", ""),
        Step("command", "uv run patchmarket show quiet", "patchmarket: refused\n"),
        Step("command", "echo hello", "hello\n"),
        Step("python", ">>> 1 + 1\n3\n", ""),
    ]
    for step in wrong:
        with pytest.raises(AssertionError):
            do(step, tmp_path, {})


def test_what_mesa_4_has_removed_is_listed():
    page = (GUIDE / "mesa.md").read_text(encoding="utf-8").replace("`", "")
    assert all(f"\n- {name}" in page for name in REMOVED)
