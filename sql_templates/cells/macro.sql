-- macro: values over all classes of metrics of true by predicted class, with their standard errors.
-- standard error: delta method, sqrt(sum over cells of count * slope^2), a cell being a true and a predicted class.
-- source: Takahashi et al. 2022, "Confidence interval for micro-averaged F1 and macro-averaged F1 scores"
-- inputs:
--   {{ slopes }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, metric varchar, class_number integer, value double, base_slope double, true_slope double, predicted_slope double, right_slope double
--   {{ class_confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, true_class integer, predicted_class integer, cell_count double
-- grain: family, chunk_number, segment_column, segment_value, metric
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   component varchar
--   value double         -- NULL where the formula is NULL for every class
--   standard_error double
--   note varchar         -- why there is no value, where there are rows
with slopes as (
    {% for part in slopes %}
    {% if not loop.first %}union all{% endif %}
    select family, chunk_number, segment_column, segment_value, metric, class_number, value, base_slope, true_slope, predicted_slope, right_slope
    from {{ part }}
    {% endfor %}
), averages as (
    select family, chunk_number, segment_column, segment_value, metric, max(value) as value, max(base_slope) as base_slope
    from slopes
    group by family, chunk_number, segment_column, segment_value, metric
), moved as (
    select
        averages.*
        , cells.cell_count
        , averages.base_slope + case
            when cells.true_class = cells.predicted_class then coalesce(own.right_slope, 0)
            else coalesce(own.true_slope, 0) + coalesce(guessed.predicted_slope, 0)
        end as slope
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
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , metric
    , '' as component
    , max(value) as value
    , sqrt(sum(cell_count * slope * slope)) as standard_error
    , case when max(value) is null then 'no row of any class' end as note
from moved
group by family, chunk_number, segment_column, segment_value, metric
