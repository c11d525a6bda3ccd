-- chi_square_tail: chance that a chi-square variable exceeds a statistic.
-- formula: closed forms of the upper incomplete gamma function for whole and half degrees of freedom, a
-- sum of degrees / 2 terms and, for odd degrees, erfc; absolute error below 1e-9; NULL without a statistic
-- source: Abramowitz and Stegun 1964, 26.4.4 and 26.4.5
-- inputs:
--   {{ statistics }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, degrees bigint, statistic double
--   {{ max_levels }}: degrees are at most one more
--   {{ erfc }}: the complementary error function of root
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   p_value double
with halves as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , degrees
        , statistic / 2 as half
        , sqrt(statistic / 2) as root
        , degrees % 2 as is_odd
        , (degrees - degrees % 2) // 2 as whole
    from {{ statistics }}
), terms as (
    select small.number + 32 * large.number as term
    from ({% for number in range(32) %}{% if not loop.first %} union all {% endif %}select {{ number }} as number{% endfor %}) as small
    cross join ({% for number in range((max_levels + 2) // 64 + 1) %}{% if not loop.first %} union all {% endif %}select {{ number }} as number{% endfor %}) as large
), factorials as (
    select
        term
        , sum(case when term > 0 then ln(term) else 0 end) over (order by term) as log_factorial
        , sum(ln(term + 0.5e0)) over (order by term) + 0.5e0 * ln(pi()) as log_half_factorial
    from terms
), tails as (
    select
        halves.chunk_number
        , halves.segment_column
        , halves.segment_value
        , halves.column_name
        , sum(case
            when halves.is_odd = 0 then exp(factorials.term * ln(halves.half) - halves.half - factorials.log_factorial)
            else exp((factorials.term + 0.5e0) * ln(halves.half) - halves.half - factorials.log_half_factorial)
        end) as tail
    from halves
    inner join factorials on halves.whole > factorials.term
    where halves.half > 0
    group by halves.chunk_number, halves.segment_column, halves.segment_value, halves.column_name
)
select
    halves.chunk_number
    , halves.segment_column
    , halves.segment_value
    , halves.column_name
    , case
        when halves.half is null then null
        when halves.degrees = 0 or halves.half <= 0 then 1e0
        else least(1e0, coalesce(tails.tail, 0) + case when halves.is_odd = 1 then {{ erfc }} else 0 end)
    end as p_value
from halves
left join tails
    on halves.chunk_number = tails.chunk_number
    and halves.segment_column = tails.segment_column
    and halves.segment_value = tails.segment_value
    and halves.column_name = tails.column_name
