"""What this package throws. `except reidbench.Error` catches all of it."""


class Error(Exception):
    """Anything that reidbench refuses or cannot do."""


class InputError(Error, ValueError):
    """An argument, option or file with wrong content: the message says what, where, what was expected and what was found."""


class IoError(Error, OSError):
    """A file or device that cannot be read or written."""


class InternalError(Error, RuntimeError):
    """A mistake in reidbench: please report it."""
