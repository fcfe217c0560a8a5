"""The errors that mean "a server is away": visitors get 503, and jobs try again.

They are whole families, since a server that is full, demoted, stopping or cut off fails in many ways.
"""

import asyncpg
from redis.exceptions import RedisClusterException, RedisError

# asyncpg raises these when PostgreSQL is away, starts, stops, is full or demoted, or does not answer
# in time. It raises the last ones before OSError when PostgreSQL refuses the login or has no schema;
# for visitors and jobs that is the same outage, and only the operator needs to know the difference.
DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,  # class 08; a pooler without a server raises it too
    asyncpg.InsufficientResourcesError,  # class 53: disk full, out of memory, too many connections
    asyncpg.OperatorInterventionError,  # class 57: shutdown, crash, starting, cancelled
    asyncpg.PostgresSystemError,  # class 58: input and output errors
    asyncpg.TransactionRollbackError,  # class 40: a deadlock, or a standby that replays a conflict
    asyncpg.ReadOnlySQLTransactionError,  # a primary that has become a standby
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidSQLStatementNameError,  # a pooler in transaction mode
    asyncpg.DuplicatePreparedStatementError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of a message
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedFunctionError,
    OSError,
    TimeoutError,
)

# redis-py raises these when Redis or a Cluster is away or does not answer in time. TimeoutError is a
# subclass of OSError.
REDIS_AWAY = (RedisError, RedisClusterException, OSError)
