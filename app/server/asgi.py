"""What a web process serves: the app and its fast door, with the settings of the environment."""

from app.main import create_app
from app.server.middleware import put_in_front
from app.settings import load_settings

settings = load_settings()
app, door = put_in_front(create_app(settings), settings)
