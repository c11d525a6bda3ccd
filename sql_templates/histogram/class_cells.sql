-- class_cells: every row with the cell of each class's score; a row with a score missing has none.
-- A row whose scores are no distribution over the classes has is_distribution false, and no cells either.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, score_0 double, predicted_class integer, actual_class integer, fold integer, label_delay double
--   {{ classes }}: number of every class and the cell of its score
--   {{ segments }}: index and name of every segment column
--   {{ prediction }}: the predicted class; left out where nothing asks for it
--   {{ has_delays }}: given where delays of labels are counted
--   {{ tolerance }}: how far the sum of a row's scores may be from 1
-- grain: one row per row of the source
-- output:
--   chunk_number bigint
--   segment_0 varchar
--   predicted_class integer
--   actual_class integer
--   fold integer         -- -1 outside the reference
--   label_delay double   -- seconds, where they are counted
--   is_distribution boolean
--   score_0 double
--   cell_0 double
with summed as (
    select
        *
        , {% for class in classes %}{% if not loop.first %} + {% endif %}score_{{ class.number }}{% endfor %} as score_total
    from {{ rows }} as source_rows
    where chunk_number >= 0
), judged as (
    select
        *
        , abs(score_total - 1) <= {{ tolerance }}{% for class in classes %} and score_{{ class.number }} >= 0{% endfor %} as is_distribution
    from summed
)
select
    chunk_number
    {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
    {% if prediction %}, {{ prediction }}{% endif %}
    , actual_class
    , case when chunk_number % 2 = 1 then fold else -1 end as fold
    {% if has_delays %}, label_delay{% endif %}
    , is_distribution
    {% for class in classes %}
    , score_{{ class.number }}
    , case when is_distribution then {{ class.cell }} end as cell_{{ class.number }}
    {% endfor %}
from judged
