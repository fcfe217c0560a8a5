"""Hostile addresses, methods, headers and words for the security tests."""

# ruff: noqa: E501  (lists of payloads)

# Headers in which a client may claim another address.
ADDRESS_HEADERS = (
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "remote-addr",
    "x-client-ip",
    "true-client-ip",
)
MARK = "<uv\"'>"  # what a page may show only escaped
KINDS = ("odd", "odd", "flipped", "cut", "noise", "piped")
PATHS = (
    "/", "/login", "/register", "/projects/new", "/projects/1/vote", "/projects/1", "/logout",
    "/projects/1/edit", "/projects/1/delete", "/search", "/feed.atom", "/embed/1", "/embed",
    "/api/votes", "/api/votes", "/api/projects", "/api/projects/1", "/api/me/votes", "/api/x",
    "/api/votes/metrics", "/me/votes", "/me/settings", "/me/settings/tokens", "/me/settings/password",
    "/me/settings/delete", "/me/settings/tokens/1/revoke", "/users/x", "/live", "/ops", "/static/x",
    "/admin/projects", "/admin/projects/1", "/admin/audit", "/admin/people/x", "//evil.example/", "/%zz",
    "http://evil.example/", "*", "/" + "a" * 5000,
)  # fmt: skip
METHODS = (
    "GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "CONNECT", "get", "\x00", "A" * 300,
)  # fmt: skip
FIELDS = (
    "username", "password", "next", "title", "url", "description", "value", "project_id", "sort", "t",
    "after", "before", "page", "q", "projects", "filter", "action", "reason", "name", "current", "confirm",
)  # fmt: skip
WORDS = (
    "", "1", "-1", "0", "2", "9" * 400, "1e999", "null", "true", "\x00", "\r\nX-Evil: 1", "../" * 9, "%00",
    "%zz", "//evil.example", "/\\evil.example", "javascript:alert(1)", "https://example.org/" + MARK, "é" * 9,
    "\u202e", "\ud7ff\ufffe", "{}", "[" * 3000, MARK, MARK * 20, "${7*7}", "{{7*7}}", "' OR 1=1 --", "hide",
    "someone", "correct horse", "up", "eJyLjgUAARUAuQ",
)  # fmt: skip
TYPES = (
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=nonsense",
    "application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", MARK,
)  # fmt: skip
NAMES = (
    "Host", "Cookie", "Content-Type", "Content-Length", "Transfer-Encoding", "Origin", "HX-Request",
    "Sec-Fetch-Site", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Range",
    "Authorization", "If-None-Match", "Expect", "X-Request-Id", "Accept", "Accept-Encoding", "Upgrade",
    "Remote-Addr", "X-HTTP-Method-Override", "Connection", MARK,
)  # fmt: skip
VALUES = (
    *WORDS, *TYPES, "chunked", "gzip", "bytes=0-", "Bearer x", "Bearer uv_" + "x" * 43, "same-origin", "true",
    "cross-site", "127.0.0.1", "evil.example/@x", "100-continue", "websocket", "upvote_session=1.x.1",
    "session=.eJyrVkrLz1eyUkpKLFKqBQAdegQ0.x.x", "a" * 9000, "W/" + MARK, "*",
)  # fmt: skip
