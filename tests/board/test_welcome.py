"""The welcome text is Markdown: no HTML, no scripts, no pictures of others."""

from app.board.welcome import welcome_html


def test_markdown_becomes_html_with_headings_below_the_pages_own():
    html = welcome_html("# Rules\n\nVote for **three**.\n\n- one\n- two")
    assert '<h2 dir="auto">Rules</h2>' in html
    assert "<strong>three</strong>" in html
    assert html.count("<li") == 2


def test_html_and_scripts_are_only_text():
    html = welcome_html(
        '<script>alert(1)</script>\n\n<img src=x onerror="alert(1)">\n\n[a](javascript:x)'
    )
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html


def test_links_are_not_recommended_and_pictures_are_links():
    html = welcome_html("[rules](https://example.org/) ![logo](https://example.org/spy.png)")
    assert html.count('rel="nofollow ugc noopener"') == 2
    assert "<img" not in html
