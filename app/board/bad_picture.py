"""Why an uploaded picture is refused."""

EXPECTED = "Upload a PNG, JPEG or WebP picture of at most 1 MB and 4,000 pixels a side."


class BadPicture(Exception):
    """What was uploaded is no picture that the board accepts; the message says why."""
