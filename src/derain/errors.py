"""Every error a user can meet. The command line has an exit code for each (cli/exit_codes.py)."""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    """The first line of a library's error, which may go on for pages."""
    return (str(error).splitlines() or [type(error).__name__])[0]


class DerainError(Exception):
    """Base of all errors of this package. The message is one line and says what to do."""


class UsageError(DerainError):
    """Options or arguments that make no sense together."""


class InputNotFoundError(DerainError):
    """A named file or folder does not exist, or a folder holds no pictures."""


class InvalidImageError(DerainError):
    """A picture that is damaged, not a picture, or of a kind that cannot be kept intact."""


class DamagedClipError(DerainError):
    """A clip of which parts cannot be read; what can be had of it was written."""


class PermissionDeniedError(DerainError):
    """The system does not allow a file to be read or written."""


class DiskFullError(DerainError):
    """No space is left where the result should go."""


class OutputConflictError(DerainError):
    """The output exists already, or is the input."""


class StoreError(DerainError):
    """A bucket or server that does not do what it is asked; perhaps later."""


class ModelNotFoundError(DerainError):
    """No model of that name, or no such model file."""


class CorruptModelError(DerainError):
    """A model file that is not what its card or manifest says."""


class OutOfMemoryError(DerainError):
    """Memory ran out even with the smallest tile."""


class NonFiniteError(DerainError):
    """A network gave values that are not finite, in float32 too."""


class BackendUnavailableError(DerainError):
    """A backend or device that is not installed or not present."""


class ConfigError(DerainError):
    """A configuration with an unknown key or an impossible value."""


class DatasetError(DerainError):
    """Training data, a list or a manifest that is missing, unpaired or unreadable."""


class InternalError(DerainError):
    """Something nobody foresaw; to be reported."""


class TrainingError(DerainError):
    """A training run that cannot go on."""


class ExportError(DerainError):
    """An exported model that does not compute what the network computes."""


class VerificationError(DerainError):
    """Scores that are not those a model's card claims."""
