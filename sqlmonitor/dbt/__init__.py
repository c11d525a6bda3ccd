"""What a dbt project says, read from its files without dbt: relations, connections, monitors."""

from sqlmonitor.dbt.importing import import_text
from sqlmonitor.dbt.loading import load
from sqlmonitor.dbt.manifest import Manifest
from sqlmonitor.dbt.project import DbtProject

__all__ = ["DbtProject", "Manifest", "import_text", "load"]
