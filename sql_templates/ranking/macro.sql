-- macro: mean over the classes of a metric over ranks, each class against all others.
-- standard error: as if the classes were independent, times how much they move together, which was
-- measured on the labelled reference: square root of (squares of rows' summed influences / sum of their squares).
-- inputs:
--   {{ by_class }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, metric varchar, component varchar, value double, standard_error double, row_count bigint, unused_count bigint
--   {{ class_outcomes }}: segment_column varchar, is_by_cell boolean, squares_0 double, total_squares_0 double
--   {{ squares }}, {{ total_squares }}: the metric's influences among them
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
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
with joint as (
    select sum({{ total_squares }}) / nullif(sum({{ squares }}), 0) as inflation
    from {{ class_outcomes }}
    where segment_column = '' and not is_by_cell
), averages as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , metric
        , case when count(value) = count(*) then avg(value) end as value
        , case when count(value) = count(*) then sqrt(sum(standard_error * standard_error)) / count(*) end as independent_error
        , max(row_count) as row_count
        , max(unused_count) as unused_count
    from {{ by_class }}
    group by family, chunk_number, segment_column, segment_value, metric
)
select
    averages.family
    , averages.chunk_number
    , averages.segment_column
    , averages.segment_value
    , averages.metric
    , '' as column_name
    , '' as component
    , averages.value
    , averages.independent_error * sqrt(joint.inflation) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , averages.row_count
    , averages.unused_count
    , case
        when averages.row_count = 0 and averages.family = 'realized' then 'no row with a label and a score'
        when averages.row_count = 0 then 'no row with a score'
        when averages.value is null then 'not every class is there'
    end as note
from averages
cross join joint
