"""Arrays on disk: rows appended to an .npy file as they come, and arrays mapped instead of read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


class RowFile:
    """An .npy file of rows that grows; its header holds the number of rows once it is closed."""

    def __init__(self, file: Path, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.rows = 0
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._stream = file.open("wb")
        self._write_header()

    def append(self, rows: NDArray[Any]) -> None:
        """Write (m, *shape) after the rows that are there. Raises `ValueError` for rows of another shape."""
        if rows.shape[1:] != self._shape:
            raise ValueError(f"rows of shape {rows.shape[1:]} do not fit {self._shape}")
        self._stream.write(np.ascontiguousarray(rows, dtype=self._dtype).data)
        self.rows += len(rows)

    def close(self) -> None:
        """Rewrite the header and close the file."""
        if not self._stream.closed:
            self._stream.seek(0)
            self._write_header()
            self._stream.close()

    def _write_header(self) -> None:
        """Write the header; NumPy leaves room in it for the first axis to grow, so its length stays."""
        descr = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": descr, "fortran_order": False, "shape": (self.rows, *self._shape)}
        np.lib.format.write_array_header_1_0(self._stream, header)


def created(file: Path, length: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return a new (length,) array that is mapped from a file, to be filled."""
    return np.lib.format.open_memmap(file, mode="w+", dtype=dtype, shape=(length,))


def mapped(file: Path) -> NDArray[Any]:
    """Return the array of an .npy file, read only, mapped into memory: only what is touched is read.

    Raises `OSError` or `ValueError` when it is missing or damaged; pickles are refused.
    """
    array: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    return array.view(np.ndarray)  # indexing np.memmap costs microseconds each time
