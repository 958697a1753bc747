"""What generate.sh runs: from the vendor's spec to the package in generated_client/.

Everything that a run needs is told to it, so another spec goes into another folder just as well:

    from codegen import generate
    generate(Path("shop.yaml"), None, tmp_path / "shop_client")  # import shop_client

The checks are those of ./generate.sh; nothing is written but the folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["generate"]


def generate(
    spec: Path,
    overlay: Path | None,
    folder: Path,
    *,
    config: Path | None = None,
    templates: Path | None = None,
) -> list[str]:
    """Generate the package for the OpenAPI file `spec` into the new `folder`.

    `config` is the generator's own configuration file, `templates` a folder of more templates:
    modules, and in its folders what stands in place of the generator's. Returns what the generator
    left out, in words; raises `codegen.errors.CodegenError`.
    """
    # A second of imports, for those who generate.
    from codegen.make import build  # noqa: PLC0415
    from codegen.spec import facts  # noqa: PLC0415
    from codegen.spec.overlay import Overlay, read  # noqa: PLC0415
    from codegen.spec.upstream import Upstream  # noqa: PLC0415

    upstream = Upstream.read(spec.read_bytes(), spec.name)
    corrections = read(overlay) if overlay else Overlay()
    facts.require(facts.judge(corrections, upstream.document))
    return build.package(upstream, corrections, folder, config, templates).left_out
