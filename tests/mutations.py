"""Files gone wrong, from a seed: cut off, with columns swapped, in another encoding, with huge cells, as bombs."""

import gzip
import random


def mutated(data, rng: random.Random):
    """Return the data with one or a few things wrong with it."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        data = rng.choice(MUTATIONS)(data, rng)
    return data


def cut_off(data, rng):
    return data[: rng.randrange(len(data) + 1)]


def columns_swapped(data, rng):
    separator = rng.choice((b",", b";", b"\t", b" "))
    lines = data.split(b"\n")
    for k in range(len(lines)):
        if rng.random() < 0.5:
            cells = lines[k].split(separator)
            rng.shuffle(cells)
            lines[k] = separator.join(cells)
    return b"\n".join(lines)


def other_encoding(data, rng):
    text = data.decode("utf-8", errors="replace")
    return text.encode(rng.choice(("utf-16", "utf-32", "utf-8-sig", "cp500", "latin-1")), errors="replace")


def huge_cell(data, rng):
    place = rng.randrange(len(data) + 1)
    filler = rng.choice((b"9", b"a", b"\xff", b"(", b'"', b"[", b"{", b"<a>", b"0 ", b"1,"))
    return data[:place] + filler * rng.choice((300, 5_000, 200_000)) + data[place:]


def bytes_changed(data, rng):
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 30)) if data else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def digits_changed(data, rng):
    """Numbers get longer: sizes that a header claims, ids and dates."""
    places = [k for k, byte in enumerate(data) if chr(byte).isdigit()]
    if not places:
        return data
    place = rng.choice(places)
    return data[:place] + b"9" * rng.choice((1, 5, 8, 12, 20)) + data[place:]


def lines_mixed(data, rng):
    lines = data.split(b"\n")
    for _ in range(rng.randrange(1, 5)):
        lines.insert(
            rng.randrange(len(lines) + 1), rng.choice((*lines, b"", b"\x00", b"# x", b"*edges", b"graph [", b";;;"))
        )
    return b"\n".join(lines)


def line_ends(data, rng):
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"")))


def packed(data, rng):
    pack = gzip.compress(data)
    return rng.choice((pack, pack[: rng.randrange(len(pack))], pack + b"rest", pack + pack, gzip.compress(pack)))


def bomb(data, rng):
    """A hundred megabytes of the file over and over, or of zeros, packed."""
    unit = rng.choice((data, data[-30:], b"0", b"0 1\n", b"\0")) or b"0"
    return gzip.compress(unit * (100_000_000 // len(unit)), 1) if rng.random() < 0.1 else gzip.compress(unit * 1000)


MUTATIONS = (
    cut_off,
    columns_swapped,
    other_encoding,
    huge_cell,
    bytes_changed,
    digits_changed,
    lines_mixed,
    line_ends,
    packed,
    bomb,
)
