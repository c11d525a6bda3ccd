"""Functions that engines have and sqlglot does not know: those that compute from their arguments alone.

None of them reads files, settings, the clock or another system, or gives another value in the next run;
whatever else a user needs, a monitor allows by name. sqlglot's own functions are not listed again.
"""

from __future__ import annotations

FUNCTIONS: dict[str, frozenset[str]] = {
    "duckdb": frozenset(
        """
        add aggregate arbitrary array_aggr array_aggregate array_apply array_cosine_distance
        array_cosine_similarity array_cross_product array_distance array_dot_product array_extract
        array_grade_up array_has_any array_indexof array_inner_product array_pop_back array_pop_front
        array_push_back array_push_front array_reduce array_resize array_reverse_sort array_select array_sort
        array_transform array_unique array_value array_where array_zip bar base64 bin bit_count bit_position
        bitstring bitstring_agg cardinality century count_star damerau_levenshtein date_sub datesub dayofmonth
        days_in_month decade divide element_at entropy enum_code enum_first enum_last enum_range epoch_ns
        epoch_us era even favg fdiv fmod formatreadabledecimalsize formatreadablesize format_bytes from_binary
        fsum gamma gcd geomean geometric_mean grade_up greatest_common_divisor hamming hash
        isfinite isodow isoyear jaccard jaro_similarity json_array_length json_contains
        json_exists json_group_array json_group_object json_merge_patch json_structure json_valid json_value
        julian kahan_sum kurtosis_pop lcm least_common_multiple left_grapheme length_grapheme lgamma list_aggr
        list_aggregate list_any_value list_apply list_avg list_bool_and list_bool_or list_cat
        list_cosine_similarity list_count list_dot_product list_element list_entropy list_extract list_first
        list_grade_up list_has_all list_histogram list_indexof list_inner_product list_intersect list_last
        list_mad list_median list_mode list_pack list_position list_product list_reduce list_resize
        list_reverse list_reverse_sort list_select list_slice list_sort list_stddev_pop list_stddev_samp
        list_string_agg list_sum list_unique list_var_pop list_var_samp list_where list_zip mad
        make_timestamp_ms make_timestamp_ns map_concat map_contains map_entries map_extract map_extract_value
        map_values md5_number mean microsecond millennium millisecond mismatches multiply nanosecond nextafter
        nfc_normalize normalized_interval octet_length ord parse_dirname parse_dirpath parse_filename
        parse_formatted_bytes parse_path path_join prefix printf product regexp_escape regexp_split_to_array
        right_grapheme round_even roundbankers row row_to_json sem set_bit signbit strip_accents strlen
        struct_concat struct_extract_at struct_insert struct_keys struct_position struct_values
        substring_grapheme subtract suffix sum_no_overflow sumkahan to_base to_centuries to_decades to_hours
        to_json to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds
        to_weeks to_years try_strptime unbin union_extract union_tag union_value url_decode url_encode
        weighted_avg wavg yearweek
        """.split()
    ),
    "postgres": frozenset(
        """
        abbrev array_dims array_fill array_ndims array_remove array_replace array_sample btrim bit_count
        cardinality cbrt cosd cotd date_bin degrees div erf erfc factorial family gcd get_byte host
        initcap isfinite json_array_elements json_array_length json_build_array json_build_object
        json_extract_path json_extract_path_text json_object json_typeof jsonb_array_length jsonb_build_array
        jsonb_build_object jsonb_exists jsonb_extract_path jsonb_extract_path_text jsonb_object jsonb_path_exists
        jsonb_path_match jsonb_path_query_first jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_typeof
        justify_days justify_hours justify_interval lcm lower_inc make_interval make_time make_timestamptz
        masklen min_scale netmask network normalize num_nonnulls num_nulls numnode octet_length overlay
        parse_ident quote_ident quote_literal quote_nullable range_merge regexp_count regexp_match
        regexp_split_to_array regexp_substr regr_count row_to_json scale set_bit set_byte sind starts_with
        string_to_table strpos tand to_json to_jsonb tsvector_to_array trim_array trim_scale ts_rank
        upper_inc websearch_to_tsquery width_bucket
        """.split()
    ),
    "clickhouse": frozenset(
        """
        addDays addHours addMinutes addMonths addQuarters addSeconds addWeeks addYears argMaxIf argMinIf
        arrayAll arrayAvg arrayCompact arrayConcat arrayCount arrayCumSum arrayDifference arrayDistinct
        arrayElement arrayEnumerate arrayExists arrayFilter arrayFirst arrayFlatten arrayIntersect arrayJoin
        arrayLast arrayMap arrayMax arrayMin arrayPopBack arrayPopFront arrayProduct arrayPushBack
        arrayPushFront arrayReduce arrayResize arrayReverse arraySlice arraySort arrayStringConcat arraySum
        arrayUniq arrayZip assumeNotNull avgIf avgWeighted base64Decode base64Encode bitAnd bitCount bitOr bitXor
        cityHash64 concatWithSeparator countEqual countIf countSubstrings cutToFirstSignificantSubdomain
        dateDiff dateName decodeURLComponent domain domainWithoutWWW empty endsWith extractAll farmHash64
        formatDateTime formatReadableSize fromUnixTimestamp geoDistance greatCircleDistance has hasAll hasAny
        ifNotFinite ifNull intDiv intDivOrZero isFinite isInfinite isNaN isNotNull isNull JSONExtract
        JSONExtractBool JSONExtractFloat JSONExtractInt JSONExtractRaw JSONExtractString JSONHas JSONLength
        jumpConsistentHash lengthUTF8 lowerUTF8 match maxIf median medianExact minIf modulo moduloOrZero
        multiIf ngramDistance notEmpty nullIf parseDateTime parseDateTimeBestEffort
        parseDateTimeBestEffortOrNull positionCaseInsensitive quantile quantileExact quantiles quantilesExact
        replaceAll replaceOne replaceRegexpAll replaceRegexpOne reverseUTF8 roundBankers roundDown
        simpleJSONExtractString simpleJSONHas sipHash64 splitByChar splitByRegexp splitByString startsWith
        stddevPop stddevSamp substringUTF8 subtractDays subtractHours subtractMonths sumIf sumMap tgamma
        timeSlot toDate toDate32 toDateTime toDateTime64 toDayOfMonth toDayOfWeek toDayOfYear toDecimal128
        toDecimal32 toDecimal64 toFixedString toFloat32 toFloat64 toFloat64OrNull toFloat64OrZero toHour toInt128
        toInt16 toInt32 toInt32OrNull toInt64 toInt64OrNull toInt64OrZero toInt8 toIntervalDay toIntervalHour
        toISOWeek toISOYear toLastDayOfMonth toMinute toMonday toMonth toNullable toQuarter
        toRelativeDayNum toRelativeHourNum toSecond toStartOfDay toStartOfFifteenMinutes toStartOfFiveMinutes
        toStartOfHour toStartOfInterval toStartOfMinute toStartOfMonth toStartOfQuarter toStartOfWeek
        toStartOfYear toString toStringCutToZero toTypeName toUInt16 toUInt32 toUInt64 toUInt8 toUnixTimestamp
        toUUID toWeek toYear toYearWeek toYYYYMM toYYYYMMDD topK trimBoth trimLeft trimRight tupleElement
        uniq uniqCombined uniqExact uniqHLL12 upperUTF8 varPop varSamp xxHash64
        """.split()
    ),
    "spark": frozenset(
        """
        aggregate approx_percentile array_compact array_max array_min array_position array_remove array_repeat
        array_sort arrays_overlap arrays_zip bin bit_count bround btrim cardinality cbrt conv count_if crc32
        date_from_unix_date dayofmonth element_at elt equal_null every exists filter find_in_set flatten forall
        format_number format_string from_json from_utc_timestamp get get_json_object hash histogram_numeric hypot
        ifnull instr isnotnull isnull json_array_length json_object_keys kurtosis locate make_date
        make_timestamp map_concat map_contains_key map_entries map_filter map_from_entries mask months_between
        named_struct nanvl next_day nvl nvl2 octet_length percentile pmod positive printf reduce regexp_count
        regexp_extract_all regexp_instr rint schema_of_json sentences sequence shiftleft shiftright signum
        skewness slice soundex split_part str_to_map substring_index timestamp_micros timestamp_millis
        timestamp_seconds to_json to_number to_utc_timestamp transform transform_keys transform_values translate
        trunc try_add try_avg try_divide try_element_at try_multiply try_subtract try_sum try_to_number
        try_to_timestamp typeof unhex unix_date unix_micros unix_millis unix_seconds url_decode url_encode
        weekday weekofyear width_bucket xxhash64 zip_with
        """.split()
    ),
}
"""By the dialect's name, as the engine writes them."""

_KNOWN = {name: frozenset(one.casefold() for one in functions) for name, functions in FUNCTIONS.items()}


def functions_of(dialect: str) -> frozenset[str]:
    """The functions of a dialect in lower case; none where it is not listed."""
    return _KNOWN.get(dialect, frozenset())
