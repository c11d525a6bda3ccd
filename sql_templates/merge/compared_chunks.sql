-- compared_chunks: the chunks as they are, partial where fewer chunks stand before them than they are compared with.
-- inputs:
--   {{ chunks }}: chunk_number bigint, period varchar, chunk varchar, chunk_start timestamp, chunk_end timestamp, is_partial boolean, row_count bigint
--   {{ members }}: chunk_number bigint, merged_number bigint
--   {{ length }}: chunks of a whole reference
-- grain: chunk_number
-- output:
--   chunk_number bigint
--   period varchar
--   chunk varchar
--   chunk_start timestamp
--   chunk_end timestamp
--   is_partial boolean
--   row_count bigint
with found as (
    -- A chunk's rows of both periods are one chunk to compare with.
    select
        (merged_number - 1) // 2 as chunk_number
        , count(distinct chunk_number - chunk_number % 2) as chunk_count
    from {{ members }}
    where merged_number % 2 = 1
    group by merged_number
)
select
    chunks.chunk_number
    , chunks.period
    , chunks.chunk
    , chunks.chunk_start
    , chunks.chunk_end
    , chunks.is_partial or coalesce(found.chunk_count, 0) < {{ length }} as is_partial
    , chunks.row_count
from {{ chunks }} as chunks
left join found on chunks.chunk_number = found.chunk_number
