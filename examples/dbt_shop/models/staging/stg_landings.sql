-- A flight that landed. Late is 15 minutes or more.
select
    flight_id
    , landed_at
    , arr_delay
    , case when arr_delay >= 15 then 1 else 0 end as late
from {{ source('airline', 'flights_outcomes') }}
