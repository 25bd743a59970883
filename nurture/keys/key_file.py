"""Secret keys, each in a file of its own outside the database that only its owner can read."""

import os
import secrets
import tempfile
from pathlib import Path

from nurture.errors import InputError
from nurture.storage.fsync import keep_on_disk

KEY_BYTES = 32


def read_key(path: Path) -> bytes:
    """The key in a file.

    Raises:
        FileNotFoundError: there is none.
        InputError: what is in it is no key, or too short for one.
    """
    return _key(path, path.read_text().strip())


def read_keys(path: Path) -> tuple[bytes, ...]:
    """The keys in a file, one a line: the last one is in force, those before it still open what they closed.

    Raises:
        FileNotFoundError: there is no file.
        InputError: a line is no key, or too short for one, or there is none.
    """
    return tuple(_key(path, line) for line in path.read_text().split()) or (_key(path, ""),)


def _key(path: Path, text: str) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError as error:
        raise InputError(f"{path}: this is not a key (64 hex digits expected).") from error
    if len(secret) < KEY_BYTES:
        raise InputError(f"{path}: the key is too short ({len(secret)} bytes, {KEY_BYTES} needed).")
    return secret


def create_key(path: Path) -> bytes:
    """A fresh key in a new file; an existing file is never overwritten.

    Whole and on disk before it has its name: half a key would stop everything that needs it, and what was made with a
    key that a power cut took away would be lost as well.

    Raises:
        FileExistsError: there is a key already.
    """
    secret = secrets.token_bytes(KEY_BYTES)
    write_key(path, secret)
    return secret


def write_key(path: Path, secret: bytes) -> None:
    """A key that is known, in a new file, as ``create_key`` does it.

    Raises:
        FileExistsError: there is a key already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unnamed = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # with mode 0600
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(unnamed, path)
    finally:
        os.unlink(unnamed)
    keep_on_disk(path.parent)


def keys_of(path: Path) -> tuple[bytes, ...]:
    """The keys in a file, one made the first time; of two processes that make one at once, both get the first."""
    try:
        return read_keys(path)
    except FileNotFoundError:
        try:
            return (create_key(path),)
        except FileExistsError:
            return read_keys(path)
