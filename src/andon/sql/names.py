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
    read_ndjson_objects read_parquet parquet_scan"""
)

#: Table functions that look at files and can't stand in a source.
FILE_FUNCTIONS = words(
    """glob read_text read_blob read_duckdb sniff_csv parquet_metadata parquet_schema parquet_file_metadata parquet_kv_metadata
    parquet_full_metadata parquet_bloom_probe iceberg_scan iceberg_metadata iceberg_snapshots delta_scan read_avro read_xlsx st_read
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
