"""The SQL of search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Connection, Pool

from app.projects.queries import COLUMNS, JOINS, LISTED, Cursor, Project, text_digest
from app.projects.search.search_query import BEST_KIND, SearchQuery

# The digest of the texts that search has to know; NULL if it must not know the project.
DIGEST = f"CASE WHEN deleted_at IS NULL THEN {text_digest('title', 'url', 'description')} END"
# The projects that search does not know, or by older texts. An index has only these. The planner takes
# a CASE for rare, and so reads that index.
OUTDATED = f"""
    CASE WHEN deleted_at IS NOT NULL THEN CASE WHEN search_digest IS NOT NULL THEN 1 END
         WHEN search_digest IS NULL
              OR search_digest <> {text_digest("title", "url", "description")} THEN 1
    END = 1
"""
# Those, and projects that a migration has marked; some more, as another worker may have locked some.
NEWEST_OUTDATED = f"""
    SELECT id, title, url, description, deleted_at IS NOT NULL AS deleted
    FROM projects WHERE id IN (
        (SELECT id FROM projects WHERE {OUTDATED} ORDER BY id DESC LIMIT 2 * $1)
        UNION ALL
        (SELECT id FROM projects WHERE search_again ORDER BY id DESC LIMIT 2 * $1)
    )
    ORDER BY id DESC LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608
HAS_OUTDATED = f"""
    SELECT EXISTS (SELECT FROM projects WHERE {OUTDATED})
        OR EXISTS (SELECT FROM projects WHERE search_again)
"""  # noqa: S608
# A word that is in a twentieth of 500 projects fills a page.
EARLIEST_PROJECTS = """
    earliest AS MATERIALIZED (
        SELECT project_id, terms FROM project_search WHERE project_id <> ALL ($2::bigint[])
        ORDER BY project_id LIMIT 500)
"""


async def select_matches(
    db: Pool, text: str, query: SearchQuery, user_id: int | None, after: Cursor | None, count: int
) -> list[Project]:
    """Return the `count` projects after `after` that match, best match first.

    Of equal matches the first to be submitted comes first, so new ones move no others.
    """
    statement, arguments = matches_statement(text, query, user_id, after, count)
    return [Project(**row) for row in await db.fetch(statement, *arguments)]


def matches_statement(
    text: str, query: SearchQuery, user_id: int | None, after: Cursor | None, count: int
) -> tuple[str, list[Any]]:
    """Return the statement of a page of matches and its arguments.

    Each kind of match is looked for only if the better ones do not fill the page.
    """
    floor = after.floor if after else None
    arguments: list[Any] = [
        user_id,
        [project_id for group in after.groups for project_id in group] if after else [],
        floor.rank if floor else BEST_KIND,
        floor.id if floor else 0,
        text,
    ]
    parts, names = [EARLIEST_PROJECTS], list[str]()
    for kind, tsquery in query.kinds.items():
        if floor and kind > floor.rank:
            continue
        arguments.append(tsquery)
        parts.append(_kind(kind, f"${len(arguments)}::text::tsquery", _sum(names), count))
        names.append(f"match_{kind}")
    parts.append(_outdated(names, count))
    found = " UNION ALL ".join(
        f"SELECT project_id, kind FROM {name}"  # noqa: S608
        for name in (*names, "match_outdated")
    )
    statement = f"""
        WITH {", ".join(parts)}, match AS MATERIALIZED (
            SELECT * FROM ({found}) AS found ORDER BY kind DESC, project_id LIMIT {count})
        SELECT {COLUMNS}, kind::text AS rank
        FROM match JOIN projects ON projects.id = match.project_id {JOINS}
        ORDER BY kind DESC, projects.id
        """  # noqa: S608
    return statement, arguments


def _kind(kind: int, tsquery: str, better: str, count: int) -> str:
    """Return the parts of the statement that find the earliest matches of one kind.

    A frequent word fills a page from the earliest projects. Otherwise the index of terms is read;
    "+ 0" keeps the planner from looking through all projects in their order instead.
    """
    matches = f"""
        WHERE terms @@ {tsquery} AND project_id <> ALL ($2::bigint[])
          AND ({kind} < $3::integer OR project_id > $4::bigint) AND {better} < {count}
          AND (SELECT {LISTED} FROM projects WHERE projects.id = project_id)"""  # noqa: S608
    return f"""
        earliest_{kind} AS MATERIALIZED (
            SELECT project_id FROM earliest {matches} ORDER BY project_id LIMIT {count}),
        match_{kind} AS MATERIALIZED (
            SELECT project_id, {kind} AS kind FROM earliest_{kind}
            WHERE {_sum([f"earliest_{kind}"])} = {count}
            UNION ALL
            (SELECT project_id, {kind} FROM project_search {matches}
               AND {_sum([f"earliest_{kind}"])} < {count}
             ORDER BY project_id + 0 LIMIT {count}))"""  # noqa: S608


def _outdated(better: Sequence[str], count: int) -> str:
    """Return the part that finds outdated projects as the version before this one did."""
    found = "".join(f" AND id NOT IN (SELECT project_id FROM {name})" for name in better)  # noqa: S608
    return f"""
        match_outdated AS MATERIALIZED (
            SELECT id AS project_id, 0 AS kind FROM projects
            WHERE {OUTDATED} AND {LISTED} AND words @@ websearch_to_tsquery('english', $5){found}
              AND id <> ALL ($2::bigint[]) AND (0 < $3::integer OR id > $4::bigint)
              AND {_sum(better)} < {count}
            ORDER BY id LIMIT {count})"""  # noqa: S608


def _sum(names: Sequence[str]) -> str:
    """Return the number of rows in these parts of the statement."""
    return " + ".join(f"(SELECT count(*) FROM {name})" for name in names) or "0"  # noqa: S608


@dataclass(frozen=True)
class Texts:
    """The texts of a project that is to be indexed, or removed from the index if it is deleted."""

    id: int
    title: str
    url: str | None
    description: str
    deleted: bool


async def select_outdated(db: Connection, count: int) -> list[Texts]:
    """Lock and return up to `count` outdated projects, newest first, without those locked already.

    Projects whose terms an earlier version made in another way are among them. Search finds these too.
    """
    rows = await db.fetch(NEWEST_OUTDATED, count)
    return [Texts(**row) for row in rows]


async def select_has_outdated(db: Pool | Connection) -> bool:
    """Return whether there is an outdated project."""
    return await db.fetchval(HAS_OUTDATED)


async def update_terms(db: Connection, project_ids: Sequence[int], terms: Sequence[str | None]) -> None:
    """Store the terms of locked projects; None removes a project from the index."""
    await db.execute(
        f"""
        WITH given AS (
            SELECT * FROM unnest($1::bigint[], $2::text[]) AS given (id, new_terms)
        ), marked AS (
            UPDATE projects SET search_digest = {DIGEST}, search_again = false
            FROM given WHERE projects.id = given.id
        ), removed AS (
            DELETE FROM project_search USING given WHERE project_id = id AND new_terms IS NULL
        )
        INSERT INTO project_search (project_id, terms)
        SELECT id, new_terms::tsvector FROM given WHERE new_terms IS NOT NULL
        ON CONFLICT (project_id) DO UPDATE SET terms = excluded.terms
        """,  # noqa: S608
        project_ids,
        terms,
    )
