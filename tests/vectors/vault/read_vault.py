#!/usr/bin/env python3
"""Reads a p2p vault by nothing but p2p-vault(5): an independent check of the format, and an example of a reader.

usage: read_vault.py FILE [NAME]    the password is in $P2P_VAULT_PASSWORD
Without NAME it lists `size name`; with it, prints that entry. Exit codes: 4 wrong password, 5 no such entry, 9 damaged.
"""
import hashlib
import hmac
import io
import os
import struct
import sys
import zipfile
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def fail(code, why):
    print(why, file=sys.stderr)
    sys.exit(code)


def expand(master, purpose):
    """HKDF-Expand (RFC 5869) for 32 bytes, which are its first block."""
    return hmac.new(master, purpose + b"\x01", hashlib.sha256).digest()


def open_vault(data, password):
    if len(data) < 80 or data[:8] != b"P2PVAULT":
        fail(9, "not a vault")
    version, kdf, zero, iterations, salt, nonce, commitment, checksum = struct.unpack(">BBHI16s12s32sI", data[8:80])
    if zlib.crc32(data[:76]) != checksum:
        fail(9, "damaged header")
    if (version, kdf, zero) != (1, 1, 0) or not 100_000 <= iterations <= 10_000_000:
        fail(1, "another version")
    master = hashlib.pbkdf2_hmac("sha256", password, salt, iterations, 32)
    if not hmac.compare_digest(expand(master, b"p2p-vault/1 commitment"), commitment):
        fail(4, "wrong password")
    try:
        return AESGCM(expand(master, b"p2p-vault/1 key")).decrypt(nonce, data[80:], data[:80])
    except InvalidTag:
        fail(9, "damaged content")


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        archive = zipfile.ZipFile(io.BytesIO(open_vault(file.read(), os.environb[b"P2P_VAULT_PASSWORD"])))
    if len(sys.argv) == 2:
        for entry in archive.infolist():
            print(entry.file_size, entry.filename)
    elif sys.argv[2] in archive.namelist():
        sys.stdout.buffer.write(archive.read(sys.argv[2]))
    else:
        fail(5, "no such entry")
