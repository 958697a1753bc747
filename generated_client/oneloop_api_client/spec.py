"""Which spec, overlay and generator this package was made from, and the operations it has."""

from typing import Final, NamedTuple


class Operation(NamedTuple):
    """One operation of the spec.

    `responses` maps each documented status to its media types; `joined` maps the query parameters
    that are lists in one piece to what stands between their items.
    """

    operation_id: str
    method: str
    path: str
    responses: dict[str, tuple[str, ...]]
    joined: dict[str, str]


SPEC_VERSION: Final = "1.0.0"
SPEC_SHA256: Final = "b512bef178b02945acd8f035ccf08d38152f51e25eee5d687ae5e2eb41eb3875"
OVERLAY_SHA256: Final = "bc8002daf64915811896f26745f911110521191e65ff9fc119f45379ea13a2ce"
GENERATOR_VERSION: Final = "0.29.1"
SERVER_URL: Final = "https://prod.oneloop.ai"
OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        "getBillingUsage",
        "GET",
        "/api/v1/usage/{bid}",
        {
            "200": ("application/json",),
            "400": ("application/json",),
            "401": ("application/json",),
            "403": ("application/json",),
        },
        {},
    ),
)
