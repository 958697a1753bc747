"""Draws lines as SVG: the costs of a call on logarithmic axes, anything else on linear ones."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping

from benchmarks.peers import PEERS

_WIDTH, _HEIGHT = 380, 340
_COLORS = (
    *("#1f77b4", "#9ecae1", "#8c564b", "#7f7f7f", "#9467bd"),
    *("#17becf", "#e6a700", "#2ca02c", "#d62728"),
)

Line = list[tuple[float, float]]


def svg(samples: dict[str, dict[str, list[float]]], peers: list[str]) -> str:
    """Return the plot of medians."""
    panels = (
        ("rows ", "CPU of a call against its rows"),
        ("at once ", "CPU of an async call of 1 row against calls at once"),
    )
    parts = []
    for index, (prefix, title) in enumerate(panels):
        lines = {peer: _line(samples, prefix, peer) for peer in peers}
        parts.append(f'<g transform="translate({70 + index * (_WIDTH + 80)} 40)">')
        parts.extend(_panel(title, {peer: line for peer, line in lines.items() if line}))
        parts.append("</g>")
    legend_x = 70 + 2 * (_WIDTH + 80) - 50
    for index, peer in enumerate(peers):
        y = 50 + 22 * index
        parts.append(f'<path d="M{legend_x} {y}h24" {_stroke(peer)}/>')
        parts.append(f'<text x="{legend_x + 30}" y="{y + 4}">{PEERS[peer].label}</text>')
    width, height = legend_x + 190, _HEIGHT + 90
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12" fill="#333">\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def linear(title: str, lines: Mapping[str, Line], unit: str) -> str:
    """Return the plot of lines, both axes linear and from zero: linear growth is straight."""
    points = [point for line in lines.values() for point in line]
    right, highest = max(x for x, _ in points), max(y for _, y in points)
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100) if highest <= 6 * each)
    top = step * math.ceil(highest / step)

    def place(x: float, y: float) -> tuple[float, float]:
        return round(_WIDTH * x / right, 1), round(_HEIGHT * (1 - y / top), 1)

    parts = []
    for tick in range(0, top + 1, step):
        _, y = place(0, tick)
        parts.append(f'<path d="M0 {y}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="-8" y="{y + 4}" text-anchor="end">{tick} {unit}</text>')
    for value in sorted({x for x, _ in points}):
        x, _ = place(value, 0)
        parts.append(f'<text x="{x}" y="{_HEIGHT + 20}" text-anchor="middle">{value:.0f}</text>')
    for color, (label, line) in zip(reversed(_COLORS), lines.items(), strict=False):
        places = [place(*point) for point in line]
        path = " L".join(f"{x} {y}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="3"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="4" fill="{color}"/>' for x, y in places]
        parts.append(
            f'<text x="{places[0][0]}" y="{places[0][1] - 10}" fill="{color}">{label}</text>'
        )
    width, height = _WIDTH + 100, _HEIGHT + 90
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="14" fill="#333">\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n'
        f'<text x="{width / 2}" y="24" text-anchor="middle" font-weight="bold">{title}</text>\n'
        '<g transform="translate(66 44)">\n' + "\n".join(parts) + "\n</g>\n</svg>\n"
    )


def _line(samples: dict[str, dict[str, list[float]]], prefix: str, peer: str) -> Line:
    return [
        (float(name.removeprefix(prefix)), statistics.median(values[peer]))
        for name, values in samples.items()
        if name.startswith(prefix) and peer in values
    ]


def _panel(title: str, lines: dict[str, Line]) -> Iterator[str]:
    points = [point for line in lines.values() for point in line]
    left, right = math.log10(min(x for x, _ in points)), math.log10(max(x for x, _ in points))
    low = math.floor(math.log10(min(y for _, y in points)))
    high = math.ceil(math.log10(max(y for _, y in points)))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - left) / (right - left) * _WIDTH
        return round(across, 1), round((high - math.log10(y)) / (high - low) * _HEIGHT, 1)

    yield f'<text x="{_WIDTH / 2}" y="-14" text-anchor="middle" font-weight="bold">{title}</text>'
    for exponent in range(low, high + 1):
        _, y = place(1, 10.0**exponent)
        yield f'<path d="M0 {y}h{_WIDTH}" stroke="#ddd"/>'
        yield f'<text x="-8" y="{y + 4}" text-anchor="end">{_time(exponent)}</text>'
    for tick in sorted({x for x, _ in points}):
        x, _ = place(tick, 10.0**low)
        yield f'<path d="M{x} 0v{_HEIGHT}" stroke="#eee"/>'
        yield f'<text x="{x}" y="{_HEIGHT + 18}" text-anchor="middle">{tick:,.0f}</text>'
    for peer, line in lines.items():
        places = " L".join(f"{x} {y}" for x, y in (place(*point) for point in line))
        yield f'<path d="M{places}" fill="none" {_stroke(peer)}/>'


def _stroke(peer: str) -> str:
    color = _COLORS[list(PEERS).index(peer)]
    return f'stroke="{color}" stroke-width="{3 if peer == "oneloop" else 1.5}"'


def _time(exponent: int) -> str:
    unit, name = ((-6, "µs"), (-3, "ms"), (0, "s"))[min((exponent + 6) // 3, 2)]
    return f"{10 ** (exponent - unit):,} {name}"
