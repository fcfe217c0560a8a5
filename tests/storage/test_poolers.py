"""PgBouncer in session mode works; in transaction mode doctor says that it does not."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from app.launcher import system_user
from app.operations.doctor.postgresql import check_postgresql
from app.settings import Settings
from app.storage import postgres_sessions
from app.storage.connections import open_database
from tests.faults.tcp_proxy import TcpProxy
from tests.ports import free_port
from tests.waiting import CEILING, until

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
pytestmark = pytest.mark.skipif(not Path(PGBOUNCER).exists(), reason="pgbouncer is not installed")


@contextmanager
def pgbouncer(server: int, mode: str) -> Iterator[int]:
    """Run PgBouncer in front of a port, not as root, which it refuses; yield its port."""
    port, user = free_port(), system_user.server_user()
    with TemporaryDirectory(prefix="upvote-pgbouncer-") as directory:
        config = Path(directory) / "pgbouncer.ini"
        config.write_text(
            f"""[databases]
upvote = host=127.0.0.1 port={server} user=postgres dbname=upvote
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 3
"""
        )
        Path(directory).chmod(0o755)
        process = subprocess.Popen([PGBOUNCER, "-q", str(config)], user=user and user.pw_uid)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(CEILING)


@asynccontextmanager
async def pooler(settings: Settings, mode: str) -> AsyncIterator[Settings]:
    """Yield settings that lead through a PgBouncer in this mode."""
    socket = Path(settings.database_url.split("host=")[1]) / ".s.PGSQL.5432"
    async with TcpProxy(socket) as proxy:
        with pgbouncer(proxy.port, mode) as port:
            url = f"postgresql://postgres@127.0.0.1:{port}/upvote"

            async def answers() -> bool:
                try:
                    await (await asyncpg.connect(url, timeout=CEILING)).close()
                except (OSError, asyncpg.PostgresError):
                    return False
                return True

            await until(answers, "for pgbouncer")
            yield settings.model_copy(update={"database_url": url})


async def test_sessions_through_a_pooler_have_all_limits(settings):
    async with pooler(settings, "session") as through:
        db = await open_database(through, max_size=2)
        for name in ("idle_in_transaction_session_timeout", "lock_timeout"):
            wanted = int(postgres_sessions.LIMITS[name])
            found = await db.fetchval("SELECT setting::int FROM pg_settings WHERE name = $1", name)
            assert found == wanted
        assert await db.fetchval("SELECT count(*) FROM projects") >= 0
        db.terminate()


@pytest.mark.parametrize(("mode", "passes"), [("session", True), ("transaction", False)])
async def test_doctor_tells_a_pooler_in_transaction_mode(settings, redis, mode, passes):
    async with pooler(settings, mode) as through:
        [check] = [c for c in await check_postgresql(through, redis) if c.name == "postgresql"]
    assert check.passed is passes
    assert passes or "transaction mode" in check.text
