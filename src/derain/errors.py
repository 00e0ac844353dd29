"""Every error a user can meet, each with the exit code the command line gives for it."""

from __future__ import annotations

from typing import ClassVar


def first_line(error: BaseException) -> str:
    """The first line of a library's error, which may go on for pages."""
    return (str(error).splitlines() or [type(error).__name__])[0]


class DerainError(Exception):
    """Base of all errors of this package. The message is one line and says what to do."""

    exit_code: ClassVar[int] = 1


class UsageError(DerainError):
    """Options or arguments that make no sense together."""

    exit_code = 2


class InputNotFoundError(DerainError):
    """A named file or folder does not exist, or a folder holds no pictures."""

    exit_code = 3


class InvalidImageError(DerainError):
    """A picture that is damaged, not a picture, or of a kind that cannot be kept intact."""

    exit_code = 4


class PermissionDeniedError(DerainError):
    """The system does not allow a file to be read or written."""

    exit_code = 5


class DiskFullError(DerainError):
    """No space is left where the result should go."""

    exit_code = 6


class OutputConflictError(DerainError):
    """The output exists already, or is the input."""

    exit_code = 7


class ModelNotFoundError(DerainError):
    """No model of that name, or no such model file."""

    exit_code = 8


class CorruptModelError(DerainError):
    """A model file that is not what its card or manifest says."""

    exit_code = 9


class OutOfMemoryError(DerainError):
    """Memory ran out even with the smallest tile."""

    exit_code = 10


class NonFiniteError(DerainError):
    """A network gave values that are not finite, in float32 too."""

    exit_code = 11


class BackendUnavailableError(DerainError):
    """A backend or device that is not installed or not present."""

    exit_code = 12


class ConfigError(DerainError):
    """A configuration with an unknown key or an impossible value."""

    exit_code = 13


class DatasetError(DerainError):
    """Training data that is missing, unpaired or unreadable."""

    exit_code = 14


class InternalError(DerainError):
    """Something nobody foresaw; to be reported."""

    exit_code = 70


class TrainingError(DerainError):
    """A training run that cannot go on."""

    exit_code = 15


class ExportError(DerainError):
    """An exported model that does not compute what the network computes."""

    exit_code = 16


class VerificationError(DerainError):
    """Scores that are not those a model's card claims."""

    exit_code = 17
