"""The software bill of materials that goes into the wheel, by PEP 770, in CycloneDX 1.6.

It says what the wheel's own metadata can't: which spec, overlay and generator the generated package
was made from. The same sources give the same bytes: its number follows from them, and its time is
that of their commit.
"""

from __future__ import annotations

import hashlib
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

_GENERATOR: Final = "openapi-python-client"


def text(root: Path, epoch: int) -> str:
    """Return the SBOM of the sources in `root`, committed at `epoch`."""
    table = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    project = table["project"]
    own = _package(project["name"], project["version"], ComponentType.LIBRARY)
    own.description = project["description"]
    own.licenses.add(LicenseExpression(project["license"]))
    made_from = [
        _file(root, "openapi.yaml", "The vendor's spec, as published"),
        _file(root, "overrides/overlay.yaml", "Our corrections of it"),
        _generator(table["dependency-groups"]["codegen"]),
    ]
    needed = [_dependency(text, None) for text in project["dependencies"]]
    for extra, requirements in project["optional-dependencies"].items():
        needed += [_dependency(text, extra) for text in requirements]
    components = [*made_from, *_merged(needed)]
    bom = Bom(
        components=components,
        metadata=BomMetaData(component=own, timestamp=datetime.fromtimestamp(epoch, UTC)),
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, _content(own, components)),
        dependencies=[
            Dependency(own.bom_ref, [Dependency(each.bom_ref) for each in components]),
            *(Dependency(each.bom_ref) for each in components),
        ],
    )
    made = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    return made + "\n"


def _package(name: str, version: str | None, kind: ComponentType) -> Component:
    purl = PackageURL("pypi", name=canonicalize_name(name), version=version)
    return Component(name=name, version=version, type=kind, purl=purl, bom_ref=str(purl))


def _file(root: Path, name: str, description: str) -> Component:
    content = (root / name).read_bytes()
    return Component(
        name=name,
        type=ComponentType.FILE,
        bom_ref=f"file:{name}",
        version=YAML(typ="safe").load(content)["info"]["version"],
        description=description,
        scope=ComponentScope.EXCLUDED,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(content).hexdigest())],
    )


def _generator(group: list[str]) -> Component:
    """Return what wrote the generated package; its exact version is among what generation needs."""
    (pinned,) = [text for text in group if Requirement(text).name == _GENERATOR]
    (exact,) = Requirement(pinned).specifier
    made = _package(_GENERATOR, exact.version, ComponentType.APPLICATION)
    made.description = "Wrote oneloop_api_client"
    made.scope = ComponentScope.EXCLUDED
    return made


def _dependency(text: str, extra: str | None) -> Component:
    """Return a direct dependency, with its bounds: which version, an install decides."""
    requirement = Requirement(text)
    made = _package(requirement.name, None, ComponentType.LIBRARY)
    made.scope = ComponentScope.OPTIONAL if extra else ComponentScope.REQUIRED
    made.properties.add(Property(name="python:requirement", value=str(requirement)))
    if extra:
        made.properties.add(Property(name="python:extra", value=extra))
    return made


def _merged(components: list[Component]) -> list[Component]:
    """Return each package once: several extras may need it."""
    once: dict[str, Component] = {}
    for component in components:
        once.setdefault(component.name, component).properties.update(component.properties)
    return list(once.values())


def _content(own: Component, components: list[Component]) -> str:
    """Return what makes one SBOM another."""
    said: list[Any] = [own.purl, own.description]
    for each in components:
        said += [each.bom_ref.value, each.version, *(it.content for it in each.hashes)]
        said += sorted(f"{it.name}={it.value}" for it in each.properties)
    return "\n".join(map(str, said))
