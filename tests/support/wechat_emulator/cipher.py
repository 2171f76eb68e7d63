"""The callback's signatures and cipher, on OpenSSL's library through ctypes: Python's own has no AES."""
import base64
import ctypes
import ctypes.util
import hashlib
import secrets
import struct

_crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
_crypto.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
_crypto.EVP_aes_256_cbc.restype = ctypes.c_void_p
_crypto.EVP_CIPHER_CTX_free.argtypes = [ctypes.c_void_p]
_crypto.EVP_CIPHER_CTX_set_padding.argtypes = [ctypes.c_void_p, ctypes.c_int]
_crypto.EVP_CipherInit_ex.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p,
                                      ctypes.c_char_p, ctypes.c_int]
_crypto.EVP_CipherUpdate.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int), ctypes.c_char_p,
                                     ctypes.c_int]

PAD_BLOCK = 32


def _aes_256_cbc(key: bytes, data: bytes, encrypt: bool) -> bytes:
    context = _crypto.EVP_CIPHER_CTX_new()
    try:
        output, written = ctypes.create_string_buffer(len(data) + 32), ctypes.c_int(0)
        done = (_crypto.EVP_CipherInit_ex(context, _crypto.EVP_aes_256_cbc(), None, key, key[:16], int(encrypt)) == 1
                and _crypto.EVP_CIPHER_CTX_set_padding(context, 0) == 1
                and _crypto.EVP_CipherUpdate(context, output, ctypes.byref(written), data, len(data)) == 1)
        if not done:
            raise RuntimeError("OpenSSL failed to run AES")
        return output.raw[:written.value]
    finally:
        _crypto.EVP_CIPHER_CTX_free(context)


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


class Cipher:
    def __init__(self, encoding_aes_key: str, appid: str):
        self._key = base64.b64decode(encoding_aes_key + "=")
        self._appid = appid.encode()

    def seal(self, message: str, random16: bytes | None = None) -> str:
        content = message.encode()
        full = (random16 or secrets.token_bytes(16)) + struct.pack(">I", len(content)) + content + self._appid
        pad = PAD_BLOCK - len(full) % PAD_BLOCK
        return base64.b64encode(_aes_256_cbc(self._key, full + bytes([pad]) * pad, encrypt=True)).decode()

    def open(self, encrypted: str) -> str:
        """Raises ValueError where it was not sealed for this account."""
        sealed = base64.b64decode(encrypted, validate=True)
        if not sealed or len(sealed) % 16:
            raise ValueError("not whole blocks")
        plain = _aes_256_cbc(self._key, sealed, encrypt=False)
        pad = plain[-1]
        if not 1 <= pad <= PAD_BLOCK or plain[-pad:] != bytes([pad]) * pad:
            raise ValueError("wrong padding")
        length, = struct.unpack(">I", plain[16:20])
        if plain[20 + length:-pad] != self._appid:
            raise ValueError("for another account")
        return plain[20:20 + length].decode()
