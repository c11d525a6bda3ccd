"""The project file as it is understood: values and relations put in, secrets left out."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlmonitor.definitions import Project

__all__ = ["resolved_text"]

WIDTH = 1000


def resolved_text(project: Project) -> str:
    """YAML of the file that the project was validated from.

    What came from the environment into ``warehouse`` is hidden there, and so is a password in its URL; a relation
    that dbt's manifest gave has the call as a comment.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    from sqlmonitor.masking import secrets_of, without

    document = project.document
    assert document is not None, "a project that was loaded has its document"

    def commented(value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(value, list):
            return CommentedSeq(commented(one, (*path, index)) for index, one in enumerate(value))
        if not isinstance(value, dict):
            return value
        mapping = CommentedMap((key, commented(one, (*path, key))) for key, one in value.items())
        for key in value:
            call = document.calls.get((*path, key))
            if call is not None and "\n" not in str(value[key]):
                mapping.yaml_add_eol_comment(call, key)
        return mapping

    data = commented(document.data, ())
    warehouse = str(document.data["warehouse"])
    data["warehouse"] = without(warehouse, document.hidden | secrets_of(warehouse))
    yaml = YAML(typ="rt")
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(data, out)
    return out.getvalue()
