"""Numbers in addresses."""

import re

from quart import Quart
from werkzeug.routing import IntegerConverter, Map

# bigint in PostgreSQL; anything larger is no id and so not found.
LARGEST_ID = 2**63 - 1
# No longer than LARGEST_ID: converting thousands of digits takes time, or fails.
SHORT_NUMBER = re.compile(r"[0-9]{1,19}")


class IdConverter(IntegerConverter):
    """`<id:project_id>`: the number of a row."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1, max=LARGEST_ID)


def install_converters(app: Quart) -> None:
    app.url_map.converters["id"] = IdConverter
