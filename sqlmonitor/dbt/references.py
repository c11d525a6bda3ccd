"""``ref`` and ``source`` to the relation in the warehouse."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmonitor.dbt.manifest import Manifest, Node
from sqlmonitor.definitions.dbt_call import DbtCall
from sqlmonitor.errors import ConfigurationError

__all__ = ["Found", "call_of", "find", "resolve", "with_package"]


@dataclass(frozen=True)
class Found:
    """What a call stands for; one of the two.

    Args:
        relation: its name in the warehouse, quoted as dbt quotes it.
        sql: the query of an ephemeral model.
    """

    relation: str | None = None
    sql: str | None = None


def resolve(call: DbtCall, manifest: Manifest, *, takes_query: bool) -> Found:
    """Look up what a call stands for.

    Args:
        call: as the user wrote it.
        manifest: of the project.
        takes_query: False where only the name of a relation can stand.

    Raises:
        ConfigurationError: there is no such model or source, or it is no relation.
    """
    node = find(call, manifest)
    relation = node.get("relation_name")
    if isinstance(relation, str) and relation:
        return Found(relation=relation)
    what = f"model '{call.name}'"
    if not takes_query:
        raise ConfigurationError(
            f"{what} is ephemeral: it has no relation in the warehouse",
            remedy="materialize it as view or table",
        )
    query = node.get("compiled_code")
    if node.get("language") not in (None, "sql"):
        raise ConfigurationError(f"{what} is no SQL and has no relation", remedy="name another model")
    if not isinstance(query, str) or not query.strip():
        raise ConfigurationError(
            f"{what} is ephemeral, and the manifest has no compiled SQL of it",
            remedy=f"run: dbt compile --select {call.name}; or materialize it as view or table",
        )
    if node.get("extra_ctes") and not node.get("extra_ctes_injected"):
        raise ConfigurationError(
            f"the compiled SQL of {what} lacks the ephemeral models it reads",
            remedy=f"run: dbt compile --select {call.name}",
        )
    return Found(sql=query.strip())


def find(call: DbtCall, manifest: Manifest) -> Node:
    """The model, seed, snapshot or source that a call names.

    Raises:
        ConfigurationError: there is none, or several.
    """
    return _source(call, manifest) if call.function == "source" else _model(call, manifest)


def with_package(call: DbtCall, manifest: Manifest) -> DbtCall:
    """The same call with the package of the model that it finds: another package may have a model of the name."""
    if call.function != "ref" or call.inside is not None:
        return call
    return replace(call, inside=str(find(call, manifest).get("package_name")))


def call_of(node: Node, manifest: Manifest) -> DbtCall:
    """How the root project names a node."""
    name = str(node.get("name"))
    if node.get("resource_type") == "source":
        return DbtCall("source", name=name, inside=str(node.get("source_name")))
    package = str(node.get("package_name"))
    version = node.get("version")
    return DbtCall(
        "ref",
        name=name,
        inside=None if package == manifest.name else package,
        version=None if version is None else str(version),
    )


def _source(call: DbtCall, manifest: Manifest) -> Node:
    sources = list(manifest.sources())
    inside = [node for node in sources if node.get("source_name") == call.inside]
    found = [node for node in inside if node.get("name") == call.name]
    if not inside:
        raise ConfigurationError(
            f"dbt's project has no source '{call.inside}'",
            allowed=sorted({str(node.get("source_name")) for node in sources}) or None,
            word=call.inside,
            remedy=None if sources else "the manifest has no sources at all; is it the right project?",
        )
    if not found:
        raise ConfigurationError(
            f"source '{call.inside}' has no table '{call.name}'",
            allowed=sorted(str(node.get("name")) for node in inside),
            word=call.name,
        )
    # As dbt: the root project's first.
    return next((node for node in found if node.get("package_name") == manifest.name), found[0])


def _model(call: DbtCall, manifest: Manifest) -> Node:
    nodes = list(manifest.nodes())
    packages = sorted({str(node.get("package_name")) for node in nodes})
    if call.inside is not None and call.inside not in packages:
        raise ConfigurationError(
            f"dbt's project has no package '{call.inside}'", allowed=packages, word=call.inside
        )
    if call.inside is not None:
        nodes = [node for node in nodes if node.get("package_name") == call.inside]
    found = [node for node in nodes if node.get("name") == call.name]
    if not found and manifest.is_disabled(call.name):
        raise ConfigurationError(
            f"model '{call.name}' is disabled", remedy="enable it, or name another model"
        )
    if not found:
        where = f"package '{call.inside}'" if call.inside else "dbt's project"
        raise ConfigurationError(
            f"{where} has no model '{call.name}'",
            allowed=sorted({str(node.get("name")) for node in nodes}),
            word=call.name,
            remedy="a model that is new comes into the manifest by: dbt parse",
        )
    # As dbt: the root project's first.
    own = [node for node in found if node.get("package_name") == manifest.name]
    found = own or found
    versions = {str(node["version"]): node for node in found if node.get("version") is not None}
    if call.version is not None:
        if call.version not in versions:
            raise ConfigurationError(
                f"model '{call.name}' has no version {call.version}",
                allowed=sorted(versions) or None,
                remedy=None if versions else f"it has no versions: write ref('{call.name}')",
            )
        return versions[call.version]
    latest = [node for node in found if node.get("version") == node.get("latest_version")]
    return (latest or found)[0]
