"""A template that is rendered in turns."""

from typing import Any

from jinja2 import Template

from app.web.turns import collect_in_turns


class TurnsTemplate(Template):
    """Jinja's own, but votes pass while it renders."""

    async def render_async(self, *args: Any, **kwargs: Any) -> str:
        """Return the whole text. As Jinja's own method, but others have their turns meanwhile."""
        context = self.new_context(dict(*args, **kwargs))
        try:
            return "".join(await collect_in_turns(self.root_render_func(context)))  # type: ignore[arg-type]
        except Exception:
            return self.environment.handle_exception()
