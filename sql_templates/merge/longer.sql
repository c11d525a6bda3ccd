-- longer: which longer chunk each chunk belongs to.
-- inputs:
--   {{ chunks }}: chunk_number bigint, chunk_start timestamp
--   {{ longer_number }}: the longer chunk's number, over a chunk's start as row_time
-- grain: chunk_number
-- output:
--   chunk_number bigint
--   merged_number bigint -- twice the number of the longer chunk, plus one in the reference period
--   pair varchar         -- empty: no chunk has a reference of its own
select
    chunk_number
    , cast({{ longer_number }} as bigint) * 2 + chunk_number % 2 as merged_number
    , '' as pair
from (
    select chunk_number, chunk_start as row_time
    from {{ chunks }}
) as started
order by chunk_number
