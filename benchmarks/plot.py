"""Draws lines as SVG, for the width of a phone, in a browser's light and dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

Line = list[tuple[float, float]]
Place = Callable[[float, float], tuple[float, float]]

_WIDTH, _HEIGHT = 290, 250
_LEFT, _TOP = 58, 40
# Each stands out from white and from the dark page: 3:1, as WCAG asks of what isn't text.
COLORS = (
    *("#1f77b4", "#a87a00", "#8c6d62", "#7f7f7f", "#9467bd"),
    *("#0e8f9c", "#c2571a", "#2a8a2a", "#d62728"),
)
_DASHES = ("", "6 3", "2 3")
INK, PAPER = ("#333", "#ddd"), ("#fff", "#131416")
"""Of text and of the page, in light and in dark."""
_STYLE = f"""\
<style>
text {{ fill: {INK[0]} }} .paper {{ fill: {PAPER[0]} }} .grid {{ stroke: #ddd }}
@media (prefers-color-scheme: dark) {{
text {{ fill: {INK[1]} }} .paper {{ fill: {PAPER[1]} }} .grid {{ stroke: #444 }}
}}
</style>
"""


def logarithmic(title: str, lines: Mapping[str, Line]) -> str:
    """Return the plot of seconds on logarithmic axes; of one of the last name, a thick line."""
    points = [point for line in lines.values() for point in line]
    left, right = math.log10(min(x for x, _ in points)), math.log10(max(x for x, _ in points))
    low = math.floor(math.log10(min(y for _, y in points)))
    high = math.ceil(math.log10(max(y for _, y in points)))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - left) / (right - left) * _WIDTH
        return round(across, 1), round((high - math.log10(y)) / (high - low) * _HEIGHT, 1)

    rows = [(10.0**exponent, _time(exponent)) for exponent in range(low, high + 1)]
    return _drawn(title, lines, place, rows)


def linear(title: str, lines: Mapping[str, Line], unit: str) -> str:
    """Return the plot of lines, both axes linear and from zero: linear growth is straight."""
    points = [point for line in lines.values() for point in line]
    right, highest = max(x for x, _ in points), max(y for _, y in points)
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100) if highest <= 6 * each)
    top = step * math.ceil(highest / step)

    def place(x: float, y: float) -> tuple[float, float]:
        return round(_WIDTH * x / right, 1), round(_HEIGHT * (1 - y / top), 1)

    return _drawn(title, lines, place, [(y, f"{y} {unit}") for y in range(0, top + 1, step)])


def _drawn(
    title: str, lines: Mapping[str, Line], place: Place, rows: Sequence[tuple[float, str]]
) -> str:
    xs = sorted({x for line in lines.values() for x, _ in line})
    height = _TOP + _HEIGHT + 36 + 20 * sum(bool(label and line) for label, line in lines.items())
    width = _LEFT + _WIDTH + 32
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        f"<title>{title}</title>",
        f'{_STYLE}<rect class="paper" width="{width}" height="{height}"/>',
        f'<text x="8" y="20" font-weight="bold">{title}</text>',
        f'<g transform="translate({_LEFT} {_TOP})">',
        *_axes(xs, rows, place),
        *_lines(lines, place),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axes(xs: list[float], rows: Sequence[tuple[float, str]], place: Place) -> Iterator[str]:
    for value, told in rows:
        _, y = place(xs[-1], value)
        yield f'<path class="grid" d="M0 {y}h{_WIDTH}"/>'
        yield f'<text x="-6" y="{y + 4}" text-anchor="end">{told}</text>'
    end = -math.inf
    for value in xs:
        x, _ = place(value, rows[-1][0])
        yield f'<path class="grid" d="M{x} {_HEIGHT}v4"/>'
        told = f"{value:,.0f}"
        if x - 4 * len(told) > end + 6:  # else it would touch the one before
            end = x + 4 * len(told)
            yield f'<text x="{x}" y="{_HEIGHT + 19}" text-anchor="middle">{told}</text>'


def _lines(lines: Mapping[str, Line], place: Place) -> Iterator[str]:
    y = _HEIGHT + 26
    for index, (label, line) in enumerate(lines.items()):
        if not line:
            continue
        stroke = _stroke(index, is_last=index == len(lines) - 1)
        path = " L".join(f"{x} {y}" for x, y in (place(*point) for point in line))
        yield f'<path d="M{path}" {stroke}/>'
        if label:
            y += 20
            yield f'<path d="M{16 - _LEFT} {y - 4}h30" {stroke}/>'
            yield f'<text x="{56 - _LEFT}" y="{y}">{label}</text>'


def _stroke(index: int, *, is_last: bool) -> str:
    color = COLORS[-1] if is_last else COLORS[index]
    dashes = "" if is_last else _DASHES[index % len(_DASHES)]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'fill="none" stroke="{color}" stroke-width="{3 if is_last else 1.7}"{dashed}'


def _time(exponent: int) -> str:
    unit, name = ((-6, "µs"), (-3, "ms"), (0, "s"))[min((exponent + 6) // 3, 2)]
    return f"{10 ** (exponent - unit):,} {name}"
