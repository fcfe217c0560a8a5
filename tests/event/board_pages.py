"""An admin at /admin/board: the page's form as a browser would send it."""

import html
import re

from tests.support import client_of

PAGE = "/admin/board"


async def open_form(app, admin):
    """Return a client and the fields of the form, as they are on the page."""
    client = client_of(app, admin)
    text = await (await client.get(PAGE)).get_data(as_text=True)
    return client, fields_of(text)


def fields_of(text):
    """Return the fields of the last form of the page by name."""
    form = text[text.rindex('action="/admin/board" ') :]
    found = dict(re.findall(r'<input [^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', form))
    empty = re.findall(r'<input [^>]*?name="([^"]+)"', form)
    areas = re.findall(r'<textarea [^>]*?name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL)
    selects = re.findall(
        r'<select [^>]*?name="([^"]+)"(?:(?!</select>).)*?value="([^"]*)" selected', form, re.DOTALL
    )
    fields = dict.fromkeys(empty, "") | found | dict(areas) | dict(selects)
    return {name: html.unescape(value) for name, value in fields.items()}


async def send(client, form, path=PAGE):
    """Return the status and the HTML of the answer."""
    answer = await client.post(path, form=form)
    return answer.status_code, await answer.get_data(as_text=True)
