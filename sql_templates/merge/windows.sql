-- windows: name, start, end and completeness of every window, which has the name of its last chunk.
-- A window is partial where a chunk of it is, and where it would begin before its period's first chunk.
-- inputs:
--   {{ chunks }}: chunk_number bigint, period varchar, chunk varchar, chunk_end timestamp, is_partial boolean, row_count bigint
--   {{ members }}: chunk_number bigint, merged_number bigint
--   {{ length }}: chunk lengths of a window
--   {{ window_start }}: when a chunk begins, over its number as sequence
-- grain: chunk_number
-- output:
--   chunk_number bigint
--   period varchar
--   chunk varchar
--   chunk_start timestamp
--   chunk_end timestamp
--   is_partial boolean
--   row_count bigint
with merged as (
    select
        members.merged_number // 2 as chunk_number
        , max(case when chunks.is_partial then 1 else 0 end) as partial_count
        , cast(sum(chunks.row_count) as bigint) as row_count
    from {{ members }} as members
    inner join {{ chunks }} as chunks on members.chunk_number = chunks.chunk_number
    where members.merged_number % 2 = 0
    group by members.merged_number
), placed as (
    select
        chunk_number
        , period
        , chunk
        , chunk_end
        , (chunk_number - chunk_number % 2) // 2 - {{ length }} + 1 as sequence
        , (min(chunk_number) over (partition by period) - chunk_number % 2) // 2 as first_sequence
    from {{ chunks }}
)
select
    placed.chunk_number
    , placed.period
    , placed.chunk
    , {{ window_start }} as chunk_start
    , placed.chunk_end
    , placed.sequence < placed.first_sequence or merged.partial_count > 0 as is_partial
    , merged.row_count
from placed
inner join merged on placed.chunk_number = merged.chunk_number
