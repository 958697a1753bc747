"""Contains all the data models used in inputs/outputs"""

from .billing_usage_response import BillingUsageResponse
from .error_detail import ErrorDetail
from .error_response import ErrorResponse
from .usage_row import UsageRow

__all__ = (
    "BillingUsageResponse",
    "ErrorDetail",
    "ErrorResponse",
    "UsageRow",
)
