"""What the native module calls: values of C as values of Python, and back."""

import numpy as np

from unmask import errors


def error(status, sentence):
    """The exception of a failed call."""
    return errors.CLASSES[errors.Status(status)](sentence)


def array(dtype, rows, columns):
    """An array for the native module to fill; of one dimension if `columns` is negative."""
    return np.empty(rows if columns < 0 else (rows, columns), dtype)


def tokens(values):
    """Token ids [n] as the native module reads them: contiguous int32."""
    given = np.asarray(values)
    if given.ndim != 1:
        raise ValueError(f"Token ids have one dimension, but these have {given.ndim}.")
    if given.size > 0 and given.dtype.kind not in "iu":
        raise TypeError(f"Token ids are integers, not {given.dtype}.")
    converted = np.ascontiguousarray(given, np.int32)
    if not np.array_equal(given, converted):
        raise OverflowError("A token id does not fit 32 bits.")
    return converted
