"""What a dbt project says, read from its files without dbt: relations, connections, monitors."""

from sqlmonitor.dbt.importing import import_text
from sqlmonitor.dbt.loading import load, project_of
from sqlmonitor.dbt.manifest import Manifest
from sqlmonitor.dbt.project import DbtProject
from sqlmonitor.dbt.references import with_package

__all__ = ["DbtProject", "Manifest", "import_text", "load", "project_of", "with_package"]
