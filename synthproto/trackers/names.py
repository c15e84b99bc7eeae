"""Tags as file names: safe on every system, readable, and recoverable."""

import re
from hashlib import sha256
from urllib.parse import unquote

_UNSAFE = re.compile(r"[^\w .,()=+@#-]")  # letters of every script stay
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST = 120  # bytes; file systems allow 255, and a suffix follows
_EMPTY = "%"  # a name that quoting never makes


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def digest(text: str) -> str:
    """Eight hexadecimal digits that tell texts apart."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def safe_name(text: str) -> str:
    """One part of a tag as the name of one file or folder.

    What a file system may refuse or misread is percent-encoded, ``..`` and names of devices
    included. Names beyond 120 bytes are cut and end with ``~`` and a digest.

    Args:
        text: Any text.

    Returns:
        A name without separators that is never hidden, empty, or ``..``.
    """
    if not text:
        return _EMPTY
    name = _UNSAFE.sub(lambda match: _quoted(match[0]), text)
    if name[0] in ". " or _DEVICE.match(name):
        name = _quoted(name[0]) + name[1:]
    if name[-1] in ". ":
        name = name[:-1] + _quoted(name[-1])
    if len(name.encode()) <= _LONGEST:
        return name
    return f"{name.encode()[: _LONGEST - 12].decode(errors='ignore')}~{digest(text)}"


def original_name(name: str) -> str:
    """The text that `safe_name` was given, unless it was cut."""
    return "" if name == _EMPTY else unquote(name, errors="surrogatepass")


def safe_path(tag: str) -> str:
    """A tag as a relative path: its parts are folders, and none leads out."""
    return "/".join(safe_name(part) for part in tag.split("/"))
