-- class_confusion: rows of every true class by predicted class, expected, realized or blended.
-- A label that is none of the classes is class -1, true or predicted.
-- inputs:
--   {{ class_outcomes }}: chunk_number bigint, segment_column varchar, segment_value varchar, class_number integer, is_positive boolean, is_by_cell boolean, predicted_class integer, is_scored boolean, row_count bigint, chance_sum double
--   {{ partly_labelled }}: chunk_number bigint, segment_column varchar, segment_value varchar; given where outcomes are blended
-- grain: family, chunk_number, segment_column, segment_value, true_class, predicted_class
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   true_class integer
--   predicted_class integer
--   cell_count double
with counted as (
    select
        chunk_number
        , segment_column
        , segment_value
        , class_number as true_class
        , predicted_class
        , sum(case when is_scored then chance_sum else 0 end) as expected_count
        , sum(case when is_scored and is_positive is null then chance_sum else 0 end) as unlabelled_count
        , cast(sum(case when is_positive then row_count else 0 end) as double) as realized_count
        , cast(sum(case when is_positive is not null then row_count else 0 end) as double) as labelled_count
        , sum(case when is_scored then 1 else 0 end) as scored
        , sum(case when is_positive is not null then 1 else 0 end) as labelled
    from {{ class_outcomes }}
    where not is_by_cell and predicted_class is not null
    group by chunk_number, segment_column, segment_value, class_number, predicted_class
), with_others as (
    select chunk_number, segment_column, segment_value, true_class, predicted_class, expected_count, unlabelled_count, realized_count, scored, labelled
    from counted
    union all
    -- Every class has all labelled rows beside it, its own among them.
    select
        chunk_number
        , segment_column
        , segment_value
        , -1 as true_class
        , predicted_class
        , 0e0 as expected_count
        , 0e0 as unlabelled_count
        , max(labelled_count) - sum(realized_count) as realized_count
        , 0 as scored
        , max(labelled) as labelled
    from counted
    group by chunk_number, segment_column, segment_value, predicted_class
)
select 'estimated' as family, chunk_number, segment_column, segment_value, true_class, predicted_class, expected_count as cell_count
from with_others
where scored > 0
union all
select 'realized' as family, chunk_number, segment_column, segment_value, true_class, predicted_class, realized_count as cell_count
from with_others
where labelled > 0
{% if partly_labelled %}
union all
select
    'blended' as family
    , with_others.chunk_number
    , with_others.segment_column
    , with_others.segment_value
    , with_others.true_class
    , with_others.predicted_class
    , with_others.realized_count + with_others.unlabelled_count as cell_count
from with_others
inner join {{ partly_labelled }} as chosen
    on with_others.chunk_number = chosen.chunk_number
    and with_others.segment_column = chosen.segment_column
    and with_others.segment_value = chosen.segment_value
where scored > 0 or labelled > 0
{% endif %}
