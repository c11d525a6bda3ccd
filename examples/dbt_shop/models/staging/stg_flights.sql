-- A flight as the model saw it; weather that was not measured stays missing.
select
    flight_id
    , scheduled_at
    , carrier
    , origin
    , dest
    , weekday
    , distance
    , hour
    , temp
    , dewp
    , wind_speed
    , precip
    , visib
    , pressure
    , plane_age
    , seats
    , p_late
from {{ source('airline', 'flights_scored') }}
