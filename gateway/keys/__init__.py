"""The data key, which all secrets in the library are sealed with, and the three ways in which it is kept.

It is only ever stored wrapped: in the library, sealed with a second key that is not there. A copy of the library alone
opens nothing, and neither does that second key alone. What a way protects against is where the second key is:

* ``keyring``: in the system's own safe (Secret Service or KWallet, macOS Keychain, Windows Credential Manager), which is
  open while the person is logged in. A stolen disk, a copy of the whole data folder or of a backup open nothing. A
  program that runs as the person can ask the safe, as D2F does.
* ``passphrase``: nowhere; it is computed (Argon2id) from what the person types at each start. A copy of everything that
  is on the disk can only be guessed at, and each guess costs 64 MiB of memory and three passes over it: it is as good as
  the passphrase is. Nothing starts by itself.
* ``file``: in ``d2f.key`` beside the library, for its owner's eyes only (0600; on Windows it has the rights of the
  person's own profile folder, which other users cannot read). It protects when the library is copied without it, or
  shared, or sent to somebody for help; whoever copies the whole folder has both.

A library may be encrypted as a whole (``cipher``), as the second layer. Its key, the database key, is wrapped in the same
way and lies in ``d2f.db.key``.

``wrap`` is the arithmetic, ``keyfile``, ``ring`` and ``passphrase`` are the three places, ``second`` keeps second keys
there, ``keeper`` opens and changes the data key, ``door`` both layers.
"""

from typing import Literal

from gateway.errors import Words

Method = Literal["keyring", "passphrase", "file"]

KEPT: dict[Method, Words] = {
    "keyring": Words("数据密钥由系统的钥匙串保管", "The data key is kept by the system's keyring"),
    "passphrase": Words(
        "数据密钥由你的口令保护，每次启动都要输入",
        "The data key is protected by your passphrase, which is asked for at each start",
    ),
    "file": Words(
        "注意：数据密钥由数据文件夹里的 d2f.key 保护，谁复制了整个文件夹，谁就能解开保存的 Cookie 和密钥。更好的办法："
        "运行 `d2f keys method keyring` 或 `d2f keys method passphrase`",
        "Mind: the data key is protected by d2f.key in the data folder. Whoever copies the whole folder can open the "
        "stored cookie and secrets. Better: `d2f keys method keyring` or `d2f keys method passphrase`",
    ),
}
"""How the data key is kept, for the person."""

ENCRYPTED = Words(
    "整个库（标记、短评、保存的页面）已加密", "The whole library is encrypted: marks, comments, kept pages"
)
NOT_ENCRYPTED = Words(
    "标记和页面没有加密，只有密钥和 Cookie 加密（整库加密：`d2f encrypt`）",
    "Marks and pages are not encrypted, secrets and cookies are (to encrypt all of it: `d2f encrypt`)",
)
