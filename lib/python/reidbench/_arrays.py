"""Arguments as the arrays that the library reads: as they are where type and layout fit, converted where nothing is lost that
matters, and otherwise refused with the argument's name, what was expected and what was found."""
from __future__ import annotations

from typing import Any, Optional

import numpy as np

from ._errors import InputError

# Rows looked at together where a whole array of truth values would cost memory.
_ROWS_AT_ONCE = 256


def _described(array: np.ndarray) -> str:
    shape = " x ".join(str(n) for n in array.shape) if array.ndim else "a single value"
    return f"{shape} of {array.dtype}"


def as_array(name: str, value: Any, what: str) -> np.ndarray:
    """The value as any array. `what` describes the array expected."""
    try:
        array = np.asarray(value)
    except InputError:
        raise
    except Exception as error:  # ragged lists, tensors of other devices
        raise InputError(f"{name}: expected {what}, found {type(value).__name__} that is no array ({error})") from None
    if array.dtype == object or array.dtype.kind not in "fiub":
        found = _described(array) if value is not None else "None"
        raise InputError(f"{name}: expected {what}, found {found}")
    return array


def _matrix(name: str, value: Any, what: str) -> np.ndarray:
    array = as_array(name, value, what)
    if array.ndim != 2 or array.dtype.kind == "b":
        raise InputError(f"{name}: expected {what}, found {_described(array)}")
    return array


def floats(name: str, value: Any) -> np.ndarray:
    """[n x d] float32, C-contiguous; not copied if it is that already. What float32 cannot hold becomes infinite, which the library
    refuses with its place."""
    array = _matrix(name, value, "numbers in rows and columns (n x d)")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.require(array, dtype=np.float32, requirements=["C", "A"])


def distances(name: str, value: Any) -> np.ndarray:
    """[n x m], finite: float32 where that holds the values exactly, else float64: the order of near values decides."""
    array = _matrix(name, value, "distances in rows and columns (queries x gallery)")
    exact = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    array = np.require(array, dtype=np.float32 if exact else np.float64, requirements=["C", "A"])
    require_finite(name, array)
    return array


def require_finite(name: str, array: np.ndarray) -> None:
    for begin in range(0, len(array), _ROWS_AT_ONCE):
        finite = np.isfinite(array[begin:begin + _ROWS_AT_ONCE])
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            row += begin
            raise InputError(f"{name}: expected finite numbers, found {array[row, column]} in row {row}, column {column} (from 0)")


def doubles(name: str, value: Any, columns: str, least: int, most: Optional[int] = None) -> np.ndarray:
    """[n x least..most] float64, C-contiguous. `columns` names them. An empty list has no rows."""
    # What a tracker is given in every frame.
    if (type(value) is np.ndarray and value.dtype == np.float64 and value.ndim == 2 and least == value.shape[1] and len(value)
            and value.flags.c_contiguous and value.flags.aligned):
        return value
    what = f"rows of {columns}"
    array = as_array(name, value, what)
    if array.size == 0:
        return np.empty((0, least))
    if array.ndim != 2 or array.shape[1] < least or (most is not None and array.shape[1] > most) or array.dtype.kind == "b":
        raise InputError(f"{name}: expected {what}, found {_described(array)}")
    return np.require(array, dtype=np.float64, requirements=["C", "A"])


def integers(name: str, value: Any, length: int, of: str) -> np.ndarray:
    """[length] int64. `of` says what there is one of for each: "row of query"."""
    what = f"{length} integers, one a {of}"
    array = as_array(name, value, what)
    if array.size == 0 and array.ndim == 1:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu" or len(array) != length:
        raise InputError(f"{name}: expected {what}, found {_described(array)}")
    if array.dtype.kind == "u" and len(array) and int(array.max()) > np.iinfo(np.int64).max:
        raise InputError(f"{name}: expected numbers up to {np.iinfo(np.int64).max}, found {array.max()}")
    return np.require(array, dtype=np.int64, requirements=["C", "A"])


def whole(name: str, value: Any, low: int, high: int = 2**31 - 1) -> int:
    """An int between both ends, included."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        upper = "" if high == 2**31 - 1 else f" to {high}"
        raise InputError(f"{name}: expected a whole number {'from ' if not upper else ''}{low}{upper or ' on'}, found {value!r}")
    return int(value)


def flag(name: str, value: Any) -> bool:
    """True or False, and nothing that is taken for one of them."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name}: expected True or False, found {type(value).__name__}")
    return bool(value)


def number(name: str, value: Any, low: float, high: float) -> float:
    """A finite float between both ends, included."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)) or not low <= value <= high:
        raise InputError(f"{name}: expected a number {low:g} to {high:g}, found {value!r}")
    return float(value)


def yaml_options(options: dict[str, Any]) -> str:
    """Keyword arguments as the lines of an option file."""
    lines = []
    for key, value in options.items():
        if value is None:
            text = "null"
        elif isinstance(value, (bool, np.bool_)):
            text = "true" if value else "false"
        elif isinstance(value, (int, np.integer)):
            text = str(int(value))
        elif isinstance(value, (float, np.floating)):
            text = repr(float(value))
        elif isinstance(value, str) and value.replace("_", "").replace("-", "").isalnum():
            text = value
        else:
            raise InputError(f"{key}: expected a number, True, False, None or a word, found {value!r}")
        lines.append(f"{key}: {text}\n")
    return "".join(lines)
