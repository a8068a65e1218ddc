"""The table of contents, `results/README.md`: each claim's question, answer, figure and what would change it."""

from pathlib import Path

from results.claim import FIGURE, NAMES, SUMMARY, load_claim, read_summary

CONTENTS = Path(__file__).parent / "README.md"
ABOUT = """# Results

Each folder is one claim: a question, the answer in a sentence whose numbers are generated, with intervals, a figure
drawn only from `summary.csv`, what would change the answer, the study with its parameters on top, and `manifest.json`:
command, commit, versions, seeds, hashes.

```console
$ uv run patchmarket reproduce fifth
$ uv run patchmarket reproduce --all
$ uv run patchmarket reproduce --quick --all --check
```

The first rebuilds one claim, the second all, in some minutes on two cores. The third runs a small version of each
claim, writes nothing, and exits with 1 where something differs from what is committed: byte for byte on the kind of
machine that the manifest names, within 5 % of a column's largest number elsewhere. A figure is not compared by its
pixels, which differ with matplotlib and fonts; it carries the hash of the summary from which it was drawn.

All claims are about the model, under the assumptions that [docs/odd.md](../docs/odd.md) states; the thought
experiment's median tolerance is calibrated, so that a fifth moves is put in, not found. Intervals are Student's at
95 %, over replicates. Points of a study meet the same people, networks and flaws in each replicate.

"""


def contents() -> str:
    """Return the page."""
    parts = [ABOUT]
    for name in NAMES:
        claim = load_claim(name)
        path = claim.folder / SUMMARY
        if path.is_file():
            answer = claim.sentence(read_summary(path.read_text(encoding="utf-8")))
            parts.append(
                f"## [{claim.question}]({name}/README.md)\n\n{answer}\n\n![{claim.question}]({name}/{FIGURE})\n\n"
                f"What would change it: {claim.changes.strip()}\n\n"
            )
    return "".join(parts).rstrip() + "\n"
