"""/admin/tracks: admins add, rename and remove tracks, and put projects into another one."""

from tests.board.some_tracks import tracks
from tests.support import client_of

__all__ = ["tracks"]

PAGE = "/admin/tracks"


async def read(client, path=PAGE):
    return await (await client.get(path)).get_data(as_text=True)


async def send(client, path, **form):
    answer = await client.post(path, form=form)
    return answer.status_code, await answer.get_data(as_text=True)


async def test_an_admin_adds_renames_and_removes_a_track(tracks, app, admin):
    client = client_of(app, admin)
    assert (await send(client, PAGE, slug="games", name="Games"))[0] == 303
    assert "<bdi>Games</bdi>" in await read(client)
    await send(client, f"{PAGE}/games", action="rename", name="Great games")
    assert "<bdi>Great games</bdi>" in await read(client)
    await send(client, f"{PAGE}/games", action="remove")
    assert "There are no tracks yet" in await read(client)


async def test_what_is_wrong_is_said_at_its_field_and_typed_text_stays(tracks, app, admin):
    client = client_of(app, admin)
    status, html = await send(client, PAGE, slug="Great games", name="Great games")
    assert status == 422
    assert 'id="slug-error"' in html
    assert 'value="Great games"' in html


async def test_a_track_with_projects_asks_where_they_go(tracks, app, admin, board):
    await tracks(games="Games", tools="Tools")
    project_id = await board.project()
    client = client_of(app, admin)
    await send(client, f"/projects/{project_id}/edit", title="Chess", track="games")
    assert "<code>games</code>, 1 project<" in await read(client)
    status, html = await send(client, f"{PAGE}/games", action="remove")
    assert status == 422
    assert "1 project is in the track" in html
    assert (await send(client, f"{PAGE}/games", action="remove", to="tools"))[0] == 303
    assert 'href="/?track=tools"' in await read(client, f"/projects/{project_id}")


async def test_moving_a_project_is_in_the_moderation_log(tracks, app, admin, board):
    await tracks(games="Games")
    project_id = await board.project()
    client = client_of(app, admin)
    await send(client, f"/projects/{project_id}/edit", title="Chess", track="games")
    log = await read(client, "/admin/audit")
    assert "track: “” → “Games”" in log.partition(f'href="/projects/{project_id}"')[2][:600]


async def test_only_admins_change_tracks(tracks, app, board):
    client = client_of(app, await board.user())
    assert (await client.get(PAGE)).status_code == 403
    for path in (PAGE, f"{PAGE}/games"):
        assert (await send(client, path, slug="games", name="Games"))[0] == 403
