"""Measures `./generate.sh --spec SPEC --dry-run` against the operations of SPEC.

    python -m benchmarks.regeneration

Writes regeneration.md, .json and .svg to benchmarks/results: seconds of CPU, of everything that the
run starts too, and the most memory of one of its processes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import plot, specs
from benchmarks.process import RESULTS, machine, waited
from benchmarks.report import measured_on
from tests.rehearsal import scratch

OPERATIONS = (1, 50, 100, 200, 300, 452, 600)
_OVERLAY = """\
overlay: 1.0.0
info: {title: Nothing, version: '1'}
actions: []
x-upstream-facts: []
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="the best of each counts")
    rounds = parser.parse_args().rounds
    with scratch.clone(whole=False) as clone:
        (clone.root / "overrides" / "overlay.yaml").write_text(_OVERLAY)
        (clone.root / "overrides" / "generator.yaml").write_text("{}\n")
        runs = [_best(clone, operations, rounds) for operations in OPERATIONS]
    results = {"machine": machine(), "date": f"{datetime.date.today()}", "runs": runs}
    (RESULTS / "regeneration.json").write_text(json.dumps(results, indent=1) + "\n")
    line = [(it["operations"], it["cpu"]) for it in runs]
    drawn = plot.linear("CPU of a regeneration against operations", {"": line}, "s")
    (RESULTS / "regeneration.svg").write_text(drawn)
    (RESULTS / "regeneration.md").write_text(_markdown(results))


def _best(clone: scratch.Clone, operations: int, rounds: int) -> dict[str, Any]:
    spec = clone.root / "spec.yaml"
    spec.write_text(specs.text(specs.spec(operations)))
    measured = [_run(clone, spec) for _ in range(rounds)]
    best = {key: min(each[key] for each in measured) for key in measured[0]}
    made = {"operations": operations, "megabytes": spec.stat().st_size / 1e6, **best}
    print(made, flush=True)
    return made


def _run(clone: scratch.Clone, spec: Path) -> dict[str, float]:
    """Return what one run takes."""
    process = subprocess.Popen(
        [clone.root / "generate.sh", "--spec", spec, "--dry-run"],
        env=clone.environment,
        stdout=subprocess.DEVNULL,
    )
    taken = waited(process)
    if process.returncode:
        raise RuntimeError(f"generate.sh ended with {process.returncode}")
    return taken


def _markdown(results: dict[str, Any]) -> str:
    rows = [
        f"| {it['operations']} | {it['megabytes']:.1f} | {it['cpu']:.1f} | {it['mib']:.0f} |"
        for it in results["runs"]
    ]
    return "\n".join(
        [
            "# What a regeneration costs as specs grow",
            "",
            "Made by `python -m benchmarks.regeneration`: `./generate.sh --spec SPEC --dry-run`,"
            " with specs made by `benchmarks/specs.py`, as large for each operation as those of"
            " large vendors. Reading, checking, generating, formatting, importing and comparing"
            " grow with the spec and no faster; a second goes to imports, whatever the spec.",
            "",
            "| operations | MB of YAML | CPU, s | peak, MiB |",
            "|---|---|---|---|",
            *rows,
            "",
            "![CPU of a regeneration against operations: the table above, drawn](regeneration.svg)",
            "",
            measured_on(results),
            "",
        ]
    )


if __name__ == "__main__":
    main()
