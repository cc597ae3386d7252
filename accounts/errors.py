"""What an action refuses, in one sentence for whoever asked."""


class NotAllowed(Exception):
    """The sentence is the exception's text."""
