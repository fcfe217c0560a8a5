"""What can go wrong at the provider. The messages are for the log and for `upvote doctor`."""


class ProviderAway(Exception):
    """The provider cannot be asked, or does not answer as OpenID Connect says.

    `code` is the error that it names, such as invalid_client.
    """

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class SignInRefused(Exception):
    """The provider does not say that this person signed in now, for this board, in this browser."""


class UnknownKey(SignInRefused):
    """The ID token is signed with a key that is not among those known."""


class Barred(SignInRefused):
    """The account of this identity was suspended and then deleted, so it gets no other one."""
