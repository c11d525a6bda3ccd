"""Levels beyond `max_levels` share a bin, and every distance of them says so."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest


def many_levels(world: Any) -> pd.DataFrame:
    """Gives the world a column of twelve levels, the first ones the most frequent; its reference's rows."""
    world.sql(
        "create or replace table scored as select *, 'l' || cast(floor(sqrt(id % 144)) as integer) as place from scored"
    )
    world.monitor["features"] = {"numeric": ["amount"], "categorical": ["place", "region"]}
    return world.connection.execute("select place from scored where happened < timestamp '2024-05-01'").df()


@pytest.mark.parametrize("max_levels", [1, 5, 10])
def test_pooled_levels_are_noted(world: Any, max_levels: int) -> None:
    reference = many_levels(world)
    counts = sorted(reference["place"].value_counts(), reverse=True)
    world.monitor["max_levels"] = max_levels
    drift = world.run().query("family == 'drift'")
    notes = set(drift.loc[drift["column_name"] == "place", "note"])
    rare = counts[max_levels:]
    assert notes == {f"{len(rare)} rare levels with {sum(rare)} rows of the reference are pooled"}
    assert drift.loc[drift["column_name"] == "amount", "note"].isna().all()
    assert drift.loc[drift["column_name"] == "region", "note"].isna().all() == (max_levels >= 4)


@pytest.mark.parametrize("max_levels", [11, 12, 1000])
def test_a_level_alone_is_not_pooled(world: Any, max_levels: int) -> None:
    assert many_levels(world)["place"].nunique() == 12
    world.monitor["max_levels"] = max_levels
    assert world.run().query("family == 'drift'")["note"].isna().all()


def test_other_notes_stay(world: Any) -> None:
    many_levels(world)
    world.monitor |= {
        "max_levels": 5,
        "min_rows": 40,
        "reference": "happened < timestamp '2024-02-01'",
        "metrics": {"drift": ["jensen_shannon"]},
    }
    drift = world.run().query("column_name == 'place' and family == 'drift'")
    assert drift["value"].isna().any()
    assert set(drift.loc[drift["value"].isna(), "note"]) == {"fewer than 40 rows"}
    (note,) = set(drift.loc[drift["value"].notna(), "note"])
    whole, pooled = note.split("; ")
    assert whole == "fewer than two whole reference chunks to fit a threshold on"
    assert "rare levels with" in pooled


def test_another_max_levels_is_another_fit(world: Any) -> None:
    before = set(world.run()["fit_id"])
    world.monitor["max_levels"] = 2
    assert before.isdisjoint(world.run()["fit_id"])
