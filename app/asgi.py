"""What the HTTP server loads: the app behind its fast door, with the settings of the environment."""

from functools import partial

from app.main import create_app, end_streams
from app.serving.drain import Drain
from app.settings import load_settings
from app.voting.door import FastDoor
from app.voting.fragment import vote_box_renderer

quart_app = create_app(load_settings())
app = Drain(FastDoor(quart_app, vote_box_renderer(quart_app)), partial(end_streams, quart_app))
