"""Redis over TLS: web and the worker's scheduler read the same URL, and check the certificate."""

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError

from app.settings import Settings
from app.storage.connections import open_redis
from tests.servers import RunningServer
from workers.schedule import cron_jobs
from workers.scheduler import Scheduler

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for localhost, which signs itself, and its key."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    out = ["-keyout", str(file) + ".key", "-out", str(file)]
    subprocess.run([*make.split(), *named, *out], check=True, capture_output=True)
    return file


@pytest.fixture
async def port(valkey: RunningServer, certificate: Path) -> AsyncIterator[int]:
    """Yield a port of this machine that adds TLS to Valkey, which the wheel builds without it."""
    path = valkey.url.removeprefix("unix://").split("?")[0]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, f"{certificate}.key")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


def at(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"redis_url": url, "redis_queue_url": url})


async def test_web_and_scheduler_trust_the_authority_that_the_url_names(
    settings: Settings, port: int, certificate: Path
):
    url = f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}"
    client = open_redis(at(settings, url))
    assert await client.ping()
    await client.aclose()
    scheduler = Scheduler(url, cron_jobs(settings), {})
    assert await scheduler.pool.ping()
    await scheduler.pool.aclose()


@pytest.mark.parametrize(
    "url",
    ["rediss://localhost:{port}/0", "rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}"],
    ids=["of-an-unknown-authority", "for-another-name"],
)
async def test_a_certificate_that_proves_nothing_is_refused(
    settings: Settings, port: int, certificate: Path, url: str
):
    client = open_redis(at(settings, url.format(port=port, certificate=certificate)))
    with pytest.raises(ConnectionError, match=r"certificate verify failed|CERTIFICATE_VERIFY_FAILED"):
        await client.ping()
    await client.aclose()


def test_every_node_of_a_cluster_gets_what_the_url_says_about_tls(
    settings: Settings, certificate: Path
):
    client = open_redis(at(settings, f"rediss://localhost:1/0?ssl_ca_certs={certificate}"))
    options = client._open_cluster().connection_kwargs
    assert options["ssl_ca_certs"] == str(certificate)
    assert options["ssl_check_hostname"] is True
