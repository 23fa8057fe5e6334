#!/usr/bin/env python3
"""Looks for secrets of a node in a core of it: PEM private keys, the raw scalar of its key, the vault's password and master.

usage: secrets_in_core.py CORE PASSWORD VAULT  (the key in PEM on standard input)
Prints what it finds and exits 1; says that the core is one by a text that must be there.
"""
import hashlib
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key

core_file, password, vault_file = sys.argv[1:4]
core = open(core_file, "rb").read()
pem = sys.stdin.buffer.read()
header = open(vault_file, "rb").read(80)
iterations = int.from_bytes(header[12:16], "big")
scalar = load_pem_private_key(pem, None).private_numbers().private_value.to_bytes(32, "big")
master = hashlib.pbkdf2_hmac("sha256", password.encode(), header[16:32], iterations, 32)

body = b"".join(pem.strip().splitlines()[1:-1])
secrets = {
    "the key in PEM": b"BEGIN PRIVATE KEY-----\n" + body[:16],
    "the key's base64": body[20:52],
    "the key's scalar": scalar,
    "the key's scalar in words of the machine": scalar[::-1],
    "the vault's password": password.encode(),
    "the vault's master key": master,
}
assert b"BEGIN CERTIFICATE" in core, "this is no core of a node"
found = [name for name, secret in secrets.items() if secret in core]
for name in found:
    print(f"{core_file}: {name}, {core.count(secrets[name])} times")
sys.exit(1 if found else 0)
