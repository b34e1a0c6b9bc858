"""DuckDB SQL said in Spark SQL, so that values agree; what is not known to agree is refused."""
