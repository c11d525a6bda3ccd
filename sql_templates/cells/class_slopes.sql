-- class_slopes: means over the classes of formulas over confusion cells, and what a row of each class moves them by.
-- A class for which the formula is NULL is left out of the mean.
-- inputs:
--   {{ confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, true_positive double, false_positive double, false_negative double, true_negative double, used double
--   {{ class_number }}: the class's number, by its name in component
--   {{ metrics }}: name of every metric, its value and the value's derivative by each cell
-- grain: family, chunk_number, segment_column, segment_value, metric, class_number
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   class_number integer
--   value double         -- over all classes, the same beside each
--   base_slope double    -- what any row moves the value by, the same beside each
--   true_slope double    -- what a row of the class that is predicted otherwise moves it by, in addition
--   predicted_slope double -- what a row of another class that is predicted this one does
--   right_slope double   -- what a row of the class that is predicted so does
with slopes as (
    {% for metric in metrics %}
    {% if not loop.first %}union all{% endif %}
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , {{ class_number }} as class_number
        , {{ metric.name }} as metric
        , case when used > 0 then {{ metric.value }} end as value
        , {{ metric.true_positive }} as true_positive
        , {{ metric.false_positive }} as false_positive
        , {{ metric.false_negative }} as false_negative
        , {{ metric.true_negative }} as true_negative
    from {{ confusion }}
    {% endfor %}
), averages as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , metric
        , avg(value) as value
        , cast(nullif(count(value), 0) as double) as class_count
        , coalesce(sum(true_negative), 0) as true_negative
    from slopes
    group by family, chunk_number, segment_column, segment_value, metric
)
select
    slopes.family
    , slopes.chunk_number
    , slopes.segment_column
    , slopes.segment_value
    , slopes.metric
    , slopes.class_number
    , averages.value
    , averages.true_negative / averages.class_count as base_slope
    , coalesce(slopes.false_negative - slopes.true_negative, 0) / averages.class_count as true_slope
    , coalesce(slopes.false_positive - slopes.true_negative, 0) / averages.class_count as predicted_slope
    , coalesce(slopes.true_positive - slopes.true_negative, 0) / averages.class_count as right_slope
from slopes
inner join averages
    on slopes.family = averages.family
    and slopes.chunk_number = averages.chunk_number
    and slopes.segment_column = averages.segment_column
    and slopes.segment_value = averages.segment_value
    and slopes.metric = averages.metric
