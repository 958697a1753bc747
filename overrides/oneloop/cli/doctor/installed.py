"""The client and its libraries, as they are installed."""

from __future__ import annotations

import operator
import platform
import re
from collections.abc import Iterator
from importlib import metadata

from oneloop.cli.doctor.finding import FAILED, OK, WARNING, Finding

_NAME = "oneloop-api-client"
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*([^;]*)(;.*)?")
_BOUND = re.compile(r"(>=|<=|==|!=|<|>)\s*([0-9][0-9.]*)")
_HOLDS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


def client() -> Finding:
    """Say which client, spec and Python these are."""
    from oneloop.version import SPEC, __version__  # noqa: PLC0415 - it reads the metadata

    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    made = f"spec {SPEC.version}, openapi-python-client {SPEC.generator_version}"
    return Finding("client", OK, f"{_NAME} {__version__} ({made}); {python}")


def libraries() -> Finding:
    """Say whether each library is there in a version that the client's metadata allows."""
    named: dict[str, str] = {}
    wrong, missing = [], []
    for name, bounds, is_extra in _requirements():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            if not is_extra:
                missing.append(name)
            continue
        named[name] = version
        if not _allows(bounds, version):
            wrong.append(f"{name} {version}, not {bounds}")
    advice = f"pip install --upgrade {_NAME}"
    if missing:
        return Finding("libraries", FAILED, f"missing: {', '.join(missing)}", advice, 2)
    if wrong:
        return Finding("libraries", WARNING, f"not as required: {'; '.join(wrong)}", advice)
    return Finding("libraries", OK, ", ".join(map(" ".join, named.items())))


def _requirements() -> Iterator[tuple[str, str, bool]]:
    """Yield the name of each library, its bounds, and whether only an extra needs it."""
    for text in metadata.requires(_NAME) or []:
        if found := _REQUIREMENT.match(text):
            yield found[1], found[2].strip(), "extra" in (found[3] or "")


def _allows(bounds: str, version: str) -> bool:
    have = _release(version)
    return all(_HOLDS[sign](have, _release(bound)) for sign, bound in _BOUND.findall(bounds))


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: 1.2 equals 1.2.0, and a pre-release its release."""
    numbers = re.match(r"[0-9.]*", version)
    release = [int(part) for part in (numbers[0] if numbers else "").split(".") if part]
    while release and not release[-1]:
        release.pop()
    return tuple(release)
