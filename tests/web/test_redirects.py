import pytest

from app.web.redirects import own_path


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/\t/evil.example",
        "evil",
        "",
        None,
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_a_redirect_never_leaves_the_site(target):
    assert own_path(target) == "/"


@pytest.mark.parametrize("target", ["/", "/projects/7", "/?sort=new&after=x#project-3"])
def test_an_own_path_is_kept(target):
    assert own_path(target) == target
