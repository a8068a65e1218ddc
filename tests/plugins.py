"""The policy of the guide's page, as a file."""

from tests.pages import ROOT, steps

GUIDE = (ROOT / "docs" / "guide" / "your-own-policy.md").read_text(encoding="utf-8")
TRIAGE = next(step.shown for step in steps(GUIDE) if step.what == "triage.py")


def triage(folder, text=TRIAGE):
    """Write the policy, or a variant of it, as a file of that name."""
    path = folder / "triage.py"
    path.write_text(text, encoding="utf-8")
    return path
