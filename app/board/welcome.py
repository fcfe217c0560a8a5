"""The welcome text: Markdown of an organiser's, without HTML and pictures, as safe HTML."""

from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

# The page has its h1, so the text's headings begin one lower.
LOWER = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6", "h6": "h6"}
BLOCKS = ("paragraph_open", "heading_open", "list_item_open", "blockquote_open")


class _Renderer(RendererHTML):
    def renderToken(self, tokens: Any, idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
        token: Token = tokens[idx]
        if token.type == "link_open":
            token.attrSet("rel", "nofollow ugc noopener")
        if token.type in BLOCKS:
            token.attrSet("dir", "auto")
        token.tag = LOWER.get(token.tag, token.tag)
        return super().renderToken(tokens, idx, options, env)


_MARKDOWN = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).disable("image")


@lru_cache(4)
def welcome_html(text: str) -> Markup:
    """Return the text as HTML, rendered once for each text."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 (markdown-it escapes what is not Markdown)
