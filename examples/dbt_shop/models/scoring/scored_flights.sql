-- What the model says of every flight since March; it learnt from the two months before.
select
    *
    , case when p_late >= {{ var('late_from') }} then 1 else 0 end as predicted_late
from {{ ref('stg_flights') }}
where scheduled_at >= timestamp '2013-03-01 00:00:00'
