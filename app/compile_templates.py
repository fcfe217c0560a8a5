"""`python -m app.compile_templates` compiles every template, so that no request waits for it."""

from app.main import create_app
from app.settings import Settings
from app.templating import COMPILED, TEMPLATES
from app.web.compiled_templates import rendered_at_once


def main() -> None:
    """Compile each template for both of its uses; those that are compiled already take no time."""
    app = create_app(Settings.model_construct(secret_key="not used"))
    for path in sorted(path for path in TEMPLATES.rglob("*") if path.is_file()):
        if path.parent != COMPILED:
            for environment in (app.jinja_env, rendered_at_once(app)):
                environment.get_template(path.relative_to(TEMPLATES).as_posix())


if __name__ == "__main__":
    main()
