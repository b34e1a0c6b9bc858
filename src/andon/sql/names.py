"""The engine's function names by what they do to repeatability and safety. A test holds them against the engine's own list."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of `text`, as a set."""
    return frozenset(text.split())


#: Functions and keywords of the date only. `age(x)` with one argument is one too.
DATE_NAMES = words("today current_date")

#: Functions and keywords of the instant.
INSTANT_NAMES = words(
    """now current_timestamp get_current_timestamp transaction_timestamp current_time get_current_time localtime localtimestamp
    current_localtime current_localtimestamp ago"""
)

CLOCK_NAMES = DATE_NAMES | INSTANT_NAMES | {"age"}

#: What the engine takes as a keyword when no column has the name.
CLOCK_KEYWORDS = words("current_date current_timestamp current_time localtime localtimestamp")

#: Keywords, written like columns, that give the state of the session.
STATE_KEYWORDS = words("current_user session_user current_role current_catalog current_schema")

#: Functions whose result is by chance.
RANDOM_NAMES = words("random uuid gen_random_uuid uuidv4 uuidv7 setseed")

#: Scalar functions that show or change the state of the engine or the session.
STATE_NAMES = words(
    """current_setting getvariable current_query current_query_id current_connection_id current_transaction_id txid_current
    currval nextval stats sleep_ms pg_sleep write_log version current_database current_schema current_schemas current_catalog
    current_role current_user session_user user in_search_path get_block_size vector_type json_serialize_plan
    json_execute_serialized_sql which_secret getenv col_description obj_description shobj_description map_to_pg_oid
    add_parquet_key format_type inet_client_addr inet_client_port inet_server_addr inet_server_port"""
)

#: Beginnings of names of functions of that kind, and the names that begin so and are harmless.
STATE_PREFIXES = ("pg_", "has_", "duckdb_", "pragma_")
STATE_EXCEPTIONS = words("pg_typeof pg_size_pretty")

#: Table functions that any text may call.
TABLE_FUNCTIONS = words(
    "range generate_series generate_subscripts unnest repeat repeat_row json_each json_tree regexp_split_to_table"
)

#: Table functions that a query may call.
QUERY_TABLE_FUNCTIONS = words("range generate_series unnest repeat repeat_row json_each json_tree")

#: Table functions that take SQL or the name of a table as a text, so that what they read can't be seen.
HIDDEN_READERS = words("query query_table histogram histogram_values python_map_function json_execute_serialized_sql")

#: Table functions that read files a source may name.
READERS = words(
    """read_csv read_csv_auto read_json read_json_auto read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto
    read_ndjson_objects read_parquet parquet_scan read_xlsx iceberg_scan delta_scan"""
)

#: Table functions that look at files and can't stand in a source.
FILE_FUNCTIONS = words(
    """glob read_text read_blob read_duckdb sniff_csv parquet_metadata parquet_schema parquet_file_metadata parquet_kv_metadata
    parquet_full_metadata parquet_bloom_probe iceberg_metadata iceberg_snapshots read_avro st_read
    sqlite_scan sqlite_attach postgres_scan postgres_scan_pushdown postgres_query postgres_attach mysql_scan mysql_query read_vortex
    read_lance lance_scan ducklake_scan arrow_scan arrow_scan_dumb pandas_scan seq_scan import_database copy_database"""
)

#: Table functions that show or change the engine; those that begin as `STATE_PREFIXES` do are not repeated here.
ENGINE_TABLE_FUNCTIONS = words(
    """add_parquet_key all_profiling_output checkpoint collations database_list database_size disable_checkpoint_on_shutdown
    disable_logging disable_object_cache disable_optimizer disable_print_progress_bar disable_profile disable_profiling
    disable_progress_bar disable_verification disable_verify_external disable_verify_fetch_row disable_verify_parallelism
    disable_verify_serializer enable_checkpoint_on_shutdown enable_logging enable_object_cache enable_optimizer
    enable_print_progress_bar enable_profile enable_profiling enable_progress_bar enable_verification extension_versions
    force_checkpoint functions icu_calendar_names metadata_info platform show show_databases show_tables show_tables_expanded
    storage_info summary table_info test_all_types test_vector_types truncate_duckdb_logs user_agent verify_external
    verify_fetch_row verify_parallelism verify_serializer version which_secret"""
)

#: Tables of the engine that have no schema in front.
SYSTEM_TABLES = words("sqlite_master sqlite_schema sqlite_temp_master sqlite_temp_schema")

#: Functions of the engine whose result does not depend on how their arguments are written: `struct_pack(A)` and a user's macro
#: may take a field's name from the text of an argument; these never do. What is missing here costs a rebuild, no error.
PLAIN_FUNCTIONS = words(
    """abs acos add age any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_min
    arg_min_null argmax argmin array_agg array_aggregate array_append array_apply array_cat array_concat array_contains
    array_distance array_distinct array_extract array_filter array_has array_has_all array_has_any array_indexof array_intersect
    array_length array_position array_prepend array_reverse array_reverse_sort array_select array_slice array_sort
    array_to_string array_transform array_unique ascii asin atan atan2 avg bar base64 bin bit_and bit_count bit_or bit_xor
    bitstring bitstring_agg bool_and bool_or cardinality cbrt ceil ceiling century chr coalesce concat concat_ws contains corr cos
    cosh cot count count_if count_star countif covar_pop covar_samp cume_dist damerau_levenshtein date_add date_diff date_part
    date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month decade decode
    degrees dense_rank divide editdist3 element_at encode ends_with entropy epoch epoch_ms epoch_ns epoch_us era even exp factorial
    favg fdiv fill first first_value flatten floor fmod format formatreadablesize from_base64 from_hex fsum gamma gcd geomean
    get_bit greatest group_concat grouping grouping_id hamming hash hex histogram hour if ifnull ilike_escape instr isfinite isinf
    isnan isodow isoyear jaccard jaro_similarity jaro_winkler_similarity json_array_length json_contains json_extract
    json_extract_path json_extract_path_text json_extract_string json_keys json_type json_valid json_value julian kahan_sum
    kurtosis kurtosis_pop lag last last_day last_value lcase lcm lead least left len length levenshtein lgamma like_escape
    list_aggregate list_any_value list_append list_apply list_avg list_cat list_concat list_contains list_count list_distinct
    list_element list_extract list_filter list_first list_has list_has_all list_has_any list_indexof list_intersect list_last
    list_max list_median list_min list_pack list_position list_prepend list_product list_reduce list_resize list_reverse
    list_reverse_sort list_select list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform
    list_unique list_value list_where list_zip listagg ln log log10 log2 lower lpad ltrim mad make_date make_time make_timestamp
    map map_concat map_contains map_entries map_extract map_extract_value map_from_entries map_keys map_values max max_by md5
    md5_number mean median microsecond millennium millisecond min min_by minute mod mode month monthname multiply nanosecond
    nextafter nfc_normalize not_ilike_escape not_like_escape now nth_value ntile nullif octet_length ord parse_dirname
    parse_dirpath parse_filename parse_path percent_rank pi position pow power prefix printf product quantile quantile_cont
    quantile_disc quarter radians range generate_series rank rank_dense regexp_escape regexp_extract regexp_extract_all
    regexp_full_match regexp_matches regexp_replace regexp_split_to_array regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy repeat replace reservoir_quantile reverse right round round_even row_number rpad rtrim
    second sem set_bit sha1 sha256 sign signbit sin sinh skewness split split_part sqrt starts_with stddev stddev_pop stddev_samp
    str_split str_split_regex strftime string_agg string_split string_split_regex string_to_array strip_accents strlen strpos
    strptime struct_extract substr substring subtract suffix sum sum_no_overflow sumkahan tan tanh time_bucket timezone
    timezone_hour timezone_minute to_base to_base64 to_centuries to_days to_decades to_hex to_hours to_microseconds to_millennia
    to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today translate trim trunc
    try_strptime typeof ucase unhex unicode upper url_decode url_encode var_pop var_samp variance wavg week weekday weekofyear
    weighted_avg xor year yearweek"""
)

#: Names that, written alone, may be no column: what they give is named as they are written.
NAMED_AS_WRITTEN = CLOCK_KEYWORDS | STATE_KEYWORDS | {"user", "rowid"}
