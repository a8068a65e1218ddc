"""The table of contents, `results/README.md`: each claim's question, answer, figure and what would change it."""

from pathlib import Path

from results.catalogue import NAMES, load_claim
from results.claim import FIGURE, SUMMARY, read_summary

CONTENTS = Path(__file__).parent / "README.md"
ABOUT = """# Results

Each folder contains one claim: a question, an answer with generated numbers and intervals, a figure drawn from
`summary.csv` alone, what would change the answer, the study with its parameters at the top, and `manifest.json` with
command, commit, versions, seeds and hashes.

```console
$ uv run patchmarket reproduce fifth
$ uv run patchmarket reproduce --all
$ uv run patchmarket reproduce --quick --all --check
```

The first command rebuilds one claim. The second rebuilds all claims in some minutes on two cores. The third runs a
small version of each claim, writes nothing, and exits with 1 if a result differs from the committed one. On the kind
of machine that the manifest names, results must agree byte for byte; elsewhere, numbers must agree within 5 % of the
largest number in their column. Figures are not compared pixel by pixel, because pixels depend on matplotlib and fonts;
each figure contains the hash of the summary from which it was drawn.

All claims are about the model, under the assumptions stated in [docs/odd.md](../docs/odd.md). The median tolerance of
the thought experiment is calibrated, so the share of 20 % that moves is an input, not a finding. Intervals are Student
intervals at 95 % over replicates. In each replicate, all points of a study have the same users, network and flaws.

"""


def table_of_contents() -> str:
    """Return `results/README.md`."""
    parts = [ABOUT]
    for name in NAMES:
        claim = load_claim(name)
        path = claim.folder / SUMMARY
        if path.is_file():
            answer = claim.sentence(read_summary(path.read_text(encoding="utf-8")))
            parts.append(
                f"## [{claim.question}]({name}/README.md)\n\n{answer}\n\n![{claim.question}]({name}/{FIGURE})\n\n"
                f"**What would change it.** {claim.changes.strip()}\n\n"
            )
    return "".join(parts).rstrip() + "\n"
