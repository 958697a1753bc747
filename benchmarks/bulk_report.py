"""Turns what was measured of many ids into bulk.md and bulk.svg, and keeps it as bulk.json."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import plot
from benchmarks.report import SPACE, measured_on, ratio, versions
from benchmarks.server import ROWS_OF_ANY
from benchmarks.ways import AT_ONCE, ENVIRONMENTS, FETCHING, STREAMED, WAYS

CALLS, GATHER, SYNC, MEMORY = 2_000, 4.0, 1.6, 120
"""What is promised: calls a CPU second, times a gather's CPU, times fetching's CPU, MiB."""

_NOTES = f"""\
{AT_ONCE} calls at once, {ROWS_OF_ANY} rows an answer, a third of the totals above 64 bits; a \
fresh database each round. CPU is of the client's process with all its threads, DuckDB's too, \
which runs inside it; a PostgreSQL server's is its own, beside the table. Ratio: to fetching by \
threads with the same client and without a database, the median over the rounds of the ratio \
within a round, ± half the distance between its quartiles. Peak: of the process, after one round.
"""


def write(results: dict[str, Any], folder: Path) -> str:
    """Write bulk.json, bulk.md and bulk.svg; return the Markdown."""
    lines = ["# Many billing ids side by side", ""]
    if rounds := results.get("rounds"):
        lines += _of_rounds(rounds)
    if million := results.get("million"):
        lines += _of_million(million)
    markdown = "\n".join(lines)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bulk.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (folder / "bulk.md").write_text(markdown, encoding="utf-8")
    if million:
        (folder / "bulk.svg").write_text(_plot(million), encoding="utf-8")
    return markdown


def _of_rounds(rounds: dict[str, Any]) -> Iterator[str]:
    samples, ids = rounds["samples"], rounds["ids"]
    yield from (
        f"Made by `scripts/bench bulk`: {ids:,} ids a round, {_NOTES}",
        *_table(samples),
        "",
    )
    yield from _promises(samples)
    yield f"- the loopback server: {_microseconds(_all(samples['server']))} of CPU a call"
    for way, values in samples.get("database", {}).items():
        yield f"- the database server of {WAYS[way].label}: {_microseconds(values)} of CPU a call"
    count = len(next(iter(samples["cpu"].values())))
    yield f"- {measured_on(rounds)}; {count} rounds"
    for name, installed in rounds["versions"].items():
        yield f"- {name}: {versions(installed, ENVIRONMENTS[name].told)}"
    yield ""


def _table(samples: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    yield "| | calls per CPU second | CPU of a call | ratio | calls per second | peak MiB |"
    yield "|---|---|---|---|---|---|"
    for way, cpu in samples["cpu"].items():
        cells = [
            WAYS[way].label,
            f"{_calls(cpu):,.0f}",
            _microseconds(cpu),
            ratio(cpu, samples["cpu"][FETCHING]) if FETCHING in samples["cpu"] else "-",
            f"{_calls(samples['seconds'][way]):,.0f}",
            f"{samples['peak MiB'][way][0]:.0f}",
        ]
        yield f"| {' | '.join(cells)} |"


def _promises(samples: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    cpu = samples["cpu"]
    for way in (way for way in STREAMED if way in cpu):
        yield (
            f"- {WAYS[way].label}: {_calls(cpu[way]):,.0f} calls per CPU second;"
            f" promised: at least {CALLS:,}"
        )
        if "gather" in cpu:
            yield (
                f"- {WAYS['gather'].label}: {ratio(cpu['gather'], cpu[way])} times the CPU of that;"
                f" promised: at least {GATHER:g}"
            )
    for way in (way for way in cpu if WAYS[way].label.startswith("oneloop, `sync`")):
        yield (
            f"- {WAYS[way].label}: {ratio(cpu[way], cpu[FETCHING])} times the CPU of fetching;"
            f" promised: at most {SYNC:g}"
        )


def _of_million(million: dict[str, Any]) -> Iterator[str]:
    ids = million["ids"]
    yield from (f"## {ids:,} ids", "", f"Made by `scripts/bench bulk --million`: {ids:,} ids", "")
    yield f"| MiB resident at | {' | '.join(f'{tenth}0 %' for tenth in range(1, 11))} |"
    yield "|---" * 11 + "|"
    for way, taken in million["ways"].items():
        yield f"| {WAYS[way].label} | {' | '.join(f'{mib:.1f}' for mib in taken['MiB'])} |"
    yield ""
    for way, taken in million["ways"].items():
        yield f"- {WAYS[way].label}: {1 / taken['cpu']:,.0f} calls per CPU second"
    yield from (f"- promised: less than {MEMORY} MiB", f"- {measured_on(million)}", "")
    yield from ("![Memory against ids: the table above, drawn](bulk.svg)", "")


def _plot(million: dict[str, Any]) -> str:
    tenth = million["ids"] / 10 / 1_000
    lines = {
        WAYS[way].label.replace("`", ""): [
            (tenth * (index + 1), mib) for index, mib in enumerate(taken["MiB"])
        ]
        for way, taken in million["ways"].items()
    }
    return plot.linear("Memory against thousands of ids", lines, "MiB")


def _all(samples: dict[str, list[float]]) -> list[float]:
    return [value for values in samples.values() for value in values]


def _calls(seconds: list[float]) -> float:
    return 1 / statistics.median(seconds)


def _microseconds(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e6:,.0f}{SPACE}µs"
