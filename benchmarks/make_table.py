"""Writes the synthetic credit table that the benchmark reads.

15 features (10 numeric with 2 % NULLs, 5 categorical with 3 to 1,000 levels), a score with six
decimals, the predicted label, the target and an amount, over the 12 months of 2025. Later months
drift a little in age, income and debt-to-income ratio. Deterministic for a row count. Copies are further
features of the same 15 distributions: `age_1` is drawn as `age` is, with other random numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

BATCH_ROWS = 1_000_000
LEVEL_COUNTS = {"region": 52, "product": 6, "employment": 20, "housing": 3, "branch": 1000}
NUMERIC_COLUMNS = [
    "age", "income", "debt_to_income", "limit_balance", "utilization",
    "tenure_months", "inquiries", "open_accounts", "payment_ratio", "bureau_score",
]  # fmt: skip


def batch(first_row: int, row_count: int, total_rows: int, seed: int) -> pd.DataFrame:
    """Rows `first_row` … of a table of `total_rows` rows, in order of time."""
    random = np.random.default_rng([seed, first_row])
    row = np.arange(first_row, first_row + row_count)
    year_seconds = 365 * 86400
    second = row * (year_seconds / total_rows)
    drift = np.clip((row / total_rows - 8 / 12) * 3, 0, None)
    age = np.clip(random.normal(42 + 2 * drift, 12, row_count), 18, 90)
    income = random.lognormal(10.4 + 0.1 * drift, 0.5, row_count)
    debt_to_income = random.beta(2 + drift, 5, row_count)
    limit_balance = np.round(random.lognormal(9.5, 0.9, row_count), -2)
    utilization = random.beta(1.2, 3.0, row_count)
    tenure = random.exponential(48, row_count)
    inquiries = random.poisson(1.4, row_count).astype(float)
    open_accounts = random.poisson(6, row_count).astype(float)
    payment_ratio = random.gamma(2, 0.25, row_count)
    bureau = np.round(random.normal(680, 60, row_count))
    logit = (
        -1.6
        + 2.2 * (debt_to_income - 0.3)
        + 1.4 * (utilization - 0.3)
        - 0.012 * (bureau - 680)
        - 0.01 * (age - 42)
        + 0.15 * inquiries
        - 0.2
    )
    score = np.round(1 / (1 + np.exp(-logit)), 6)
    truth = 1 / (1 + np.exp(-(logit + 0.35 * drift + random.normal(0, 0.4, row_count))))
    frame = pd.DataFrame(
        {
            "id": row,
            "ts": np.datetime64("2025-01-01", "us") + (second * 1e6).astype("timedelta64[us]"),
            "age": age, "income": income, "debt_to_income": debt_to_income,
            "limit_balance": limit_balance, "utilization": utilization, "tenure_months": tenure,
            "inquiries": inquiries, "open_accounts": open_accounts,
            "payment_ratio": payment_ratio, "bureau_score": bureau,
        }
    )  # fmt: skip
    for name in NUMERIC_COLUMNS:
        frame.loc[random.random(row_count) < 0.02, name] = None
    for name, levels in LEVEL_COUNTS.items():
        weights = 1 / np.arange(1, levels + 1) ** 0.7
        codes = random.choice(levels, row_count, p=weights / weights.sum())
        names = np.array([f"{name}_{level:04d}" for level in range(levels)])
        frame[name] = names[codes]
    frame["score"] = score
    frame["label"] = (score >= 0.25).astype(np.int32)
    frame["target"] = (random.random(row_count) < truth).astype(np.int32)
    frame["amount"] = np.round(random.lognormal(8, 1, row_count), 2)
    return frame


def wide_batch(first_row: int, row_count: int, total_rows: int, seed: int, copies: int) -> pd.DataFrame:
    """The same rows with so many copies of the features."""
    features = [*NUMERIC_COLUMNS, *LEVEL_COUNTS]
    more = [
        batch(first_row, row_count, total_rows, seed + copy)[features].add_suffix(f"_{copy}")
        for copy in range(1, copies)
    ]
    return pd.concat([batch(first_row, row_count, total_rows, seed), *more], axis="columns")


def write(path: Path, total_rows: int, seed: int = 7, copies: int = 1) -> None:
    """Writes `total_rows` rows to the Parquet file `path` (zstd, row groups of 122,880)."""
    import pyarrow
    import pyarrow.parquet

    part = path.with_suffix(".part")
    writer = None
    batch_rows = BATCH_ROWS // copies
    for first_row in range(0, total_rows, batch_rows):
        rows = min(batch_rows, total_rows - first_row)
        table = pyarrow.Table.from_pandas(wide_batch(first_row, rows, total_rows, seed, copies))
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(part, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=122_880)
    assert writer is not None
    writer.close()
    # Rewritten by DuckDB, so that its own encodings are what is measured.
    duckdb.sql(
        f"copy (from read_parquet('{part}')) to '{path}' (format parquet, compression zstd, row_group_size 122880)"
    )
    part.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--copies", type=int, default=1, help="how often the 15 features are there")
    options = parser.parse_args()
    write(options.path, options.rows, copies=options.copies)
