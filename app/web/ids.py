"""The ids in addresses."""

import re

from quart import Quart
from werkzeug.routing import IntegerConverter, Map

# The largest bigint of PostgreSQL. A larger number cannot be an id, so it is not found.
MAX_ID = 2**63 - 1
# At most as many digits as MAX_ID has: converting thousands of digits takes long, or fails.
ID_DIGITS = re.compile(r"[0-9]{1,19}")


class IdConverter(IntegerConverter):
    """Match the id of a row in a route: `<id:project_id>`."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1, max=MAX_ID)


def install_converters(app: Quart) -> None:
    app.url_map.converters["id"] = IdConverter
