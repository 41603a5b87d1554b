"""The file of a table, which ../table.go describes."""

import hashlib
import struct
import zlib

import numpy as np


def quantise(rows):
    """int8 rows, and their scales as the upper halves of float32."""
    scales = np.maximum(np.abs(rows).max(1), 1e-6).astype(np.float32) / 127
    halves = ((scales.view(np.uint32) + 0xFFFF) >> 16).astype(np.uint16)  # upwards, so that no number is cut
    return np.rint(rows / restore(halves)[:, None]).astype(np.int8), halves


def restore(halves):
    return (halves.astype(np.uint32) << 16).view(np.float32)


def pack(pieces, rows):
    """The bytes of a file."""
    numbers, halves = quantise(rows)
    vocabulary = zlib.compress("".join(p + "\n" for p in pieces).encode(), 9)
    head = b"hgstatic" + struct.pack("<4I", 1, rows.shape[1], len(rows), len(vocabulary))
    body = vocabulary + halves.astype("<u2").tobytes() + numbers.tobytes()
    return head + hashlib.sha256(head + body).digest() + body


def vectors(rows, bags):
    """The vectors of texts by the numbers of a file."""
    numbers, halves = quantise(rows)
    sums = bags @ (numbers * restore(halves)[:, None])
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)
