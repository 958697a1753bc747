from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UsageRow")


@_attrs_define
class UsageRow:
    """What one billing id used of one thing on one day.

    Attributes:
        billing_id (str): The billing id that was asked for. Example: bid_123.
        day (str): The UTC day, as an ISO 8601 calendar date or as that day's midnight. Example: 2025-01-15.
        total_billing_usage (str): The count, in decimal digits. Example: 1234.
        billing_usage_name (str): What was used. Example: api-calls.
    """

    billing_id: str
    day: str
    total_billing_usage: str
    billing_usage_name: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        billing_id = self.billing_id

        day = self.day

        total_billing_usage = self.total_billing_usage

        billing_usage_name = self.billing_usage_name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "billingId": billing_id,
                "day": day,
                "totalBillingUsage": total_billing_usage,
                "billingUsageName": billing_usage_name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        billing_id = d.pop("billingId")

        day = d.pop("day")

        total_billing_usage = d.pop("totalBillingUsage")

        billing_usage_name = d.pop("billingUsageName")

        usage_row = cls(
            billing_id=billing_id,
            day=day,
            total_billing_usage=total_billing_usage,
            billing_usage_name=billing_usage_name,
        )

        usage_row.additional_properties = d
        return usage_row

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
