"""What a client sends and then waits, so that the server has to end the connection."""

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
FORM = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = FORM + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
STARTS = {
    "nothing": b"",
    "line ends": b"\r\n",
    "half a head": HEAD,
    "half a body": FORM + b"Content-Length: 99\r\n\r\nx",
    "a trailer": CHUNKED + b"X: y\r\n",
    "an answer": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "an unread answer": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
    "behind a stream": b"GET /live?projects=1 HTTP/1.1\r\nHost: x\r\n\r\n" + HEAD,
    "half closed": HEAD,
}
