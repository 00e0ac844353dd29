"""What a process ends with: one code for each kind of error."""

from __future__ import annotations

from derain.errors import (
    BackendUnavailableError,
    ConfigError,
    CorruptModelError,
    DatasetError,
    DerainError,
    DiskFullError,
    ExportError,
    InputNotFoundError,
    InternalError,
    InvalidImageError,
    ModelNotFoundError,
    NonFiniteError,
    OutOfMemoryError,
    OutputConflictError,
    PermissionDeniedError,
    StoreError,
    TrainingError,
    UsageError,
    VerificationError,
)

PARTIAL, INTERRUPTED = 1, 130
UNREAD = 141  # as the shell reports a process that SIGPIPE ended

EXIT_CODES: dict[type[DerainError], tuple[int, str]] = {
    UsageError: (2, "usage"),
    InputNotFoundError: (3, "input not found"),
    InvalidImageError: (4, "not a usable picture"),
    PermissionDeniedError: (5, "permission denied"),
    DiskFullError: (6, "disk full"),
    OutputConflictError: (7, "output exists or is the input"),
    ModelNotFoundError: (8, "unknown model"),
    CorruptModelError: (9, "damaged model"),
    OutOfMemoryError: (10, "out of memory"),
    NonFiniteError: (11, "values not finite"),
    BackendUnavailableError: (12, "backend or device not there"),
    ConfigError: (13, "configuration"),
    DatasetError: (14, "training data, a list or a manifest"),
    TrainingError: (15, "training"),
    ExportError: (16, "export"),
    VerificationError: (17, "not the card's scores"),
    StoreError: (18, "bucket or server"),
    InternalError: (70, "internal error"),
}


def exit_code(error: DerainError | type[DerainError]) -> int:
    """The code of an error's kind, or of the nearest kind it is one of."""
    kind = error if isinstance(error, type) else type(error)
    return next((EXIT_CODES[k][0] for k in kind.__mro__ if k in EXIT_CODES), PARTIAL)


def listed() -> str:
    """All codes in a line, for the help."""
    codes = [
        (0, "all done"),
        (PARTIAL, "some or all of several pictures failed"),
        *EXIT_CODES.values(),
    ]
    codes += [(INTERRUPTED, "interrupted"), (UNREAD, "nobody reads the output")]
    return "; ".join(f"{code} {what}" for code, what in codes)
