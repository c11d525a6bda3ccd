-- class_rows: every row once for each class, with the class's share of its calibrated scores.
-- Where the calibrated scores sum to 0, all classes are alike.
-- distance: squared distance of the row's scores from the corner of the class, were it the true one.
-- inputs:
--   {{ chances }}: chunk_number bigint, segment_0 varchar, predicted_class integer, actual_class integer, label_delay double, is_distribution boolean, score_0 double, cell_0 double, chance_0 double, influence_0_0 double
--   {{ classes }}: number of every class
--   {{ segments }}: index and name of every segment column
--   {{ has_delays }}: given where delays of labels are counted
-- grain: one row per row of the source and class
-- output:
--   chunk_number bigint
--   segment_0 varchar
--   class_number integer
--   predicted_class integer
--   actual_class integer
--   label_delay double   -- beside class 0, seconds, where they are counted
--   is_scored boolean
--   cell double
--   score double
--   chance double
--   distance double
--   score_squares double -- the distance where the label is no class
--   influence_0 double
--   influence_total_0 double -- of all classes, beside class 0
with totals as (
    select
        *
        , case when is_distribution then {% for class in classes %}{% if not loop.first %} + {% endif %}chance_{{ class.number }}{% endfor %} end as chance_total
        , {% for class in classes %}{% if not loop.first %} + {% endif %}score_{{ class.number }} * score_{{ class.number }}{% endfor %} as score_squares
        {% for kind in range(2) %}
        , {% for class in classes %}{% if not loop.first %} + {% endif %}influence_{{ kind }}_{{ class.number }}{% endfor %} as influence_total_{{ kind }}
        {% endfor %}
    from {{ chances }} as chances
), classes as (
    {% for class in classes %}
    {% if not loop.first %}union all{% endif %}
    select {{ class.number }} as class_number
    {% endfor %}
), by_class as (
    select
        totals.*
        , classes.class_number
        , case classes.class_number{% for class in classes %} when {{ class.number }} then totals.cell_{{ class.number }}{% endfor %} end as cell
        , case when totals.is_distribution then case classes.class_number{% for class in classes %} when {{ class.number }} then totals.score_{{ class.number }}{% endfor %} end end as score
        , case classes.class_number{% for class in classes %} when {{ class.number }} then totals.chance_{{ class.number }}{% endfor %} end as chance
        {% for kind in range(2) %}
        , case classes.class_number{% for class in classes %} when {{ class.number }} then totals.influence_{{ kind }}_{{ class.number }}{% endfor %} end as influence_{{ kind }}
        {% endfor %}
    from totals
    cross join classes
)
select
    chunk_number
    {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
    , class_number
    , predicted_class
    , actual_class
    {% if has_delays %}, case when class_number = 0 then label_delay end as label_delay{% endif %}
    , chance_total is not null as is_scored
    , cell
    , score
    , case when chance_total > 0 then chance / chance_total when chance_total is not null then 1e0 / {{ classes | length }} end as chance
    , score_squares - 2 * score + 1 as distance
    , score_squares
    {% for kind in range(2) %}
    , influence_{{ kind }}
    , case when class_number = 0 then influence_total_{{ kind }} end as influence_total_{{ kind }}
    {% endfor %}
from by_class
