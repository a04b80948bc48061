"""Names of nations, sensors and objects, distinct to the type checker."""

from __future__ import annotations

from typing import NewType

NationId = NewType("NationId", str)
SensorId = NewType("SensorId", str)
ObjectId = NewType("ObjectId", str)
