-- chunks: name, start, end and completeness of every chunk.
-- A first or last chunk is partial when its rows begin (or end) far from its border: further than
-- 5 % of its length and than twice the widest such gap of the chunks between.
-- inputs:
--   {{ chunk_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, first_time timestamp, last_time timestamp
--   {{ chunk_start }}, {{ chunk_end }}, {{ chunk_name }}: expressions over sequence, first_time and last_time
--   {{ full_size }}: rows of a whole chunk, where chunks are sizes
--   {{ is_by_count }}: given where chunks are a number of equal parts
-- grain: chunk_number
-- output:
--   chunk_number bigint
--   period varchar
--   chunk varchar
--   chunk_start timestamp
--   chunk_end timestamp
--   is_partial boolean
--   row_count bigint
with numbered as (
    select
        chunk_number
        , (chunk_number - chunk_number % 2) // 2 as sequence
        , case when chunk_number % 2 = 1 then 'reference' else 'analysis' end as period
        , row_count
        , first_time
        , last_time
    from {{ chunk_counts }}
    where segment_column = '' and chunk_number is not null
), named as (
    select
        chunk_number
        , period
        , {{ chunk_name }} as chunk
        , {{ chunk_start }} as chunk_start
        , {{ chunk_end }} as chunk_end
        , row_count
        , first_time
        , last_time
        , sequence = min(sequence) over (partition by period) as is_first
        , sequence = max(sequence) over (partition by period) as is_last
    from numbered
), measured as (
    select
        chunk_number
        , period
        , chunk
        , chunk_start
        , chunk_end
        , row_count
        , is_first
        , is_last
        , cast(date_diff('second', chunk_start, chunk_end) as double) as length
        , cast(date_diff('second', chunk_start, first_time) as double) as start_gap
        , cast(date_diff('second', last_time, chunk_end) as double) as end_gap
    from named
), compared as (
    select
        chunk_number
        , period
        , chunk
        , chunk_start
        , chunk_end
        , row_count
        , is_first
        , is_last
        , start_gap
        , end_gap
        , 0.05e0 * length as tolerance
        , max(case when not is_first then start_gap end) over () as usual_start_gap
        , max(case when not is_last then end_gap end) over () as usual_end_gap
    from measured
)
select
    chunk_number
    , period
    , chunk
    , chunk_start
    , chunk_end
    {% if full_size %}
    , row_count < {{ full_size }} as is_partial
    {% elif is_by_count %}
    , false as is_partial
    {% else %}
    , (is_first and start_gap > tolerance and start_gap > 2 * coalesce(usual_start_gap, 0))
      or (is_last and end_gap > tolerance and end_gap > 2 * coalesce(usual_end_gap, 0)) as is_partial
    {% endif %}
    , row_count
from compared
