"""Whether a Spark is there, and which."""

from __future__ import annotations

from andon.base.record import replace
from andon.engines.spark.capabilities import has_client, without_client
from andon.engines.spark.settings import SparkSettings
from andon.errors import AndonError, DatasetError, MachineError

#: Seconds for which who only looks waits.
_PATIENCE = 5.0


def who_answers(settings: SparkSettings) -> str:
    """Who answers at the endpoint: `sail 0.7.2`.

    Raises:
        MachineError: `machine.missing` without the client.
        DatasetError: `engine.unreachable`; `engine.not_set` where somebody else answers than the settings say.
    """
    if not has_client():
        message, hint = without_client()
        raise MachineError("machine.missing", message, hint=hint)
    from andon.engines.spark.connection import SparkConnection
    from andon.engines.spark.failures import said

    connection = SparkConnection(replace(settings, patience=min(settings.patience, _PATIENCE)))
    try:
        return f"{settings.server} {connection.version()}"
    except AndonError:
        raise
    except Exception as error:
        raise DatasetError(
            "engine.unreachable",
            f"Spark at {settings.shown} does not answer: {said(error)}",
            hint="start it, or correct `engines.spark.url` or `engines.spark.token`",
            retryable=True,
        ) from error
    finally:
        connection.close()
