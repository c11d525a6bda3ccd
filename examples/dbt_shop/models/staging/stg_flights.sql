-- A flight as the model saw it; weather that was not measured stays missing.
select
    flights.flight_id
    , flights.scheduled_at
    , flights.carrier
    , airlines.airline
    , flights.origin
    , flights.dest
    , flights.weekday
    , flights.distance
    , flights.hour
    , flights.temp
    , flights.dewp
    , flights.wind_speed
    , flights.precip
    , flights.visib
    , flights.pressure
    , flights.plane_age
    , flights.seats
    , flights.p_late
from {{ source('airline', 'flights_scored') }} as flights
left join {{ ref('airlines') }} as airlines on flights.carrier = airlines.carrier
