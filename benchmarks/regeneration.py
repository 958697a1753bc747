"""Measures `./generate.sh --spec SPEC --dry-run` against the operations of SPEC.

    python -m benchmarks.regeneration

Writes regeneration.md, .json and .svg to benchmarks/results: seconds of CPU, of everything that the
run starts too, and the most memory of one of its processes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import specs
from benchmarks.process import RESULTS, machine
from tests.rehearsal import scratch

OPERATIONS = (1, 50, 100, 200, 300, 452, 600)
_WIDTH, _HEIGHT = 420, 300
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
    (RESULTS / "regeneration.svg").write_text(svg([(it["operations"], it["cpu"]) for it in runs]))
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
    """Return what one run takes, by the system's own count."""
    process = subprocess.Popen(
        [clone.root / "generate.sh", "--spec", spec, "--dry-run"],
        env=clone.environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"generate.sh ended with {process.returncode}")
    return {"cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024}


def _markdown(results: dict[str, Any]) -> str:
    machine = results["machine"]
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
            "![CPU of a regeneration against operations](regeneration.svg)",
            "",
            f"{machine['cpu']}, {machine['cores']} cores; {machine['system']};"
            f" Python {machine['python']}; {results['date']}",
            "",
        ]
    )


def svg(points: list[tuple[float, float]]) -> str:
    """Return the plot, both axes linear: a straight line is linear growth."""
    right = max(x for x, _ in points)
    step = next(
        each for each in (1, 2, 5, 10, 20, 50, 100) if max(y for _, y in points) <= 6 * each
    )
    top = step * -(-max(y for _, y in points) // step)
    parts = []
    for tick in range(0, int(top) + 1, step):
        y = round(_HEIGHT * (1 - tick / top), 1)
        parts.append(f'<path d="M0 {y}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="-8" y="{y + 4}" text-anchor="end">{tick} s</text>')
    for x, _ in points:
        at = round(_WIDTH * x / right, 1)
        parts.append(f'<text x="{at}" y="{_HEIGHT + 20}" text-anchor="middle">{x:.0f}</text>')
    places = [
        f"{round(_WIDTH * x / right, 1)} {round(_HEIGHT * (1 - y / top), 1)}" for x, y in points
    ]
    parts.append(f'<path d="M{" L".join(places)}" fill="none" stroke="#d62728" stroke-width="3"/>')
    parts += [
        f'<circle cx="{x}" cy="{y}" r="4" fill="#d62728"/>'
        for x, y in (place.split() for place in places)
    ]
    width, height = _WIDTH + 90, _HEIGHT + 90
    title = "CPU of a regeneration against operations"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="14" fill="#333">\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n'
        f'<text x="{width / 2}" y="24" text-anchor="middle" font-weight="bold">{title}</text>\n'
        f'<g transform="translate(58 44)">\n' + "\n".join(parts) + "\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    main()
