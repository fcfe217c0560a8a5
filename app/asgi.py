"""What the HTTP server loads: the app behind its doors, with the settings of the environment."""

from functools import partial

from app.main import create_app, end_streams
from app.projects.list_door import ListDoor
from app.serving.drain import Drain
from app.settings import load_settings
from app.voting.door import FastDoor
from app.voting.fragment import vote_box_renderer
from app.web.front_pages import FrontPages
from app.web.gate import Gate
from app.web.proxies import BehindProxies

settings = load_settings()
quart_app = create_app(settings)
fast_door = FastDoor(quart_app, vote_box_renderer(quart_app))
door = FrontPages(ListDoor(fast_door, quart_app))
gate = Gate(door, settings.allowed_hosts)
inner = BehindProxies(gate, settings.trusted_proxies) if settings.trusted_proxies else gate
app = Drain(inner, partial(end_streams, quart_app))
