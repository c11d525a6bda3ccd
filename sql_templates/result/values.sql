-- values: every metric's rows under one another.
-- Below the user's minimum of rows there is no value, so none to alert and none to fit a threshold on.
-- inputs:
--   {{ parts }}: the steps that compute metrics, all with the same columns
--   {{ minimum_rows }}: given where chunks and segments with fewer rows have no values; row_count has one
-- grain: chunk_number, segment_column, segment_value, family, metric, column_name, component
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with united as (
    {% for part in parts %}
    {% if not loop.first %}union all{% endif %}
    select chunk_number, segment_column, segment_value, family, metric, column_name, component, value, standard_error, noise_floor, p_value, row_count, unused_count, note
    from {{ part }}
    {% endfor %}
)
{% if minimum_rows %}
, judged as (
    select
        *
        , (family = 'summary' and metric = 'row_count') or row_count + unused_count >= {{ minimum_rows }} as is_enough
    from united
)
select
    chunk_number
    , segment_column
    , segment_value
    , family
    , metric
    , column_name
    , component
    , case when is_enough then value end as value
    , case when is_enough then standard_error end as standard_error
    , case when is_enough then noise_floor end as noise_floor
    , case when is_enough then p_value end as p_value
    , row_count
    , unused_count
    , case when is_enough then note else 'fewer than {{ minimum_rows }} rows' end as note
from judged
{% else %}
select chunk_number, segment_column, segment_value, family, metric, column_name, component, value, standard_error, noise_floor, p_value, row_count, unused_count, note
from united
{% endif %}
