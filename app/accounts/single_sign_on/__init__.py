"""Single sign-on: people sign in with the account that they have at an OpenID provider."""
