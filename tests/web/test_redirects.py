import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.redirects import local_path


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
    assert local_path(target) == "/"


@pytest.mark.parametrize("target", ["/", "/projects/7", "/?sort=new&after=x#project-3"])
def test_a_path_of_this_site_is_kept(target):
    assert local_path(target) == target


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/search?q=über", "/search?q=%C3%BCber"),
        ("/\u2215evil.example", "/%E2%88%95evil.example"),
        ("/a b\x7f<", "/a%20b%7F%3C"),
        ("/%zz%20", "/%zz%20"),
    ],
)
def test_characters_that_an_address_cannot_contain_are_escaped(target, expected):
    assert local_path(target) == expected


BOARD = "https://board.example"
ODD = st.text(
    st.sampled_from("/\\.:@?#%59c02fe\t\n\r \0\x7f\x85\u3000\u2028\uff0f\u2044evil"), max_size=12
)


@given(ODD | st.text(max_size=20))
def test_a_browser_stays_on_the_site_whatever_is_asked_for(target):
    for asked in (target, f"/{target}", f"//{target}", f"/\\{target}", f"/./{target}"):
        assert ada_url.URL(local_path(asked), f"{BOARD}/login").origin == BOARD
