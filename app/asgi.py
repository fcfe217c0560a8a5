"""What the HTTP server loads: the app with the settings of the environment."""

from app.main import create_app
from app.settings import load_settings

app = create_app(load_settings())
