-- scores: rows by score cell, predicted and actual label, in one scan.
-- A cell is as wide as 1/1000 of the score or 1/250 of its log-odds, whichever is narrower: both
-- counts only grow with the score, so their sum refines both, also for very rare events.
-- Scores are added in two parts, as whole numbers of 2^-26 and of 2^-52: so that a double holds each sum
-- without rounding, and no sum depends on the order.
-- Rows by delay of their label stand beside those by score: a cell of delays is 1 % of (one minute + the delay).
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, score double, predicted_label varchar, actual_label varchar, fold integer, label_delay double
--   {{ segments }}: index and name of every segment column
--   {{ has_delays }}: given where label_delay is to be counted: seconds from prediction to label, NULL without a label
--   {{ is_exact }}: given where every distinct score is a cell of its own
-- grain: chunk_number, segment_column, segment_value, predicted_label, actual_label, cell, fold, delay_cell
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
--   delay_cell double    -- NULL in rows by score; in those by delay 1e9 where there is no label, or no time
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
    , {% if has_delays %}delay_cell{% else %}cast(null as double){% endif %} as delay_cell
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
        {% if has_delays %}
        , case
            when label_delay >= 0 then floor(ln(1 + label_delay / 60) * 100)
            when label_delay < 0 then -1 - floor(ln(1 - label_delay / 60) * 100)
            else 1e9
        end as delay_cell
        {% endif %}
    from {{ rows }} as source_rows
    where chunk_number >= 0
) as celled
group by grouping sets (
    (chunk_number, predicted_label, actual_label, fold, cell)
    {% for segment in segments %}, (chunk_number, predicted_label, actual_label, fold, cell, segment_{{ segment.index }}){% endfor %}
    {% if has_delays %}
    , (chunk_number, delay_cell)
    {% for segment in segments %}, (chunk_number, delay_cell, segment_{{ segment.index }}){% endfor %}
    {% endif %}
)
order by chunk_number, segment_column, segment_value, delay_cell, cell, fold, predicted_label, actual_label
