"""The one exception for trouble that an operator can mend."""


class OperatorError(Exception):
    """Its message is one line: what is wrong and what to do next. Shown without a traceback."""
