"""Turns samples into `benchmarks/results/`: the table, the plot, and every sample as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import plot
from benchmarks.peers import PEERS, REFERENCE
from benchmarks.server import ROWS

_COLUMNS = {
    **{f"rows {rows}": f"{rows:,} row{'s' * (rows > 1)}" for rows in ROWS},
    "with unit": f"{ROWS[-1]:,} with an optional field",
    "peak MiB": f"peak MiB at {ROWS[-1]:,}",
    "import": "import (wall)",
    "at once 50": "50 at once, async",
    "threads": "50 threads",
    "least served thread": "least served thread",
    "failed in threads": "failed in threads",
}
SPACE = "\N{NO-BREAK SPACE}"  # a cell of a narrow table breaks nowhere else
_PLOTS = {
    "results-rows.svg": ("rows ", "CPU of a call against its rows"),
    "results-at-once.svg": ("at once ", "CPU of an async call against calls at once"),
}
_PLAIN = {"peak MiB": "{:.0f}", "least served thread": "{:.0%}"}

_NOTES = f"""\
CPU of the client's process for each call, {PEERS[REFERENCE].label} = 1.00: the median over the \
rounds of the ratio within a round, ± half the distance between its quartiles. A peer without a \
synchronous client is measured in an event loop, one call after another. Optional field: each row \
has a `"unit":"calls"` too, which the spec doesn't know. Peak: how far one call raises the \
process's memory, less the body. Least served thread: its calls against the mean. Failed: the \
calls of all threads and rounds that raised.
"""


def write(results: dict[str, Any], folder: Path) -> str:
    """Write results.json, results.md and its plots; return the Markdown."""
    samples = results["samples"]
    peers = [peer for peer in PEERS if peer in results["versions"]]
    markdown = "\n".join(
        [
            "# Oneloop clients side by side",
            "",
            "Made by `scripts/bench`. " + _NOTES,
            *_table(samples, peers),
            "",
            *(line for name, (_, title) in _PLOTS.items() for line in _shown(name, title)),
            f"## Decoding {ROWS[-1]:,} rows, nothing else",
            "",
            *_decode_table(results["decode"]),
            "",
            "## Measured with",
            "",
            *_circumstances(results, peers),
            "",
        ]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (folder / "results.md").write_text(markdown, encoding="utf-8")
    for name, (prefix, title) in _PLOTS.items():
        lines = {PEERS[peer].label: _line(samples, prefix, peer) for peer in peers}
        (folder / name).write_text(plot.logarithmic(title, lines), encoding="utf-8")
    return markdown


def _shown(name: str, title: str) -> tuple[str, str]:
    return f"![{title}: the table above, drawn]({name})", ""


def _line(samples: dict[str, dict[str, list[float]]], prefix: str, peer: str) -> plot.Line:
    return [
        (float(name.removeprefix(prefix)), statistics.median(values[peer]))
        for name, values in samples.items()
        if name.startswith(prefix) and peer in values
    ]


def _table(samples: dict[str, dict[str, list[float]]], peers: list[str]) -> list[str]:
    lines = [
        "| client | " + " | ".join(_COLUMNS.values()) + " |",
        "|---" * (len(_COLUMNS) + 1) + "|",
    ]
    for peer in peers:
        cells = [_cell(column, samples[column], peer) for column in _COLUMNS]
        lines.append(f"| {PEERS[peer].label} | " + " | ".join(cells) + " |")
    return lines


def _cell(column: str, samples: dict[str, list[float]], peer: str) -> str:
    if peer not in samples:
        return "-"
    if column == "failed in threads":
        return f"{sum(samples[peer]):.0f}"
    middle = statistics.median(samples[peer])
    if column in _PLAIN:
        return _PLAIN[column].format(middle)
    if peer == REFERENCE:
        return f"1.00{SPACE}({_seconds(middle)})"
    return ratio(samples[peer], samples[REFERENCE])


def ratio(values: list[float], references: list[float]) -> str:
    """Return the median of the ratio within a round, and half the distance of its quartiles."""
    ratios = [value / reference for value, reference in zip(values, references, strict=True)]
    return f"{statistics.median(ratios):.2f}{SPACE}±{SPACE}{_spread(ratios):.2f}"


def _decode_table(seconds: dict[str, list[float]]) -> list[str]:
    lines = ["| decoder | CPU |", "|---|---|"]
    for name, values in seconds.items():
        lines.append(f"| {name} | {_seconds(statistics.median(values))} |")
    return lines


def _circumstances(results: dict[str, Any], peers: list[str]) -> list[str]:
    rounds = len(results["samples"][f"rows {ROWS[0]}"][REFERENCE])
    lines = [f"- {measured_on(results)}; {rounds} rounds"]
    for peer in peers:
        told = versions(results["versions"][peer], PEERS[peer].requirements)
        lines.append(f"- {PEERS[peer].label}: {told}")
    return lines


def measured_on(results: dict[str, Any]) -> str:
    """Return the machine, its Python, and the day."""
    machine = results["machine"]
    return (
        f"{machine['cpu']}, {machine['cores']} cores; {machine['system']};"
        f" Python {machine['python']}; {results['date']}"
    )


def versions(installed: dict[str, str], told: Iterable[str]) -> str:
    """Return the versions of what is told of an environment."""
    return ", ".join(f"{name} {installed[name]}" for name in told)


def _spread(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2


def _seconds(value: float) -> str:
    return f"{value * 1e6:.0f}{SPACE}µs" if value < 1e-3 else f"{value * 1e3:.3g}{SPACE}ms"
