-- macro: means over the classes of metrics that are formulas over confusion cells.
-- A class for which the formula is NULL is left out of the mean.
-- standard error: delta method, sqrt(sum over cells of count * slope^2), a cell being a true and a predicted
-- class; its slope is the mean over the classes of the formula's derivative by the cell it is for that class.
-- source: Takahashi et al. 2022, "Confidence interval for micro-averaged F1 and macro-averaged F1 scores"
-- inputs:
--   {{ confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, true_positive double, false_positive double, false_negative double, true_negative double, used double, row_count bigint, unused_count bigint
--   {{ class_confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, true_class integer, predicted_class integer, cell_count double
--   {{ class_number }}: the class's number, by its name in component
--   {{ metrics }}: name of every metric, its value and the value's derivative by each cell
-- grain: family, chunk_number, segment_column, segment_value, metric
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
        , row_count
        , unused_count
        , case when row_count > 0 then {{ metric.value }} end as value
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
        , max(row_count) as row_count
        , max(unused_count) as unused_count
        , avg(value) as value
        , cast(count(value) as double) as class_count
        , coalesce(sum(true_negative), 0) as true_negative
    from slopes
    group by family, chunk_number, segment_column, segment_value, metric
), moved as (
    select
        averages.family
        , averages.chunk_number
        , averages.segment_column
        , averages.segment_value
        , averages.metric
        , cells.cell_count
        , (averages.true_negative + case
            when cells.true_class = cells.predicted_class then coalesce(own.true_positive - own.true_negative, 0)
            else coalesce(own.false_negative - own.true_negative, 0) + coalesce(guessed.false_positive - guessed.true_negative, 0)
        end) / nullif(averages.class_count, 0) as slope
    from averages
    inner join {{ class_confusion }} as cells
        on averages.family = cells.family
        and averages.chunk_number = cells.chunk_number
        and averages.segment_column = cells.segment_column
        and averages.segment_value = cells.segment_value
    left join slopes as own
        on averages.family = own.family
        and averages.chunk_number = own.chunk_number
        and averages.segment_column = own.segment_column
        and averages.segment_value = own.segment_value
        and averages.metric = own.metric
        and cells.true_class = own.class_number
    left join slopes as guessed
        on averages.family = guessed.family
        and averages.chunk_number = guessed.chunk_number
        and averages.segment_column = guessed.segment_column
        and averages.segment_value = guessed.segment_value
        and averages.metric = guessed.metric
        and cells.predicted_class = guessed.class_number
), errors as (
    select family, chunk_number, segment_column, segment_value, metric, sqrt(sum(cell_count * slope * slope)) as standard_error
    from moved
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
    , errors.standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , averages.row_count
    , averages.unused_count
    , case
        when averages.row_count = 0 and averages.family = 'realized' then 'no row with a label and a prediction'
        when averages.row_count = 0 then 'no row with a score and a prediction'
        when averages.value is null then 'no row of any class'
    end as note
from averages
left join errors
    on averages.family = errors.family
    and averages.chunk_number = errors.chunk_number
    and averages.segment_column = errors.segment_column
    and averages.segment_value = errors.segment_value
    and averages.metric = errors.metric
