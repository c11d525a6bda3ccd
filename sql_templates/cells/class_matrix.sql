-- class_matrix: the confusion matrix of several classes, a row per true and predicted class.
-- standard error: a cell is a share of what it is compared with, sqrt(p (1 - p) / n), times n for counts
-- inputs:
--   {{ confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, true_positive double, false_positive double, false_negative double, true_negative double, used double, row_count bigint, unused_count bigint
--   {{ class_confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, true_class integer, predicted_class integer, cell_count double
--   {{ cells }}: true and predicted number of every cell, and the cell's name
--   {{ value }}, {{ standard_error }}: formulas of cell_count, used, true_total and predicted_total
-- grain: family, chunk_number, segment_column, segment_value, component
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
with usage as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , max(used) as used
        , max(row_count) as row_count
        , max(unused_count) as unused_count
    from {{ confusion }}
    group by family, chunk_number, segment_column, segment_value
), cells as (
    {% for cell in cells %}
    {% if not loop.first %}union all{% endif %}
    select {{ cell.true_class }} as true_class, {{ cell.predicted_class }} as predicted_class, {{ cell.name }} as component
    {% endfor %}
), totals as (
    select
        *
        , sum(cell_count) over (partition by family, chunk_number, segment_column, segment_value, true_class) as true_total
        , sum(cell_count) over (partition by family, chunk_number, segment_column, segment_value, predicted_class) as predicted_total
    from {{ class_confusion }}
), filled as (
    select
        usage.*
        , cells.component
        , coalesce(totals.cell_count, 0) as cell_count
        , totals.true_total
        , totals.predicted_total
    from usage
    cross join cells
    left join totals
        on usage.family = totals.family
        and usage.chunk_number = totals.chunk_number
        and usage.segment_column = totals.segment_column
        and usage.segment_value = totals.segment_value
        and cells.true_class = totals.true_class
        and cells.predicted_class = totals.predicted_class
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , 'confusion_matrix' as metric
    , '' as column_name
    , component
    , case when row_count > 0 then {{ value }} end as value
    , case when row_count > 0 then {{ standard_error }} end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , unused_count
    , case when row_count = 0 then case when family = 'realized' then 'no row with a label and a prediction' else 'no row with a score and a prediction' end end as note
from filled
