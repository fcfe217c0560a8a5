"""What can go wrong at the provider. The messages are for the log and for `upvote doctor`."""


class ProviderAway(Exception):
    """The provider cannot be asked, or does not answer as OpenID Connect says."""


class SignInRefused(Exception):
    """The provider does not say that this person signed in now, for this board, in this browser."""


class UnknownKey(SignInRefused):
    """The ID token is signed with a key that is not among those known."""
