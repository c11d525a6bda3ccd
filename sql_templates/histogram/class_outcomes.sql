-- class_outcomes: rows and expected rows of every class, by predicted class and by cell of the class's score, in one scan.
-- Chances are summed as whole numbers of 2^-40, squares as ones of 2^-20 or 2^-40, which add up to the same in any order.
-- inputs:
--   {{ class_rows }}: chunk_number bigint, segment_0 varchar, class_number integer, predicted_class integer, actual_class integer, label_delay double, is_scored boolean, cell double, score double, chance double, distance double, score_squares double, influence_0 double, influence_total_0 double
--   {{ segments }}: index and name of every segment column
--   {{ has_delays }}: given where delays of labels are counted, in cells of 1 % of (one minute + the delay)
--   {{ is_exact }}: given where every distinct score is a cell of its own
-- grain: chunk_number, segment_column, segment_value, class_number, is_positive, is_by_cell, predicted_class, is_scored, cell, delay_cell
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   class_number integer
--   is_positive boolean  -- NULL without a label
--   is_by_cell boolean   -- whether rows are by cell, or by prediction; NULL for those by delay
--   predicted_class integer
--   is_scored boolean
--   cell double
--   row_count bigint
--   chance_sum double    -- expected rows of the class
--   position double      -- mean score of the class, before calibration
--   expected_square double -- of the rows' distances from the class, each times its chance
--   realized_square double -- of the rows' distances from their class, a label that is no class counted with class 0
--   squares_0 double     -- of the class's influences, labelled reference rows
--   total_squares_0 double -- of the influences' sums over the classes, counted with class 0
--   squares_1 double
--   total_squares_1 double
--   delay_cell double    -- NULL but in rows by delay; 1e9 where there is no label, or no time
with labelled as (
    select
        *
        , actual_class = class_number as is_positive
        {% if has_delays %}
        , case
            when label_delay >= 0 then floor(ln(1 + label_delay / 60) * 100)
            when label_delay < 0 then -1 - floor(ln(1 - label_delay / 60) * 100)
            else 1e9
        end as delay_cell
        {% endif %}
        , chance * distance * distance as expected_square
        , case
            when actual_class = class_number then distance * distance
            when actual_class = -1 and class_number = 0 then score_squares * score_squares
        end as realized_square
    from {{ class_rows }} as class_rows
)
select
    chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , class_number
    , is_positive
    , {% if has_delays %}case when grouping(delay_cell) = 1 then grouping(cell) = 0 end{% else %}grouping(cell) = 0{% endif %} as is_by_cell
    , predicted_class
    , is_scored
    , cell
    , count(*) as row_count
    , cast(sum(cast(round(chance * 1099511627776) as bigint)) as double) / 1099511627776 as chance_sum
    , {% if is_exact %}cell{% else %}cast(sum(cast(round(score * 1099511627776) as bigint)) as double) / 1099511627776 / nullif(count(score), 0){% endif %} as position
    , cast(sum(cast(round(expected_square * 1099511627776) as bigint)) as double) / 1099511627776 as expected_square
    , cast(sum(case when is_scored then cast(round(realized_square * 1099511627776) as bigint) end) as double) / 1099511627776 as realized_square
    {% for kind in range(2) %}
    , cast(sum(cast(round(case when influence_{{ kind }} * influence_{{ kind }} > 1e12 then 1e12 else influence_{{ kind }} * influence_{{ kind }} end * 1048576) as bigint)) as double) / 1048576 as squares_{{ kind }}
    , cast(sum(cast(round(case when influence_total_{{ kind }} * influence_total_{{ kind }} > 1e12 then 1e12 else influence_total_{{ kind }} * influence_total_{{ kind }} end * 1048576) as bigint)) as double) / 1048576 as total_squares_{{ kind }}
    {% endfor %}
    , {% if has_delays %}delay_cell{% else %}cast(null as double){% endif %} as delay_cell
from labelled
group by grouping sets (
    (chunk_number, class_number, is_positive, is_scored, predicted_class)
    , (chunk_number, class_number, is_positive, is_scored, cell)
    {% for segment in segments %}
    , (chunk_number, class_number, is_positive, is_scored, predicted_class, segment_{{ segment.index }})
    , (chunk_number, class_number, is_positive, is_scored, cell, segment_{{ segment.index }})
    {% endfor %}
    {% if has_delays %}
    , (chunk_number, class_number, delay_cell)
    {% for segment in segments %}, (chunk_number, class_number, delay_cell, segment_{{ segment.index }}){% endfor %}
    {% endif %}
)
order by chunk_number, segment_column, segment_value, class_number, is_by_cell, is_scored, is_positive, predicted_class, cell, delay_cell
