#!/usr/bin/env python3
"""Makes vectors.json: vaults of version 1 with their inputs and every value between, by Python's own libraries.

usage: make_vectors.py > vectors.json    gives the same bytes each time
"""
import hashlib
import hmac
import io
import json
import struct
import sys
import zipfile
import zlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def archive_of(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content, method in entries:
            facts = zipfile.ZipInfo(name, (2024, 2, 29, 12, 30, 58))
            facts.compress_type = method
            facts.external_attr = 0o100600 << 16
            archive.writestr(facts, content)
    return out.getvalue()


def vector(comment, password, seed, iterations, entries):
    salt = hashlib.sha256(b"salt" + seed).digest()[:16]
    nonce = hashlib.sha256(b"nonce" + seed).digest()[:12]
    master = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations, 32)
    key = hmac.new(master, b"p2p-vault/1 key\x01", hashlib.sha256).digest()
    commitment = hmac.new(master, b"p2p-vault/1 commitment\x01", hashlib.sha256).digest()
    header = struct.pack(">8sBBHI16s12s32s", b"P2PVAULT", 1, 1, 0, iterations, salt, nonce, commitment)
    header += struct.pack(">I", zlib.crc32(header))
    archive = archive_of(entries)
    sealed = AESGCM(key).encrypt(nonce, archive, header)
    return {
        "comment": comment, "password": password, "iterations": iterations, "salt": salt.hex(), "nonce": nonce.hex(),
        "master": master.hex(), "key": key.hex(), "commitment": commitment.hex(), "header": header.hex(),
        "entries": {name: content.hex() for name, content, _ in entries}, "modified": "2024-02-29T12:30:58Z",
        "archive": archive.hex(), "ciphertext": sealed[:-16].hex(), "tag": sealed[-16:].hex(),
        "file": (header + sealed).hex(),
    }


STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
json.dump([
    vector("no entries", "correct horse battery staple", b"1", 100_000, []),
    vector("stored entries, one of them empty", "correct horse battery staple", b"2", 600_000, [
        ("certs/node_key.pem", b"-----BEGIN PRIVATE KEY-----\nnot a key\n-----END PRIVATE KEY-----\n", STORED),
        ("data/empty", b"", STORED)]),
    vector("a deflated entry, a name and a password beyond ASCII", "пароль длиннее восьми", b"3", 100_001, [
        ("config/заметка.txt", "мир ".encode() * 100, DEFLATED),
        ("config/all-bytes", bytes(range(256)), STORED)]),
], sys.stdout, indent=2, ensure_ascii=False)
print()
