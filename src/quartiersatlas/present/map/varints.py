"""Whole numbers as text: seven bits a byte, small ones in one byte, written in base64."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOW = 0x7F  # seven bits of content
MORE = 0x80  # the eighth bit: another byte follows
BYTES = 5  # enough for 35 bits


def varint_text(numbers: NDArray[np.int64]) -> str:
    """Return whole numbers from 0 to 2**35 - 1 as base64 of variable-length bytes, lowest bits first.

    Examples
    --------
    >>> varint_text(np.array([1, 300]))
    'AawC'
    """
    values = np.asarray(numbers, dtype=np.int64)
    if len(values) and (values.min() < 0 or values.max() >= 1 << 7 * BYTES):
        raise ValueError("varint_text() takes whole numbers from 0 to 2**35 - 1.")
    lengths = np.ones(len(values), dtype=np.int64)
    for k in range(1, BYTES):
        lengths += values >= 1 << 7 * k
    starts = np.cumsum(lengths) - lengths
    out = np.zeros(int(lengths.sum()), dtype=np.uint8)
    for k in range(BYTES):
        has = lengths > k
        follows = np.where(lengths[has] > k + 1, MORE, 0)
        out[starts[has] + k] = (values[has] >> 7 * k) & LOW | follows
    return b64encode(out.tobytes()).decode("ascii")


def zigzag(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return whole numbers of either sign as numbers from 0: 0, -1, 1, -2 become 0, 1, 2, 3."""
    values = np.asarray(numbers, dtype=np.int64)
    return (values << 1) ^ (values >> 63)
