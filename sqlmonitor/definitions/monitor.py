"""One monitor: what is watched, against what, how often and with which metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from sqlmonitor.definitions.business import CustomMetric, Kpi, Threshold
from sqlmonitor.definitions.chosen import Metrics
from sqlmonitor.definitions.comparison import Comparison, check_comparisons
from sqlmonitor.definitions.definition import Definition, Names, Text, Whole, complaint
from sqlmonitor.definitions.document import Document, KeyPath, parse_key, written_key
from sqlmonitor.definitions.join import Joined
from sqlmonitor.definitions.model import Features, Model, Target
from sqlmonitor.definitions.source import Chunks, Reference, Source
from sqlmonitor.errors import ConfigurationError

__all__ = ["Monitor", "Task"]

Task = Literal["binary_classification", "multiclass_classification", "regression", "none"]


def _one_or_several(value: Any) -> Any:
    return (value,) if isinstance(value, (str, dict)) else value


class Monitor(Definition):
    """One monitored model or table."""

    name: Text
    """The monitor's name; printable text, unique in the file."""
    description: str | None = None
    """What it watches, in a sentence."""
    owner: Text | None = None
    """Who looks after the model; stands in the store, and where alerts are printed."""
    url: Text | None = None
    """Where the model is described; stands beside its owner."""
    task: Task
    """What the model does; none watches data only."""
    predictions: Source
    """The rows the model scored."""
    where: Text | None = None
    """A SQL condition on the predictions."""
    id: Text | None = None
    """The column that names a row."""
    timestamp: Text | None = None
    """The column with the time of the prediction."""
    updated_at: Text | None = None
    """The column with the time at which a row was written or changed; every run also reads the chunks of rows
    that were since the last one."""
    reference: Reference
    """The rows that show how things were when they were fine."""
    chunks: Chunks
    """How rows are cut into chunks."""
    compare: Annotated[tuple[Comparison, ...], BeforeValidator(_one_or_several)] = ()
    """Further results from the same counts: of longer chunks, rolling windows, or against a reference
    that moves along; one or a list of them."""
    lookback: Whole = Field(default=1, ge=0)
    """Chunks before the newest stored one that every run reads again, for rows that come late."""
    model: Model | None = None
    """The columns that the model writes."""
    target: Target | None = None
    """What really happened."""
    features: Features = Features()
    """The columns the model reads."""
    segments: Names = ()
    """Columns whose values are watched one by one as well."""
    metrics: Metrics = Metrics()
    """Which metrics; the defaults are sensible."""
    resolution: Literal["binned", "exact"] = "binned"
    """binned reads stored counts, exact reads the rows' own scores."""
    calibration: Literal["auto", "isotonic", "none"] = "auto"
    """How scores become probabilities before performance is estimated."""
    kpis: tuple[Kpi, ...] = ()
    """Numbers the business reads."""
    custom_metrics: tuple[CustomMetric, ...] = ()
    """Metrics of your own."""
    thresholds: tuple[Threshold, ...] = ()
    """Limits beyond which values alert."""
    min_rows: Whole = Field(default=1, ge=1)
    """Chunks with fewer rows have no values; 1 is off."""
    max_levels: Whole = Field(default=1000, ge=1)
    """Levels kept per categorical feature; the others are counted together."""
    min_label_coverage: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.5
    """Share of a chunk's rows that must have labels for realized values."""
    blended: Annotated[bool, Field(strict=True)] = False
    """true for performance a third time, where some of a chunk's labels are missing: realized where labels
    are, estimated elsewhere."""
    allow_functions: Names = ()
    """Functions that may be called in this monitor's SQL although sqlglot does not know them."""

    _document: Document | None = PrivateAttr(default=None)
    _path: KeyPath = PrivateAttr(default=())

    def error(
        self,
        key_path: str,
        message: str,
        allowed: Iterable[str] | None = None,
        remedy: str | None = None,
        word: str | None = None,
    ) -> ConfigurationError:
        """Build, not raise, an error that names the file, the line and the key.

        Args:
            key_path: the place within the monitor, such as ``metrics.drift[1]``; a key that the
                file does not have gets the line of the nearest one around it.
            message: what is wrong, in one sentence.
            allowed: the values that would have been right; where the file has text at the place
                and one is near it, the error asks "did you mean …?".
            remedy: what to do about it.
            word: what is wrong in place of one of ``allowed``, where it is not the text at the place.

        Returns:
            The error to raise.
        """
        path = parse_key(key_path)
        if self._document is None:
            return ConfigurationError(
                message, key=written_key(path), allowed=allowed, word=word, remedy=remedy
            )
        place = (*self._path, *path)
        value = self._document.value(self._document.nearest(place))
        return self._document.error(
            place,
            message,
            allowed=allowed,
            word=word if word is not None else value if isinstance(value, str) else None,
            remedy=remedy,
        )

    @property
    def order_column(self) -> str | None:
        """The column by which rows are put into chunks; a row without it has none."""
        return self.timestamp if self.timestamp is not None else self.id

    def aggregates(self) -> Iterator[tuple[str, str]]:
        """Every aggregate expression that the user wrote, after the key where it stands."""
        for index, kpi in enumerate(self.kpis):
            if kpi.sql is not None:
                yield f"kpis[{index}].sql", kpi.sql
        for index, metric in enumerate(self.custom_metrics):
            if metric.sql is not None:
                yield f"custom_metrics[{index}].sql", metric.sql

    @property
    def joined(self) -> tuple[Joined, ...]:
        """The further relations of KPIs, each once."""
        found: list[Joined] = []
        for index, kpi in enumerate(self.kpis):
            for place, join in enumerate(kpi.join):
                if not any(one.is_of(join) for one in found):
                    found.append(Joined(len(found), join, f"kpis[{index}].join[{place}]"))
        return tuple(found)

    @model_validator(mode="after")
    def _fits_together(self) -> Monitor:
        for key in ("name", "owner", "url"):
            if not (getattr(self, key) or "").isprintable():
                raise complaint("must be printable text on one line", at=(key,))
        self._check_model()
        self._check_rows()
        check_comparisons(self.chunks, self.compare)
        self._check_thresholds()
        self._check_kpis()
        return self

    def _check_model(self) -> None:
        score = self.model.score if self.model else None
        if self.task == "none":
            if self.model is not None:
                raise complaint(
                    "task none watches data only and has no model",
                    remedy="remove 'model:' or name the model's task",
                    at=("model",),
                )
        elif self.model is None:
            raise complaint(f"task {self.task} needs a model", remedy="add 'model:'")
        elif self.task == "binary_classification":
            if not isinstance(score, str):
                raise complaint(
                    "task binary_classification needs one score column",
                    remedy="write 'score:' with the column of the positive class's probability",
                    at=("model", "score"),
                )
        elif self.task == "multiclass_classification":
            if isinstance(score, str) or (score is None and self.model.label is None):
                raise complaint(
                    "task multiclass_classification needs a score column per class or a label",
                    remedy="write score as a mapping {class: column, …}",
                    at=("model", "score"),
                )
        elif score is not None:
            raise complaint(
                "task regression has no score",
                remedy="write the column of the predicted value as 'label:'",
                at=("model", "score"),
            )
        elif self.model.label is None:
            raise complaint(
                "task regression needs the column of the predicted value",
                remedy="write it as 'label:'",
                at=("model",),
            )

    def _check_rows(self) -> None:
        if self.blended and (self.target is None or not self.task.endswith("classification")):
            raise complaint(
                "blended values are of a classification with a target",
                remedy="remove 'blended:'",
                at=("blended",),
            )
        if self.timestamp is None and self.chunks.period is not None:
            raise complaint(
                f"chunks by {self.chunks.period} need a timestamp",
                remedy="add 'timestamp:', or cut chunks by {size: 5000} or {count: 10}",
                at=("chunks",),
            )
        # One chunk of all rows needs no order.
        if self.timestamp is None and self.id is None and self.chunks.count != 1:
            raise complaint(
                "chunks without a timestamp go by id, but there is no id",
                remedy="add 'id:' or 'timestamp:'",
                at=("chunks",),
            )
        if self.target and self.target.relation and not (self.target.on or self.id):
            raise complaint(
                "a target in a relation of its own needs a column to join on",
                remedy="add 'on:' here or 'id:' to the monitor",
                at=("target", "relation"),
            )

    def _check_thresholds(self) -> None:
        for index, threshold in enumerate(self.thresholds):
            if threshold.compare is not None and threshold.compare not in self.compare:
                raise complaint(
                    f"'{threshold.compare.words}' is no comparison of this monitor",
                    allowed=[one.words for one in self.compare] or None,
                    remedy="add it to 'compare:', or leave it out",
                    at=("thresholds", index, "compare"),
                )

    def _check_kpis(self) -> None:
        names: set[str] = set()
        for index, kpi in enumerate(self.kpis):
            if kpi.name in names:
                raise complaint(
                    f"two KPIs are named '{kpi.name}'",
                    remedy="give each KPI its own name",
                    at=("kpis", index, "name"),
                )
            names.add(kpi.name)
            self._check_value_matrix(index, kpi)
        for index, metric in enumerate(self.custom_metrics):
            if metric.name in names:
                raise complaint(
                    f"another metric or KPI is named '{metric.name}'",
                    remedy="give each its own name",
                    at=("custom_metrics", index, "name"),
                )
            names.add(metric.name)

    def _check_value_matrix(self, index: int, kpi: Kpi) -> None:
        matrix, at = kpi.value_matrix, ("kpis", index, "value_matrix")
        if matrix is None:
            return
        by_class = matrix if isinstance(matrix, dict) else None
        if self.task != ("binary_classification" if by_class is None else "multiclass_classification"):
            form = "of two classes" if by_class is None else "{true class: {predicted class: value}}"
            is_of_classes = self.task == "multiclass_classification"
            raise complaint(
                f"a value matrix {form} does not fit the task {self.task}",
                remedy="write {true class: {predicted class: value}}"
                if is_of_classes
                else "write the KPI as 'sql:'",
                at=at,
            )
        score = self.model.score if self.model else None
        classes = list(score) if isinstance(score, dict) else []
        named: list[tuple[tuple[str, ...], str]] = [((true,), true) for true in by_class or {}]
        named += [((true, name), name) for true, values in (by_class or {}).items() for name in values]
        for place, name in named:
            if name not in classes:
                raise complaint(
                    f"'{name}' is no class of model.score", allowed=classes, word=name, at=(*at, *place)
                )
