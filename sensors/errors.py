"""The one error that is the user's to mend: a single clear line, printed without a traceback, exit status 2."""


class UserError(Exception):
    """What was wrong, which one, measured against expected, and the next move, in one line."""
