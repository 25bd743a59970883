"""Every error that Nurture raises on purpose.

NurtureError
├── InputError        a file, a row, a setting or a command is wrong; the message says which and what to do
│   ├── JourneyError  a journey file cannot be used; carries file and line
│   └── ContentError  a file under content/ cannot be used
├── StoreError        the database cannot be used as it is
│   ├── StoreBusy     another process holds it; the message names the holder
│   ├── NightBusy     another process is at work on the nights; the message names it
│   └── SchemaError   the file was made by another version
├── AlreadyUp         the servers of this home run already; the message names who runs them
├── NightRefused      the night cannot run as asked; nothing was changed
├── RenderError       one message cannot be rendered for one person; says why, without personal data
│   └── NobodyThere   not the text is at fault: there is nobody to read it, or to send it
├── TransientError    worth another try later
│   └── AccountError  a provider refuses all of us (key, credits, sender, address of its API); a person must mend it
└── PermanentError    will fail the same way again

Messages carry ids, file names and line numbers, never personal data.
"""


class NurtureError(Exception):
    """What happened, to what, and what to do next."""


class InputError(NurtureError):
    """Something a person wrote is wrong; nothing was changed."""


class JourneyError(InputError):
    """A journey cannot be used. ``str()`` begins with ``file:line:``."""


class ContentError(InputError):
    """A file under ``content/`` cannot be used."""


class StoreError(NurtureError):
    """The database cannot be used as it is."""


class StoreBusy(StoreError):  # noqa: N818 - a state, not a fault
    """Another process holds the database; the message names it."""


class NightBusy(StoreError):  # noqa: N818 - a state, not a fault
    """Another process is at work on the nights of this home; the message names it."""


class SchemaError(StoreError):
    """The file has another schema than this version of Nurture."""


class AlreadyUp(NurtureError):  # noqa: N818 - a state, not a fault
    """The servers of this home run already; the message names who runs them, and where."""


class NightRefused(NurtureError):  # noqa: N818 - an answer, not a fault
    """The night cannot run as asked; nothing was changed."""


class RenderError(NurtureError):
    """One message cannot be rendered for one person."""


class NobodyThere(RenderError):  # noqa: N818 - a state, not a fault
    """There is nobody to read the message, or to send it."""


class TransientError(NurtureError):
    """Worth another try later."""


class AccountError(TransientError):
    """A provider refuses everything that we send, until a person mends it."""


class PermanentError(NurtureError):
    """Will fail the same way again."""
