-- class_chances: every row with its calibrated score of each class, and what it moves metrics over ranks by.
-- inputs:
--   {{ cells }}: chunk_number bigint, segment_0 varchar, predicted_class integer, actual_class integer, fold integer, label_delay double, is_distribution boolean, score_0 double, cell_0 double
--   {{ class_lookup }}: class_number integer, fold integer, cell double, calibrated double, positive_influence_0 double, negative_influence_0 double
--   {{ classes }}: number of every class
--   {{ segments }}: index and name of every segment column
--   {{ has_delays }}: given where delays of labels are counted
-- grain: one row per row of the source
-- output:
--   chunk_number bigint
--   segment_0 varchar
--   predicted_class integer
--   actual_class integer
--   fold integer
--   label_delay double   -- seconds, where they are counted
--   is_distribution boolean
--   score_0 double
--   cell_0 double
--   chance_0 double      -- of each class, not yet divided by their sum
--   influence_0_0 double -- by kind and class; labelled reference rows only
select
    cells.chunk_number
    {% for segment in segments %}, cells.segment_{{ segment.index }}{% endfor %}
    , cells.predicted_class
    , cells.actual_class
    , cells.fold
    {% if has_delays %}, cells.label_delay{% endif %}
    , cells.is_distribution
    {% for class in classes %}
    , cells.score_{{ class.number }}
    , cells.cell_{{ class.number }}
    , coalesce(lookup_{{ class.number }}.calibrated, cells.score_{{ class.number }}) as chance_{{ class.number }}
    {% for kind in range(2) %}
    , case
        when cells.fold < 0 or cells.actual_class is null then null
        when cells.actual_class = {{ class.number }} then lookup_{{ class.number }}.positive_influence_{{ kind }}
        else lookup_{{ class.number }}.negative_influence_{{ kind }}
    end as influence_{{ kind }}_{{ class.number }}
    {% endfor %}
    {% endfor %}
from {{ cells }} as cells
{% for class in classes %}
left join {{ class_lookup }} as lookup_{{ class.number }}
    on lookup_{{ class.number }}.class_number = {{ class.number }}
    and cells.fold = lookup_{{ class.number }}.fold
    and cells.cell_{{ class.number }} = lookup_{{ class.number }}.cell
{% endfor %}
