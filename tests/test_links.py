"""A link opens the host that is shown beside it, in every browser."""

import pytest

from app.links import link_key, read_link


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://example.org/a", "example.org"),
        ("HTTPS://Example.ORG", "example.org"),
        ("https://www.com/", "www.com"),
        (r"https://evil.example\@good.example/", "evil.example"),
        (r"https://evil.example\.good.example/", "evil.example"),
        ("https://evil.example/@good.example", "evil.example"),
        ("https://evil.example?@good.example", "evil.example"),
        ("https://evil.example#@good.example", "evil.example"),
        ("https://\uff47ood.example/", "good.example"),
        ("https://good\u3002example/", "good.example"),
        ("https://good%2eexample/", "good.example"),
        ("https://go\u00adod.exa\u200bmple/", "good.example"),
        ("https://evil\t.example/", "evil.example"),
        ("https://127.1/", "127.0.0.1"),
        ("https://0x7f.0.0.1/", "127.0.0.1"),
        ("https://[::ffff:127.0.0.1]/", "[::ffff:7f00:1]"),
        ("http://wiki:8080/", "wiki"),
        ("https://my_site.example/", "my_site.example"),
        ("https://example.org./", "example.org."),
    ],
)
def test_the_host_is_the_one_that_a_browser_opens(text, host):
    assert read_link(text).host == host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://g\u043eod.example/", "xn--god-sed.example"),  # a Cyrillic o among Latin letters
        ("https://\u0430\u0440\u0440\u04cf\u0435.example/", "xn--80ak6aa92e.example"),  # all Cyrillic
        ("https://xn--80ak6aa92e.example/", "xn--80ak6aa92e.example"),
        ("https://m\u00fcnchen.example/", "xn--mnchen-3ya.example"),
        ("https://mu\u0308nchen.example/", "xn--mnchen-3ya.example"),
    ],
)
def test_letters_beyond_ascii_are_shown_in_punycode(text, host):
    assert read_link(text).host == host
    assert read_link(text).address == f"https://{host}/"


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "//example.org", "https://", "https:///x", "https:/x.example", "https:x.example",
        r"https:\\x.example", "javascript:alert(1)", "java\nscript:alert(1)", "ftp://example.org",
        "https://./", "https://../", "https://a..b/", "https://.example/", "https://example../",
        "https://%/", "https://%20/", "https://%2f/", "https://999.1.1.1/", "https://1.2.3.4.5/",
        "https://a.08/", "https://99999999999/", "https://[::1/", "https://[::g]/", "https://-/",
        "https://_/", "https://!/", "https://$&'()*+,;=/", "https://a!b.example/",
        "https://exa mple.org", "https://exa\u00a0mple.org", "https://exa|mple.org", "https://\u202eexample.org/",
        "https://xn--a/", "https://xn--.example/", "https://a.example:0/", "https://a.example:99999/",
        "https://a.example:b/", f"https://{'a' * 64}.example/", f"https://{'abc.' * 63}de/",
        "https://\ud800.example/", "https://a\0b.example/",
    ],
)  # fmt: skip
def test_a_text_without_a_host_is_no_link(text):
    assert read_link(text) is None


@pytest.mark.parametrize("before", ["good.example@", "good.example:x@", ":x@", "good.example%40a@"])
def test_user_information_is_refused(before):
    assert read_link(f"https://{before}evil.example/") is None


def test_the_address_is_in_the_normal_form_of_browsers():
    assert (
        read_link(" HTTP://Example.ORG:80/a/../b c?\u00fc ").address
        == "http://example.org/b%20c?%C3%BC"
    )


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://x.example/a?b=1", "http://www.X.EXAMPLE/a?b=1"),
        ("https://x.example/a?b=1", "https://x.example:443/a/?b=1#part"),
        ("http://x.example", "http://x.example:80/"),
        ("https://x.example", "https://x.example./?"),
        ("https://x.example/a", "https://x.example/a?#"),
        ("https://x.example/a", "https://x.example/./b/../a"),
        ("https://x.example/a", r"https://x.example\a"),
        ("https://x.example/~me/%C3%BC", "https://x.example/%7eme/\u00fc"),
        ("https://x.example/ab", "https://x.example/%61b"),
        ("https://x.example/a%2fb", "https://x.example/a%2Fb"),
        ("https://x.example/a|b", "https://x.example/a%7cb"),
        ("https://x.example/?q=a+b", "https://x.example/?q=a%20b"),
        ("https://m\u00fcnchen.example/", "https://xn--mnchen-3ya.example/"),
        ("https://x.example/?b=1", "https://x.example/?utm_source=a&b=1&utm_Medium=b"),
        ("https://x.example/?b=1", "https://x.example/?b=1&fbclid=a&gclid=b&"),
        ("https://x.example/", "https://x.example/?%75tm_campaign=a"),
        ("https://x.example/#/one", "http://x.example#/one"),
        ("https://x.example/", "https://x.example/#:~:text=here"),
    ],
)
def test_links_to_one_page_are_the_same(link, same):
    assert link_key(link) == link_key(same)


@pytest.mark.parametrize(
    ("link", "other"),
    [
        ("https://x.example/aBc", "https://x.example/AbC"),
        ("https://x.example/?a=B", "https://x.example/?a=b"),
        ("https://x.example/?a=1&b=2", "https://x.example/?a=1"),
        ("https://x.example/#/one", "https://x.example/#/two"),
        ("https://x.example/#!one", "https://x.example/#!two"),
        ("https://x.example/#/one", "https://x.example/"),
        ("https://x.example:8443/", "https://x.example/"),
        ("https://x.example/a%2Fb", "https://x.example/a/b"),
        ("https://x.example/a%3Fb", "https://x.example/a?b"),
        ("https://x.example/?a=1%262", "https://x.example/?a=1&2"),
        ("https://x.example/?my_utm_source=a", "https://x.example/"),
        ("https://x.example/?ref=a", "https://x.example/"),
        ("https://www.com/", "https://com/"),
        ("https://a.x.example/", "https://x.example/"),
    ],
)
def test_links_to_other_pages_are_not_the_same(link, other):
    assert link_key(link) != link_key(other)


def test_a_text_that_is_no_link_has_no_key():
    assert link_key(None) is link_key("https://./") is None
