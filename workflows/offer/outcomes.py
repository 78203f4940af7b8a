"""The outcomes that a decision on an offer can have."""

from __future__ import annotations

from typing import Final

INDEPENDENT: Final = "independent_contractor"
EMPLOYEE: Final = "employee"
NOT_ENGAGED: Final = "not_engaged"
