-- values: every metric's rows under one another.
-- Below the user's minimum of rows there is no value, so none to alert and none to fit a threshold on.
-- A distance of levels says how many of them were too rare for a bin of their own.
-- inputs:
--   {{ parts }}: the steps that compute metrics, all with the same columns
--   {{ minimum_rows }}: given where chunks and segments with fewer rows have no values; row_count has one
--   {{ levels }}: column_name varchar, bin bigint, row_count bigint
--   {{ max_levels }}: how many levels have a bin of their own; given with levels, where there are categorical columns
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
{% if levels %}
, pooled as (
    select
        column_name
        , cast(count(*) as varchar) || ' rare levels with ' || cast(cast(sum(row_count) as bigint) as varchar) || ' rows of the reference are pooled' as pooled_note
    from {{ levels }}
    where bin >= {{ max_levels }}
    group by column_name
    having count(*) > 1
)
{% endif %}
, judged as (
    select
        united.*
        , {% if minimum_rows %}(family = 'summary' and metric = 'row_count') or row_count + unused_count >= {{ minimum_rows }}{% else %}true{% endif %} as is_enough
        , {% if levels %}case when family = 'drift' then pooled.pooled_note end{% else %}cast(null as varchar){% endif %} as pooled_note
    from united
    {% if levels %}
    left join pooled on united.column_name = pooled.column_name
    {% endif %}
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
    , {% if minimum_rows %}case when is_enough then coalesce(note, pooled_note) else 'fewer than {{ minimum_rows }} rows' end{% else %}coalesce(note, pooled_note){% endif %} as note
from judged
order by chunk_number, segment_column, segment_value, family, metric, column_name, component
