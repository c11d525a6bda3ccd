-- class_outcomes: rows and expected rows of every class, by predicted class and by cell of the class's score, in one scan.
-- Calibrated scores are divided by their sum over the classes, row by row; where that is 0 all classes are alike.
-- Chances are summed as whole numbers of 2^-40, squares as ones of 2^-20, which add up to the same in any order.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, score_0 double, predicted_class integer, actual_class integer, fold integer
--   {{ class_lookup }}: class_number integer, fold integer, cell double, calibrated double, positive_influence_0 double, negative_influence_0 double
--   {{ classes }}: number of every class and the cell of its score
--   {{ segments }}: index and name of every segment column
--   {{ tolerance }}: how far the sum of a row's scores may be from 1
-- grain: chunk_number, segment_column, segment_value, class_number, is_positive, is_by_cell, predicted_class, is_scored, cell
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   class_number integer
--   is_positive boolean  -- NULL without a label
--   is_by_cell boolean   -- whether rows are by cell, or by prediction
--   predicted_class integer
--   is_scored boolean
--   cell double
--   row_count bigint
--   chance_sum double    -- expected rows of the class
--   position double      -- mean score of the class, before calibration
--   squares_0 double     -- of the class's influences, labelled reference rows
--   total_squares_0 double -- of the influences' sums over the classes, counted with class 0
--   squares_1 double
--   total_squares_1 double
with scored as (
    select
        *
        , {% for class in classes %}{% if not loop.first %} + {% endif %}score_{{ class.number }}{% endfor %} as score_total
    from {{ rows }} as source_rows
    where chunk_number is not null
), judged as (
    select
        *
        , abs(score_total - 1) <= {{ tolerance }}{% for class in classes %} and score_{{ class.number }} >= 0{% endfor %} as is_distribution
    from scored
), celled as (
    select
        *
        , case when chunk_number % 2 = 1 then fold else -1 end as reference_fold
        {% for class in classes %}
        , case when is_distribution then {{ class.cell }} end as cell_{{ class.number }}
        {% endfor %}
    from judged
), calibrated as (
    select
        celled.*
        {% for class in classes %}
        , coalesce(lookup_{{ class.number }}.calibrated, celled.score_{{ class.number }}) as chance_{{ class.number }}
        {% for kind in range(2) %}
        , case
            when celled.actual_class = {{ class.number }} then lookup_{{ class.number }}.positive_influence_{{ kind }}
            when celled.actual_class is not null then lookup_{{ class.number }}.negative_influence_{{ kind }}
        end as influence_{{ kind }}_{{ class.number }}
        {% endfor %}
        {% endfor %}
    from celled
    {% for class in classes %}
    left join {{ class_lookup }} as lookup_{{ class.number }}
        on lookup_{{ class.number }}.class_number = {{ class.number }}
        and celled.reference_fold = lookup_{{ class.number }}.fold
        and celled.cell_{{ class.number }} = lookup_{{ class.number }}.cell
    {% endfor %}
), totals as (
    select
        *
        , case when is_distribution then {% for class in classes %}{% if not loop.first %} + {% endif %}chance_{{ class.number }}{% endfor %} end as chance_total
        {% for kind in range(2) %}
        , {% for class in classes %}{% if not loop.first %} + {% endif %}influence_{{ kind }}_{{ class.number }}{% endfor %} as influence_total_{{ kind }}
        {% endfor %}
    from calibrated
), classes as (
    {% for class in classes %}
    {% if not loop.first %}union all{% endif %}
    select {{ class.number }} as class_number
    {% endfor %}
), by_class as (
    select
        totals.chunk_number
        {% for segment in segments %}, totals.segment_{{ segment.index }}{% endfor %}
        , classes.class_number
        , totals.predicted_class
        , totals.actual_class = classes.class_number as is_positive
        , totals.chance_total is not null as is_scored
        , case classes.class_number{% for class in classes %} when {{ class.number }} then totals.cell_{{ class.number }}{% endfor %} end as cell
        , case classes.class_number{% for class in classes %} when {{ class.number }} then totals.score_{{ class.number }}{% endfor %} end as score
        , case
            when totals.chance_total > 0 then
                case classes.class_number{% for class in classes %} when {{ class.number }} then totals.chance_{{ class.number }}{% endfor %} end / totals.chance_total
            when totals.chance_total is not null then 1e0 / {{ classes | length }}
        end as chance
        {% for kind in range(2) %}
        , case when totals.reference_fold >= 0 then
            case classes.class_number{% for class in classes %} when {{ class.number }} then totals.influence_{{ kind }}_{{ class.number }}{% endfor %} end
        end as influence_{{ kind }}
        , case when totals.reference_fold >= 0 and classes.class_number = 0 then totals.influence_total_{{ kind }} end as influence_total_{{ kind }}
        {% endfor %}
    from totals
    cross join classes
)
select
    chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , class_number
    , is_positive
    , grouping(cell) = 0 as is_by_cell
    , predicted_class
    , is_scored
    , cell
    , count(*) as row_count
    , cast(sum(cast(round(chance * 1099511627776) as bigint)) as double) / 1099511627776 as chance_sum
    , cast(sum(case when is_scored then cast(round(score * 1099511627776) as bigint) end) as double) / 1099511627776 / nullif(count(chance), 0) as position
    {% for kind in range(2) %}
    , cast(sum(cast(round(case when influence_{{ kind }} * influence_{{ kind }} > 1e12 then 1e12 else influence_{{ kind }} * influence_{{ kind }} end * 1048576) as bigint)) as double) / 1048576 as squares_{{ kind }}
    , cast(sum(cast(round(case when influence_total_{{ kind }} * influence_total_{{ kind }} > 1e12 then 1e12 else influence_total_{{ kind }} * influence_total_{{ kind }} end * 1048576) as bigint)) as double) / 1048576 as total_squares_{{ kind }}
    {% endfor %}
from by_class
group by grouping sets (
    (chunk_number, class_number, is_positive, is_scored, predicted_class)
    , (chunk_number, class_number, is_positive, is_scored, cell)
    {% for segment in segments %}
    , (chunk_number, class_number, is_positive, is_scored, predicted_class, segment_{{ segment.index }})
    , (chunk_number, class_number, is_positive, is_scored, cell, segment_{{ segment.index }})
    {% endfor %}
)
order by chunk_number, segment_column, segment_value, class_number, is_by_cell, is_scored, is_positive, predicted_class, cell
