"""Every 5 s: make the search terms of projects that have none, or those of older texts."""

import structlog

from app.projects.search.indexing import is_searchable, make_searchable
from app.services import Services

log = structlog.get_logger()


async def index_projects(services: Services) -> None:
    if count := await make_searchable(services.db):
        log.info("indexed projects for search", count=count)


async def nothing_to_index(services: Services) -> bool:
    return await is_searchable(services.db)
