"""Damages of a file's bytes, as disks, editors, other programs and hostile people make them. Each takes a seeded generator."""
import re

NUMBERS = ["nan", "inf", "-inf", "-1", "0", "-0", "1e308", "1e-320", "2147483648", "4294967296", "9223372036854775808",
           "99999999999999999999999", "0x10", "1e5", "010", "1,5", "1e", "", "-", "NaN", "1.", ".5", "1_000", "\u0661", "1" * 400]
VALUES = ["null", "true", "[]", "{}", "\"\"", "~", "[[[[[[[[]]]]]]]]", "*a", "&a 1", "!!binary aGk=", "\"\\u0000\"", "- -", "\t",
          "..", "/", "/dev/null", "/etc/passwd", "../../..", "a" * 5000, "'", "\"", "<script>", "=1+1", "\\", "%s%n", "{", "]"]
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
WORD = re.compile(rb"[\w./-]+")


def _place(random, data):
    # Headers are small and matter most: half of all damage is near the beginning.
    limit = len(data) if random.random() < 0.5 else min(len(data), 512)
    return random.randrange(max(1, limit))


def flip_bits(random, data):
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 4, 32))):
        if data:
            data[_place(random, data)] ^= 1 << random.randrange(8)
    return bytes(data)


def set_bytes(random, data):
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 4, 16))):
        if data:
            data[_place(random, data)] = random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, 10, 13, 32, random.randrange(256)))
    return bytes(data)


def set_number(random, data):
    """A length or an offset, little or big endian."""
    width = random.choice((2, 4, 8))
    value = random.choice((0, 1, 2 ** (8 * width) - 1, 2 ** (8 * width - 1), 2 ** (8 * width - 1) - 1, len(data), len(data) + 1,
                           2 ** 31 - 1 if width > 2 else 9, random.getrandbits(8 * width)))
    at = _place(random, data)
    value %= 2 ** (8 * width)
    return data[:at] + value.to_bytes(width, random.choice(("little", "big"))) + data[at + width:]


def insert(random, data):
    at = _place(random, data)
    what = random.choice((b"\0", b"\0" * 100, b"\n", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[2J", b",", b";", b"\t", b"#",
                          bytes(random.randrange(256) for _ in range(random.randrange(1, 40)))))
    return data[:at] + what + data[at:]


def delete(random, data):
    at = _place(random, data)
    return data[:at] + data[at + random.choice((1, 2, 8, 100, 4096)):]


def truncate(random, data):
    return data[:_place(random, data)]


def repeat(random, data):
    at = _place(random, data)
    piece = data[at:at + random.choice((1, 10, 100, 1000))]
    return data[:at] + piece * random.choice((2, 3, 100)) + data[at:]


def move(random, data):
    a, b, size = _place(random, data), _place(random, data), random.choice((1, 4, 16, 256))
    piece = data[a:a + size]
    return data[:b] + piece + data[b + len(piece):]


def blank(random, data):
    """A block that a power cut left empty."""
    at, size = _place(random, data), random.choice((16, 512, 4096))
    return data[:at] + bytes(min(size, len(data) - at)) + data[at + size:]


def replace_token(random, data, pattern, values):
    found = list(pattern.finditer(data[:200000]))
    if not found:
        return flip_bits(random, data)
    match = random.choice(found)
    return data[:match.start()] + random.choice(values).encode() + data[match.end():]


def replace_number(random, data):
    return replace_token(random, data, NUMBER, NUMBERS)


def replace_word(random, data):
    return replace_token(random, data, WORD, VALUES)


def swap_words(random, data):
    found = list(WORD.finditer(data[:200000]))
    if len(found) < 2:
        return move(random, data)
    a, b = sorted(random.sample(found, 2), key=lambda match: match.start())
    return (data[:a.start()] + b.group() + data[a.end():b.start()] + a.group() + data[b.end():])


def lines(random, data):
    parts = data.split(b"\n")
    a, b = random.randrange(len(parts)), random.randrange(len(parts))
    kind = random.randrange(5)
    if kind == 0:
        parts[a], parts[b] = parts[b], parts[a]
    elif kind == 1:
        parts.insert(a, parts[b])
    elif kind == 2:
        del parts[a]
    elif kind == 3:
        parts[a] = b",".join(reversed(parts[a].split(b",")))
    else:
        parts[a] = b"  " * random.randrange(3) + parts[a].strip()
    return b"\n".join(parts)


def whole(random, data):
    """The file is something else altogether."""
    text = data.decode("utf-8", "replace")
    return random.choice((lambda: b"", lambda: b"\n", lambda: bytes(len(data)), lambda: text.encode("utf-16"),
                          lambda: b"\xef\xbb\xbf" + data, lambda: data.replace(b"\n", b"\r\n"), lambda: data.replace(b"\n", b"\r"),
                          lambda: b"<!DOCTYPE html><html></html>", lambda: b"PK\x03\x04" + data, lambda: b"\x1f\x8b\x08" + data,
                          lambda: b"[" * 100000, lambda: b"{\"a\":" * 100000, lambda: b"\x89HDF\r\n\x1a\n" + data[8:],
                          lambda: data.replace(b",", b";"), lambda: data.replace(b".", b","), lambda: b"x" * 3000000,
                          lambda: b"version https://git-lfs.github.com/spec/v1\n", lambda: data + data))()


BINARY = (flip_bits, flip_bits, set_bytes, set_number, set_number, insert, delete, truncate, repeat, move, blank, whole)
TEXT = (replace_number, replace_number, replace_word, replace_word, swap_words, lines, lines, flip_bits, set_bytes, insert, delete,
        truncate, repeat, blank, whole)


def is_text(data):
    return b"\0" not in data[:4096] and not data.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF"))


def mutate(random, data):
    """One to three damages; returns (bytes, their names)."""
    names = []
    kinds = TEXT if is_text(data) else BINARY
    for _ in range(random.choice((1, 1, 2, 3))):
        damage = random.choice(kinds)
        data = damage(random, data)
        names.append(damage.__name__)
    return data, "+".join(names)
