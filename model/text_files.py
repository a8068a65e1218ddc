"""Files of data as people have them: gzipped or not, in UTF-8 or Latin-1, with any separator and any line ends.

What is unpacked is limited by what was packed, so that a small file cannot fill the memory.
"""

import csv
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from model.errors import ScenarioError

GZIP = b"\x1f\x8b"
MEGABYTE = 2**20
UNPACKED_LEAST, UNPACKED_RATIO = 4 * MEGABYTE, 50  # lists of numbers are packed to a third or a tenth
SEPARATORS = (";", "\t", ",")
LONGEST = 1_000_000  # characters of a line


def read_bytes(path: Path) -> bytes:
    """Return the contents of a file, unpacked if it is gzipped.

    Raises
    ------
    ScenarioError
        If there is no such file, it cannot be read or unpacked, or unpacks to far more than such data do.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path}: must be a file that can be read ({error})") from None
    if not data.startswith(GZIP):
        return data
    most = max(UNPACKED_LEAST, UNPACKED_RATIO * len(data))
    unpacked, packed = bytearray(), data
    try:
        while packed.startswith(GZIP):  # a gzip file may have several members
            member = zlib.decompressobj(wbits=31)
            unpacked += member.decompress(packed, most + 1 - len(unpacked))
            if len(unpacked) > most:
                raise ScenarioError(
                    f"{path}: unpacks to more than {most // MEGABYTE} MB; unpack it, and name what is in it"
                )
            if not member.eof:
                raise ScenarioError(f"{path}: is cut off; must be a whole gzip file")
            packed = member.unused_data
    except zlib.error as error:
        raise ScenarioError(f"{path}: must be a whole gzip file ({error})") from None
    return bytes(unpacked)


def decode(path: Path, data: bytes) -> str:
    """Return text that is in UTF-8, with or without a byte-order mark, or else in Latin-1."""
    if b"\0" in data:
        raise ScenarioError(f"{path}: must be text in UTF-8 or Latin-1; it has zero bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def numbered_lines(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, with their numbers from 1; lines that begin with `#` or `%` are comments."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if len(line) > LONGEST:
            raise ScenarioError(f"{path} line {number}: has {len(line):,} characters; must have at most {LONGEST:,}")
        if line.strip() and not line.lstrip().startswith(("#", "%")):
            yield number, line.rstrip("\n")


def separator_of(lines: list[str]) -> str | None:
    """Return what separates the cells of these lines, None for blanks.

    >>> separator_of(["a;b", "1;2,5"]), separator_of(["0 1", "1 2"])
    (';', None)
    """
    for separator in SEPARATORS:
        if lines and separator in lines[0] and all(separator in line or not re.search(r"\S\s", line) for line in lines):
            return separator
    return None


def cells_of(line: str, separator: str | None) -> list[str]:
    """Split a line into its cells, which may be quoted.

    >>> cells_of('1,"Smith, J", 2 ', ","), cells_of("3 ,4  5", None)
    (['1', 'Smith, J', '2'], ['3', '4', '5'])
    """
    if separator is None:
        return re.split(r"[\s,;]+", line.strip(" \t,;"))
    if '"' in line:
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True))]
        except (csv.Error, StopIteration):
            raise ValueError(f"{line!r:.60} must be cells that can be told apart") from None
    return [cell.strip() for cell in line.split(separator)]


def plain(heading: str) -> str:
    """Return a column's heading as it is compared: letters and digits alone.

    >>> plain("Duration (min)"), plain("sign-up_date")
    ('durationmin', 'signupdate')
    """
    return re.sub(r"[\W_]+", "", heading.lower())
