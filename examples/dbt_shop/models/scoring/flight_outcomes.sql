-- How the flights ended, as far as they have landed: the model's labels, hours later.
select
    landings.flight_id
    , landings.landed_at
    , landings.arr_delay
    , landings.late
from {{ ref('stg_landings') }} as landings
inner join {{ ref('scored_flights') }} as flights on landings.flight_id = flights.flight_id
