"""A compiled monitor as a dbt package: static SQL that computes the same results with no Python of ours."""

from __future__ import annotations

from sqlmonitor.dbt_export.package import MARK, Package, package

__all__ = ["MARK", "Package", "package"]
