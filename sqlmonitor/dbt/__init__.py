"""What a dbt project says, read from its files without dbt: relations, connections, monitors."""

from sqlmonitor.dbt.loading import load
from sqlmonitor.dbt.project import DbtProject

__all__ = ["DbtProject", "load"]
