-- macro: mean over the classes of a metric over scores, each class against all others.
-- standard error: as if the classes were independent, times how much they move together, which was
-- measured on the labelled reference: square root of (squares of rows' summed influences / sum of their squares).
-- inputs:
--   {{ by_class }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, metric varchar, value double, standard_error double
--   {{ class_outcomes }}: segment_column varchar, is_by_cell boolean, squares_0 double, total_squares_0 double
--   {{ squares }}, {{ total_squares }}: the metric's influences among them
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   component varchar
--   value double         -- NULL where not every class has one
--   standard_error double
--   note varchar         -- why there is no value, where there are rows
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
    from {{ by_class }}
    group by family, chunk_number, segment_column, segment_value, metric
)
select
    averages.family
    , averages.chunk_number
    , averages.segment_column
    , averages.segment_value
    , averages.metric
    , '' as component
    , averages.value
    , averages.independent_error * sqrt(joint.inflation) as standard_error
    , case when averages.value is null then 'not every class is there' end as note
from averages
cross join joint
