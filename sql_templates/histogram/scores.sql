-- scores: rows by score cell, predicted and actual label, in one scan.
-- A cell is as wide as 1/1000 of the score or 1/250 of its log-odds, whichever is narrower: both
-- counts only grow with the score, so their sum refines both, also for very rare events.
-- Scores are added in two parts, as whole numbers of 2^-26 and of 2^-52: so that a double holds each sum
-- without rounding, and no sum depends on the order.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, score double, predicted_label varchar, actual_label varchar, fold integer
--   {{ segments }}: index and name of every segment column
--   {{ is_exact }}: given where every distinct score is a cell of its own
-- grain: chunk_number, segment_column, segment_value, predicted_label, actual_label, cell, fold
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   predicted_label varchar
--   actual_label varchar
--   fold integer
--   cell double
--   row_count bigint
--   score_sum double
select
    chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , predicted_label
    , actual_label
    , fold
    , cell
    , count(*) as row_count
    , {% if is_exact %}count(*) * max(score){% else %}(sum(floor(score * 67108864)) + sum(floor((score * 67108864 - floor(score * 67108864)) * 67108864 + 0.5e0)) / 67108864) / 67108864{% endif %} as score_sum
from (
    select
        chunk_number
        {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
        , predicted_label
        , actual_label
        , fold
        , score
        , case
            when score >= 0 and score <= 1 then
                {% if is_exact %}
                score
                {% else %}
                floor(score * 1000) + floor(250 * ln(greatest(score, 1e-9) / greatest(1 - score, 1e-9)))
                {% endif %}
            when score is null or isnan(score) then null
            else 1e9
        end as cell
    from {{ rows }} as source_rows
    where chunk_number >= 0
) as celled
group by grouping sets (
    (chunk_number, predicted_label, actual_label, fold, cell)
    {% for segment in segments %}, (chunk_number, predicted_label, actual_label, fold, cell, segment_{{ segment.index }}){% endfor %}
)
order by chunk_number, segment_column, segment_value, cell, fold, predicted_label, actual_label
