"""Every operation as a method of one class: what it is called there, and what it returns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from openapi_python_client.strings import PythonIdentifier

from codegen.spec import operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from openapi_python_client.parser.openapi import Endpoint, EndpointCollection
    from openapi_python_client.parser.responses import Response


# What the class that gets the methods has beside the generator's own client.
_ADDED: Final = {"with_raw_response"}


@dataclass(frozen=True)
class Method:
    """One operation, whose functions are in the module `api.{tag}.{module}`."""

    name: str
    tag: str
    module: str
    endpoint: Endpoint

    @property
    def line(self) -> str:
        """The request in words."""
        return f"{self.endpoint.method.upper()} {self.endpoint.path.get_untrusted_value()}"

    @property
    def arguments(self) -> list[str]:
        """The names of its arguments."""
        names = [str(parameter.python_name) for _, parameter in self.endpoint.iter_all_parameters()]
        return [*names, "body"] if self.endpoint.bodies else names

    @property
    def imports_of_defaults(self) -> set[str]:
        """What the defaults of its arguments need, members of enums for one."""
        return {
            line
            for parameter in self.endpoint.list_all_parameters()
            if parameter.default is not None
            for line in parameter.get_imports(prefix="...")
        }

    @property
    def result(self) -> str:
        """The type of its successes alone: what isn't one is raised."""
        types = {_type(response) for response in _successes(self.endpoint)} or {"None"}
        if "Any" in types:
            return "Any"
        return " | ".join(sorted(types, key=lambda each: (each == "None", each)))

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Each documented error status or range, and what the spec says of it."""
        return [
            (response.status_code.pattern, getattr(response.data, "description", ""))
            for response in self.endpoint.responses.patterns
            if response.status_code.pattern[0] in "45"
        ]


def methods(
    by_tag: Mapping[PythonIdentifier, EndpointCollection], prefix: str, taken: AbstractSet[str]
) -> list[Method]:
    """Return a method for each operation, under the generator's own name for it.

    Where two tags have the name it begins with the tag; where the class that gets the methods
    has it already, it ends in an underscore, as the generator's reserved words do.

    Args:
        by_tag: the generator's operations.
        prefix: what the generator puts before names that are none in Python.
        taken: the names that the generator's client has.
    """
    found = list(_by_module(by_tag, prefix))
    common = Counter(module for _, module, _ in found)
    names = _ADDED | taken
    made = []
    for tag, module, endpoint in found:
        name = f"{tag}_{module}" if common[module] > 1 else module
        while name in names:
            name += "_"
        names.add(name)
        made.append(Method(name, tag, module, endpoint))
    return made


def _by_module(
    by_tag: Mapping[PythonIdentifier, EndpointCollection], prefix: str
) -> Iterator[tuple[str, str, Endpoint]]:
    """Yield tag, module name and operation; one that has several tags comes with its first."""
    seen = set()
    for tag, collection in by_tag.items():
        for endpoint in collection.endpoints:
            if id(endpoint) not in seen:
                seen.add(id(endpoint))
                yield str(tag), str(PythonIdentifier(endpoint.name, prefix)), endpoint


def _successes(endpoint: Endpoint) -> list[Response]:
    """Return the responses that are none of an error's."""
    by_status = {it.status_code.pattern: it for it in endpoint.responses.patterns}
    if endpoint.responses.default:
        by_status["default"] = endpoint.responses.default
    return [by_status[status] for status in operations.successes(by_status)]


def _type(response: Response) -> str:
    if response.source["return_type"] == "None":  # without a body, or with one of no type
        return "Any" if getattr(response.data, "content", None) else "None"
    return response.prop.get_type_string().as_unembedded_code()
