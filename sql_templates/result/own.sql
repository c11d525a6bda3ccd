-- own: the values of a distance that the user wrote, as this metric's and for its columns alone.
-- A value that is no finite number is NULL.
-- inputs:
--   {{ own }}: chunk_number bigint, segment_column varchar, segment_value varchar, family varchar, metric varchar, column_name varchar, component varchar, value double, standard_error double, noise_floor double, p_value double, row_count bigint, unused_count bigint, note varchar
--   {{ metric }}: the metric's name
--   {{ columns }}: name of every column it is for
-- grain: chunk_number, segment_column, segment_value, column_name, component
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
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , {{ metric }} as metric
    , column_name
    , component
    , case when abs(cast(value as double)) <= 1.7e308 then cast(value as double) end as value
    , cast(standard_error as double) as standard_error
    , cast(noise_floor as double) as noise_floor
    , cast(p_value as double) as p_value
    , cast(row_count as bigint) as row_count
    , cast(unused_count as bigint) as unused_count
    , coalesce(
        cast(note as varchar)
        , case when value is null then 'the template gave NULL' when not abs(cast(value as double)) <= 1.7e308 then 'the template gave no finite number' end
    ) as note
from {{ own }}
where column_name in ({% for column in columns %}{% if not loop.first %}, {% endif %}{{ column.name }}{% endfor %})
