-- class_confusion: rows of every true class by predicted class, expected or realized.
-- A label that is none of the classes is class -1, true or predicted.
-- inputs:
--   {{ class_outcomes }}: chunk_number bigint, segment_column varchar, segment_value varchar, class_number integer, is_positive boolean, is_by_cell boolean, predicted_class integer, is_scored boolean, row_count bigint, chance_sum double
-- grain: family, chunk_number, segment_column, segment_value, true_class, predicted_class
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   true_class integer
--   predicted_class integer
--   cell_count double
with outcomes as (
    select *
    from {{ class_outcomes }}
    where not is_by_cell and predicted_class is not null
), cells as (
    select
        'estimated' as family
        , chunk_number
        , segment_column
        , segment_value
        , class_number as true_class
        , predicted_class
        , sum(chance_sum) as cell_count
    from outcomes
    where is_scored
    group by chunk_number, segment_column, segment_value, class_number, predicted_class
    union all
    select
        'realized' as family
        , chunk_number
        , segment_column
        , segment_value
        , class_number as true_class
        , predicted_class
        , cast(sum(case when is_positive then row_count else 0 end) as double) as cell_count
    from outcomes
    where is_positive is not null
    group by chunk_number, segment_column, segment_value, class_number, predicted_class
), labelled as (
    select
        chunk_number
        , segment_column
        , segment_value
        , predicted_class
        , cast(sum(row_count) as double) as cell_count
    from outcomes
    where is_positive is not null and class_number = 0
    group by chunk_number, segment_column, segment_value, predicted_class
), known as (
    select chunk_number, segment_column, segment_value, predicted_class, sum(cell_count) as cell_count
    from cells
    where family = 'realized'
    group by chunk_number, segment_column, segment_value, predicted_class
)
select family, chunk_number, segment_column, segment_value, true_class, predicted_class, cell_count
from cells
union all
select
    'realized' as family
    , labelled.chunk_number
    , labelled.segment_column
    , labelled.segment_value
    , -1 as true_class
    , labelled.predicted_class
    , labelled.cell_count - known.cell_count as cell_count
from labelled
inner join known
    on labelled.chunk_number = known.chunk_number
    and labelled.segment_column = known.segment_column
    and labelled.segment_value = known.segment_value
    and labelled.predicted_class = known.predicted_class
