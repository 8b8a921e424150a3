"""Sign-in, activation, forgotten password, sign-out."""
