"""JSONPath queries by RFC 9535: which places of a document they select, at a bounded cost."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.function_extensions import ExpressionType, FilterFunction
from jsonpath.segments import JSONPathChildSegment
from jsonpath.selectors import IndexSelector, NameSelector

from codegen.spec import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.spec.document import Json

MOST_LOOKS: Final = 1_000_000
"""How many values one query may look at: `$..*` looks at each of a spec twice."""


class Query:
    """A compiled JSONPath; a ValueError says what is wrong with it, or that it takes too long."""

    def __init__(self, text: Json) -> None:
        if not isinstance(text, str):
            raise ValueError(f"{text!r:.80} is not a string")
        try:
            query = _ENVIRONMENT.compile(text)
        except JSONPathError as error:
            reason = str(error).partition("\n")[0]
            raise ValueError(f"{text!r:.200} is not a JSONPath: {reason:.200}") from None
        assert isinstance(query, JSONPath)  # the strict grammar has no unions
        self.text = text
        self._query = query

    def __str__(self) -> str:
        return self.text

    @property
    def pointer(self) -> str | None:
        """The one place that it can select; None where the document decides how many."""
        parts: list[str | int] = []
        for segment in self._query.segments:
            match segment.selectors if isinstance(segment, JSONPathChildSegment) else ():
                case (NameSelector(name=str(part)),):
                    parts.append(part)
                case (IndexSelector(index=int(part)),) if part >= 0:
                    parts.append(part)
                case _:
                    return None
        return pointer.join(parts)

    def select(self, document: Json) -> dict[str, Json]:
        """Return what it selects, each place once, by pointer, in the document's order."""
        if (where := self.pointer) is not None:
            value = pointer.find(document, where)
            return {} if value is pointer.ABSENT else {where: value}
        found = self._query.finditer(_Looks().seen(document))
        try:
            return {pointer.join(match.parts): _plain(match.obj) for match in found}
        except JSONPathError as error:
            raise ValueError(f"{self.text!r:.200}: {error}") from None
        except _TooManyError:
            raise ValueError(
                f"{self.text!r:.200} looks at more than {MOST_LOOKS:,} values: say it more exactly"
            ) from None


class _TooManyError(Exception):
    """A query has looked at more than it may."""


class _Looks:
    """Counts what a query looks at: filters inside filters can take exponential time."""

    def __init__(self) -> None:
        self._left = MOST_LOOKS

    def seen(self, value: Json) -> Any:
        """Count `value`, and let what it holds be counted."""
        self._left -= 1
        if self._left < 0:
            raise _TooManyError
        if isinstance(value, dict):
            return _Object(value, self)
        return _Array(value, self) if isinstance(value, list) else value


class _Object(Mapping[str, Any]):
    __slots__ = ("_looks", "plain")

    def __init__(self, plain: Json, looks: _Looks) -> None:
        self.plain, self._looks = plain, looks

    def __getitem__(self, key: str) -> Any:
        return self._looks.seen(self.plain[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain)

    def __len__(self) -> int:
        return len(self.plain)


class _Array(Sequence[Any]):
    __slots__ = ("_looks", "plain")

    def __init__(self, plain: Json, looks: _Looks) -> None:
        self.plain, self._looks = plain, looks

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._looks.seen(item) for item in self.plain[index]]
        return self._looks.seen(self.plain[index])

    def __len__(self) -> int:
        return len(self.plain)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Array)
            and len(self) == len(other)
            and all(left == right for left, right in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]


def _plain(value: Any) -> Json:
    return value.plain if isinstance(value, _Object | _Array) else value


class _Regexp(FilterFunction):
    """`match` or `search`, in linear time; False for what is no pattern, as RFC 9535 has it."""

    def __init__(self, before: str, after: str) -> None:
        self._before, self._after = before, after

    @property
    def arg_types(self) -> list[ExpressionType]:
        return [ExpressionType.VALUE, ExpressionType.VALUE]

    @property
    def return_type(self) -> ExpressionType:
        return ExpressionType.LOGICAL

    def __call__(self, value: object, pattern: object) -> bool:
        if not (isinstance(value, str) and isinstance(pattern, str)):
            return False
        return _takes(self._before + pattern + self._after, value)


def _takes(pattern: str, value: str) -> bool:
    matches = _matcher(pattern)
    return matches is not None and matches(value)


@functools.lru_cache
def _matcher(pattern: str) -> Any:
    import jsonschema_rs  # noqa: PLC0415 - only for queries with such a function

    try:
        return jsonschema_rs.validator_for(
            {"type": "string", "pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
        ).is_valid
    except (jsonschema_rs.ValidationError, ValueError):
        return None


class _Environment(JSONPathEnvironment):
    """RFC 9535, with functions of ours."""

    def getitem(self, obj: Any, key: Any) -> Any:
        """Return what is there; a slice takes nothing out of a string."""
        return () if isinstance(obj, str) else super().getitem(obj, key)

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Regexp("^(?:", ")$")
        self.function_extensions["search"] = _Regexp("(?:", ")")


_ENVIRONMENT: Final = _Environment(strict=True)
