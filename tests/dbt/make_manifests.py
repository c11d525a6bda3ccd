"""Makes the manifests in ``manifests/`` of the project ``shop``, with dbt itself, and leaves out what nobody reads here.

    python tests/dbt/make_manifests.py 1.8=FOLDER 1.9=FOLDER 1.10=FOLDER 1.12=FOLDER 1.11=FOLDER

Each FOLDER is a virtual environment with that version of dbt-core and dbt-duckdb; the last also has dbt-postgres:

    python -m venv FOLDER && FOLDER/bin/pip install 'dbt-core==1.11.*' dbt-duckdb dbt-postgres

At its installation 1.12 downloads a binary, which compiling does not need: where that is not reached, install
dbt-core and dbt-duckdb with ``--no-deps``, and then what else they require.

For every version there is ``VERSION.json``, of ``dbt compile``. The last version given also makes ``parsed.json`` (of
``dbt parse``), ``prod.json`` (of target prod), ``postgres.json`` (of another adapter) and ``trap.json`` (a model whose
meta stands in its YAML and in its SQL).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
METADATA = ("dbt_schema_version", "dbt_version", "generated_at", "project_name", "adapter_type")
NODE = frozenset(
    """
    alias checksum columns compiled_code config database depends_on description extra_ctes extra_ctes_injected fqn
    group language latest_version label meta name original_file_path owner package_name patch_path raw_code
    relation_name resource_type schema source_name identifier type unique_id url version
    """.split()
)
CONFIG = frozenset("alias database enabled materialized meta schema".split())
COLUMN = frozenset("config data_type description meta name".split())
PYTHON = """
import duckdb
duckdb.connect('shop.duckdb').execute('''
    create schema raw;
    create table raw.loans_2024 as select 1 as loan_id, now()::timestamp as asked_at, 1.0 as amount, 1 as grade,
    0.5 as score, 1 as predicted, 1 as defaulted
''')
"""


def trimmed(manifest: dict[str, Any]) -> dict[str, Any]:
    """What is read of a manifest, and what stands beside it in the same mappings."""

    def node(full: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in full.items() if key in NODE}
        kept["config"] = {key: value for key, value in (full.get("config") or {}).items() if key in CONFIG}
        if "columns" in full:
            kept["columns"] = {
                name: {key: value for key, value in column.items() if key in COLUMN}
                for name, column in full["columns"].items()
            }
        return kept

    return {
        "metadata": {key: manifest["metadata"][key] for key in METADATA},
        "nodes": {name: node(one) for name, one in manifest["nodes"].items()},
        "sources": {name: node(one) for name, one in manifest["sources"].items()},
        "exposures": {name: node(one) for name, one in manifest["exposures"].items()},
        "macros": {name: {} for name in manifest["macros"] if "generate_schema_name" in name},
        "disabled": {name: [node(one) for one in some] for name, some in manifest["disabled"].items()},
        "groups": manifest["groups"],
    }


def run(environment: Path, folder: Path, *arguments: str) -> None:
    """Runs dbt in a folder."""
    quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    command = [environment / "bin" / "dbt", *arguments, "--profiles-dir", "."]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=os.environ | quiet)


def write(folder: Path, name: str) -> None:
    """Writes the manifest that dbt has made."""
    found = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    text = json.dumps(trimmed(found), indent=1, sort_keys=True) + "\n"
    (HERE / "manifests" / f"{name}.json").write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Makes all of them."""
    environments = {
        name: Path(folder).absolute() for name, _, folder in (one.partition("=") for one in arguments)
    }
    (HERE / "manifests").mkdir(exist_ok=True)
    newest = list(environments)[-1]
    for version, environment in environments.items():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "shop"
            shutil.copytree(HERE / "shop", folder)
            subprocess.run([environment / "bin" / "python", "-c", PYTHON], cwd=folder, check=True)
            run(environment, folder, "deps")
            run(environment, folder, "compile")
            write(folder, version)
            if version != newest:
                continue
            shutil.rmtree(folder / "target")
            run(environment, folder, "parse")
            write(folder, "parsed")
            run(environment, folder, "parse", "--target", "prod")
            write(folder, "prod")
            run(environment, folder, "parse", "--target", "server")
            write(folder, "postgres")
            run(environment, folder, "parse", "--vars", "{with_trap: true}")
            write(folder, "trap")


if __name__ == "__main__":
    main(sys.argv[1:])
