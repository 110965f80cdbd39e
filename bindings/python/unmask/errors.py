"""Exceptions, one class per status of the C interface. All are `UnmaskError`s; those that Python has a word for are
that too, so that `except ValueError` works as expected."""

from enum import IntEnum


class Status(IntEnum):
    """What kind of failure it was; the numbers are those of `unmask.h`."""

    OK = 0
    INVALID_ARGUMENT = 1
    WRONG_STATE = 2
    NOT_FOUND = 3
    BAD_MODEL = 4
    UNSUPPORTED = 5
    OUT_OF_MEMORY = 6
    DEVICE_LOST = 7
    CANCELLED = 8
    IO = 9
    INTERNAL = 10


class UnmaskError(Exception):
    """A call failed. The text says what is wrong, where, and what to do."""

    status = Status.INTERNAL


class InvalidArgumentError(UnmaskError, ValueError):
    """An argument is out of range, or contradicts another."""

    status = Status.INVALID_ARGUMENT


class WrongStateError(UnmaskError, RuntimeError):
    """A call in the wrong order, on a closed object, or while another thread is in the object."""

    status = Status.WRONG_STATE


class NotFoundError(UnmaskError, LookupError):
    """No such file, device, option or name."""

    status = Status.NOT_FOUND


class BadModelError(UnmaskError, ValueError):
    """A model file is damaged, truncated or hostile."""

    status = Status.BAD_MODEL


class UnsupportedError(UnmaskError, RuntimeError):
    """Valid, but not for this device, build or architecture."""

    status = Status.UNSUPPORTED


class OutOfMemoryError(UnmaskError, MemoryError):
    """The host or the device is out of memory."""

    status = Status.OUT_OF_MEMORY


class DeviceLostError(UnmaskError, RuntimeError):
    """The driver reset the device: close it and open it again."""

    status = Status.DEVICE_LOST


class CancelledError(UnmaskError):
    """The decoder was cancelled; its sessions keep what was committed."""

    status = Status.CANCELLED


class InputOutputError(UnmaskError, OSError):
    """The operating system refused to read or write."""

    status = Status.IO


class InternalError(UnmaskError, RuntimeError):
    """A defect of Unmask or of the driver; please report it."""

    status = Status.INTERNAL


CLASSES = {c.status: c for c in UnmaskError.__subclasses__()}
