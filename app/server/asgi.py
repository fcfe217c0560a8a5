"""What a web process serves: the app and its fast door, with the settings of the environment."""

from app.main import create_app
from app.server.middleware import build_stack
from app.settings import load_settings

settings = load_settings()
app, door = build_stack(create_app(settings), settings)
