"""What a program is told of each try: before it, after it, and before the pause for another."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import attrs

from oneloop.errors import ConfigurationError


@attrs.frozen(kw_only=True)
class TryEvent:
    """One try of a call, as the functions in `event_hooks` get it, without key, headers and body.

    Attributes:
        method: of the request, such as `GET`.
        template: the path as the spec has it, `/keys/{keyId}`; None where the spec has none.
        server: scheme, host and port that the request goes to.
        path: path and query as they are sent, ids included.
        number: of the try, from 1.
        status_code: the answer's; None before the answer, or without a whole one.
        request_id: the server's name for the answer, bounded.
        error_type: the name of the error's class, where no whole answer came.
        elapsed: seconds that the try took; None before its end.
        pause: seconds until the next try; None where there is none.
        context: a dict of yours, the same for all events of a call.
    """

    method: str
    template: str | None
    server: str
    path: str
    number: int
    status_code: int | None = None
    request_id: str | None = None
    error_type: str | None = None
    elapsed: float | None = None
    pause: float | None = None
    context: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)

    @property
    def url(self) -> str:
        """Where the request goes to, ids included."""
        return self.server + self.path


Hook: TypeAlias = Callable[[TryEvent], object]
"""A function that is told of tries; for event loops, perhaps a coroutine function."""


@attrs.frozen
class Hooks:
    """The functions that are told."""

    request: tuple[Hook, ...] = ()
    """Before a try."""
    response: tuple[Hook, ...] = ()
    """After a try, whether an answer came or not."""
    retry: tuple[Hook, ...] = ()
    """After that, where another try follows, before the pause."""

    def __bool__(self) -> bool:
        return bool(self.request or self.response or self.retry)

    def options(self) -> dict[str, list[Hook]]:
        """Return the option that says these hooks."""
        return {event: list(getattr(self, event)) for event in EVENTS}

    def are_plain(self) -> bool:
        """Whether none of them has to be awaited, as far as can be told before it is called."""
        hooks = (*self.request, *self.response, *self.retry)
        return not any(
            inspect.iscoroutinefunction(hook)
            or inspect.iscoroutinefunction(getattr(hook, "__call__", None))  # noqa: B004
            for hook in hooks
        )


EVENTS = tuple(field.name for field in attrs.fields(Hooks))


def told(given: object) -> Hooks:
    """Return the hooks that the option `event_hooks` says.

    Raises:
        ConfigurationError: it isn't a mapping of events to lists of functions.
    """
    if isinstance(given, Hooks):
        return given
    form = "event_hooks={'retry': [a_function]}"
    if given is None:
        return Hooks()
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"event_hooks is no dict: {form}")
    if not all(event in EVENTS for event in given):
        raise ConfigurationError(f"event_hooks has another event than {', '.join(EVENTS)}")
    for event, hooks in given.items():
        if not (isinstance(hooks, list | tuple) and all(map(callable, hooks))):
            raise ConfigurationError(f"event_hooks[{event!r}] is no list of functions: {form}")
    return Hooks(**{event: tuple(hooks) for event, hooks in given.items()})


class Tell(NamedTuple):
    """Wait for the functions that are told, one after another."""

    hooks: tuple[Hook, ...]
    event: TryEvent

    def block(self) -> None:
        """Call them in this thread."""
        for hook in self.hooks:
            if isinstance(result := hook(self.event), Awaitable):
                getattr(result, "close", int)()  # else Python warns that nobody awaited it
                raise TypeError("a hook of a Oneloop is a plain function: use AsyncOneloop")

    async def wait(self) -> None:
        """Call them in the running event loop, and await what is to be awaited."""
        for hook in self.hooks:
            if isinstance(result := hook(self.event), Awaitable):
                await result
