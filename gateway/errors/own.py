"""What goes wrong on this side: starting, an extension's message, the owner's request."""

from gateway.errors.base import D2FError, Words


class StartError(D2FError):
    """The gateway cannot start; the command line says why and ends."""


class BadSetting(StartError):
    code = "bad_setting"
    title = "A setting cannot be understood"
    hint = Words("设置 {setting} 无法理解：{why}。", "The setting {setting} cannot be understood: {why}.")


class PortTaken(StartError):
    code = "port_taken"
    title = "The port is taken"
    hint = Words(
        "端口 {port} 已被别的程序占用。也许 D2F 已在运行；否则请关掉那个程序，或设置 D2F_PORT。",
        "Port {port} is taken. Perhaps D2F is running already; else close that program, or set D2F_PORT.",
    )


class AlreadyRunning(StartError):
    code = "already_running"
    title = "Another gateway uses this data folder"
    hint = Words(
        "数据文件夹 {folder} 正被另一个 D2F 使用，两个不能同时用。请运行 `d2f open` 打开它的控制台；要另开一个，请先关掉它，"
        "或用 D2F_DATA 指定别的文件夹。",
        "Another D2F is using the data folder {folder}; two at once cannot. Run `d2f open` for its dashboard; to start "
        "this one, end that one first, or name another folder with D2F_DATA.",
    )


class NeedsName(StartError):
    code = "needs_name"
    title = "Beyond this machine, a host name is needed"
    hint = Words(
        "要让别的机器访问（{address}），必须指定它们使用的主机名：--name d2f.example.org（或 D2F_NAME）。网关只认这个名字。没有启动。",
        "To be reached by other machines ({address}) it needs the host name that they use: --name d2f.example.org (or D2F_NAME). "
        "It answers to no other. It was not started.",
    )


class NeedsTls(StartError):
    code = "needs_tls"
    title = "Beyond this machine, TLS is needed"
    hint = Words(
        "在 {address} 上没有加密就不监听。请用 --certificate 和 --key 给出证书和私钥（PEM），或用 --behind-proxy 写明前面那个带 TLS 的代理的地址。"
        "只在本机用的话，去掉 --host。没有启动。",
        "Without TLS it does not listen on {address}. Give a certificate and its key (PEM) with --certificate and --key, or name the "
        "address of the proxy in front that has TLS with --behind-proxy. For this machine alone, leave --host out. It was not "
        "started.",
    )


class NeedsLoginPassphrase(StartError):
    code = "needs_login_passphrase"
    status = 403
    title = "Beyond this machine, the dashboard needs a passphrase"
    hint = Words(
        "要让别的机器访问，控制台必须有口令。请先在终端运行 `d2f passphrase set`。",
        "To be reached by other machines the dashboard must have a passphrase. Run `d2f passphrase set` in a terminal first.",
    )


class BadCertificate(StartError):
    code = "bad_certificate"
    title = "The certificate cannot be used"
    hint = Words(
        "证书 {file} 或它的私钥用不了：{why}。两个都要是 PEM，私钥不能有密码，并且要配对。没有启动。",
        "The certificate {file} or its key cannot be used: {why}. Both have to be PEM, the key without a password, and they must "
        "belong together. It was not started.",
    )


class OnDashboardOnly(StartError):
    code = "on_dashboard_only"
    title = "Not from the command line"
    hint = Words(
        "网关让别的机器访问时，请在控制台上做：{dashboard}。",
        "While the gateway is open to other machines, do it on the dashboard: {dashboard}.",
    )


class NotRunning(StartError):
    code = "not_running"
    title = "No gateway is running"
    hint = Words(
        "端口 {port} 上没有网关在运行。请先运行 d2f，它会自己打开控制台。",
        "No gateway is running on port {port}. Run d2f: it opens the dashboard by itself.",
    )


class DataFolderUnusable(StartError):
    code = "data_folder"
    title = "The data folder cannot be used"
    hint = Words("无法使用数据文件夹 {folder}：{why}。", "The data folder {folder} cannot be used: {why}.")
    bare = Words(
        "无法使用数据文件夹，原因在网关的日志里。请检查磁盘空间和权限。",
        "The data folder cannot be used; the gateway's log says why. Check disk space and permissions.",
    )


class LibraryDamaged(StartError):
    code = "library_damaged"
    title = "The library file is damaged"
    hint = Words(
        "库文件 {file} 已损坏（{why}），D2F 没有动它。请用备份换回它；没有备份的话，把它（连同 -wal 和 -shm 文件）移到别处再启动，"
        "然后重新配对、连接飞书、打开豆瓣列表：飞书里已有的行会被认出来，不会重复。",
        "The library file {file} is damaged ({why}); D2F has not touched it. Put a backup in its place. Without one, "
        "move it away (with its -wal and -shm files) and start again; then pair, connect Feishu and open your lists "
        "on Douban: the rows that are in Feishu will be recognised, not doubled.",
    )


class LibraryKeyLost(StartError):
    code = "library_key_lost"
    title = "The key of the encrypted library is missing or does not fit"
    hint = Words(
        "库文件 {file} 是加密的，而 {key} 丢失或不匹配，所以打不开。请放回和它一起的那个 {key}（备份时两个文件要一起）。"
        "如果你没有运行过 `d2f encrypt`，那就是库文件损坏了：请用备份换回它。D2F 没有动它。",
        "The library {file} is encrypted, and {key} is missing or does not fit, so it does not open. Put the {key} back that "
        "belongs to it (a backup needs both files). If you never ran `d2f encrypt`, the library is damaged: put a backup in "
        "its place. D2F has not touched it.",
    )


class CipherMissing(StartError):
    code = "cipher_missing"
    title = "What encrypts whole libraries is not installed"
    hint = Words(
        "整库加密需要 SQLCipher，这里没有装。请在 D2F 的文件夹里运行：.tools/bin/uv run --no-dev --extra encryption d2f"
        "（Windows：.tools\\bin\\uv），后面可以接任何命令；装一次就够了。",
        "An encrypted library needs SQLCipher, which is not installed. In D2F's folder run: .tools/bin/uv run --no-dev "
        "--extra encryption d2f (on Windows .tools\\bin\\uv), with any verb after it; once is enough.",
    )


class NoRoom(StartError):
    code = "no_room"
    title = "There is not enough room on the disk"
    hint = Words(
        "{folder} 所在的磁盘还剩 {free} MB，转换库文件暂时需要 {needed} MB。请先腾出空间。什么都没有改变。",
        "The disk of {folder} has {free} MB left, and converting the library takes {needed} MB for a while. Make room first. "
        "Nothing was changed.",
    )


class KeyLost(StartError):
    code = "key_lost"
    title = "The key file is missing or does not fit"
    hint = Words(
        "{file} 丢失或不匹配，已保存的密钥和 Cookie 无法解开。请恢复这个文件；如果找不回来，删除数据文件夹中的 "
        "d2f.db 后重新开始（豆瓣上的标记和飞书里的记录都不受影响）。",
        "{file} is missing or does not fit, so the stored secrets cannot be opened. Put the file back; if it is "
        "gone, delete d2f.db in the data folder and start afresh (your marks on Douban and your rows in Feishu "
        "are not touched).",
    )


class KeyNotInKeyring(StartError):
    code = "key_not_in_keyring"
    title = "The keyring has no key for this library"
    hint = Words(
        "系统的钥匙串（{ring}）里没有这个库的密钥，已保存的密钥和 Cookie 无法解开。换了电脑或用户的话，请先在原来那里运行 "
        "`d2f keys method passphrase`，再把库复制过来；找不回来的话，删除数据文件夹中的 d2f.db 后重新开始（豆瓣和飞书都不受影响）。",
        "The keyring of this system ({ring}) has no key for this library, so the stored secrets cannot be opened. On "
        "another machine or as another user: run `d2f keys method passphrase` where it was, then copy the library. If the "
        "key is gone, delete d2f.db in the data folder and start afresh (nothing on Douban or in Feishu is touched).",
    )


class KeyringGone(StartError):
    code = "keyring_gone"
    title = "There is no keyring that works"
    hint = Words(
        "这里没有可用的系统钥匙串（{why}）。没有桌面的机器通常没有；有的话，请确认它在运行，再试一次。",
        "There is no system keyring that works here ({why}). Machines without a desktop have none; where there should be "
        "one, see that it runs, then try again.",
    )


class KeyringLocked(StartError):
    code = "keyring_locked"
    title = "The keyring is locked"
    hint = Words(
        "系统的钥匙串是锁着的，没有解锁。请先解锁它（登录桌面时通常会自动解锁），再启动。",
        "The system's keyring is locked and was not unlocked. Unlock it (logging in to the desktop usually does), then "
        "start again.",
    )


class KeyringSilent(StartError):
    code = "keyring_silent"
    title = "The keyring does not answer"
    hint = Words(
        "系统的钥匙串在 {seconds} 秒内没有应答。也许它在等你输入密码；请看看有没有弹出的窗口，再试一次。",
        "The system's keyring has not answered for {seconds} seconds. Perhaps it waits for a password: look for a window, "
        "then try again.",
    )


class PassphraseNeeded(StartError):
    code = "passphrase_needed"
    title = "The passphrase is needed"
    hint = Words(
        "这个库由口令保护，这里又没有终端可以输入。请在终端里启动，或用环境变量 D2F_PASSPHRASE（或 D2F_PASSPHRASE_FD）给出口令。",
        "This library is protected by a passphrase, and there is no terminal to ask on. Start it in one, or give the "
        "passphrase in D2F_PASSPHRASE (or by D2F_PASSPHRASE_FD).",
    )


class PassphraseWrong(StartError):
    code = "passphrase_wrong"
    title = "The passphrase is wrong"
    hint = Words("口令不对。什么都没有改变。", "The passphrase is wrong. Nothing was changed.")


class PassphraseTooShort(StartError):
    code = "passphrase_too_short"
    status = 400
    title = "The passphrase is too short"
    hint = Words(
        "口令至少要 {least} 个字符。什么都没有改变。",
        "A passphrase has {least} characters at least. Nothing was changed.",
    )


class KeysInUse(StartError):
    code = "keys_in_use"
    title = "A gateway uses the keys"
    hint = Words(
        "数据文件夹 {folder} 的网关正在运行。请先结束它，再换密钥。什么都没有改变。",
        "A gateway runs on the data folder {folder}. End it first, then change the keys. Nothing was changed.",
    )


class KeyNotKept(StartError):
    code = "key_not_kept"
    title = "A new key was not kept"
    hint = Words(
        "新的密钥存进去以后读不回来，所以没有换用它（{method}）。原来的还在用。",
        "A new key did not come back as it was stored, so it is not used ({method}). The one of before still is.",
    )


class WipeInUse(StartError):
    code = "wipe_in_use"
    title = "A gateway uses the data folder"
    hint = Words(
        "数据文件夹 {folder} 的网关正在运行。请先结束它再清除，或在它的控制台上清除。什么都没有改变。",
        "A gateway runs on the data folder {folder}. End it first, then wipe; or wipe on its dashboard. Nothing was changed.",
    )


class WipeUnfinished(StartError):
    code = "wipe_unfinished"
    title = "A wipe has not come to its end"
    hint = Words(
        "数据文件夹 {folder} 的清除还没有做完，剩下的打不开了。请运行 `d2f wipe` 把它做完，或直接启动 d2f：它会先做完再重新开始。",
        "The wipe of the data folder {folder} has not come to its end, and what is left of it opens no more. Run `d2f wipe` to "
        "finish it; or start d2f, which finishes it first and then begins afresh.",
    )


class WipeNotBegun(D2FError):
    """On the dashboard; why is told on the terminal."""

    code = "wipe_not_begun"
    title = "Nothing was wiped"
    hint = Words(
        "没有清除，什么都没有改变：数据文件夹写不进去，原因在 d2f 的终端里。请检查磁盘空间和权限，再试一次。",
        "Nothing was wiped, and nothing has changed: the data folder cannot be written to; the terminal of d2f says why. Check "
        "disk space and permissions, then try again.",
    )


class WipeHalfDone(D2FError):
    """On the dashboard; what is left, and why, is told on the terminal."""

    code = "wipe_half_done"
    title = "The wipe is not done"
    hint = Words(
        "清除没有做完：这台电脑上还留着 D2F 的文件，d2f 的终端里写着是哪些、为什么。请在控制台上再按一次；或结束 d2f，再运行 `d2f wipe`。",
        "The wipe is not done: files of D2F's are still on this computer; the terminal of d2f says which, and why. Press the button "
        "on the dashboard once more; or end d2f, then run `d2f wipe`.",
    )


class KeysChanged(D2FError):
    code = "keys_changed"
    title = "The keys were changed meanwhile"
    hint = Words(
        "密钥刚刚被另一个 d2f 换过。请再试一次。",
        "Another d2f has just changed the keys. Please try again.",
    )


class SecretUnreadable(D2FError):
    code = "secret_unreadable"
    title = "A stored secret does not open"
    hint = Words(
        "保存的“{name}”解不开：库文件被别的程序改过，或密钥刚换过。请重启 D2F；还是这样的话，请重新输入它（或重新配对、重新登录）。",
        "The stored “{name}” does not open: another program changed the library, or the keys were just changed. Start D2F "
        "again; if it stays so, enter it anew (or pair, or log in again).",
    )
    bare = Words(
        "保存的一项密钥解不开，是哪一项写在网关的日志里。请重启 D2F；还是这样的话，请重新输入它（或重新配对、重新登录）。",
        "A stored secret does not open; the gateway's log says which. Start D2F again; if it stays so, enter it anew (or pair, or "
        "log in again).",
    )


class PictureRefused(D2FError):
    """Told with the cover, and the cover is tried again another day."""

    code = "picture_refused"
    status = 502
    title = "Douban did not give the cover"
    hint = Words(
        "豆瓣没有给出封面（{why}），改天再试。",
        "Douban did not give the cover ({why}); tried again another day.",
    )


class LibraryFault(D2FError):
    code = "library_fault"
    title = "The library cannot be read or written"
    hint = Words(
        "本机的数据文件无法读写，原因在网关的日志里。请检查磁盘空间和权限，再重启 D2F。",
        "The library cannot be read or written; the gateway's log says why. Check disk space and permissions, then restart D2F.",
    )


class TooManyTries(D2FError):
    """Its answer says in ``Retry-After``, too, when to try again."""

    code = "too_many_tries"
    status = 429
    title = "Too many tries"
    hint = Words("试得太频繁了，请 {seconds} 秒后再试。", "Too many tries. Please try again in {seconds} s.")


class Interrupted(D2FError):
    code = "interrupted"
    title = "The gateway was ended in the middle of this run"
    hint = Words(
        "网关在途中停了；剩下的已在之后的同步里接着做。",
        "The gateway was ended on the way; later runs went on from there.",
    )


class DeviceError(D2FError):
    """A message of an extension that is not accepted."""

    status = 400


class Wiped(DeviceError):
    code = "wiped"
    status = 401
    title = "All is wiped here"
    hint = Words(
        "这台电脑上的 D2F 已全部清除，不再认识这个浏览器。",
        "D2F was wiped on this computer, and knows this browser no more.",
    )


class UnknownDevice(DeviceError):
    code = "unknown_device"
    status = 401
    title = "This browser is not paired"
    hint = Words(
        "网关不认识这个浏览器（未配对，或配对已撤销）。请在扩展的设置页重新配对。",
        "The gateway does not know this browser (never paired, or revoked). Pair it again in the extension's options.",
    )


class BadMessage(DeviceError):
    code = "bad_message"
    title = "The message cannot be opened"
    hint = Words(
        "收到的消息无法解读。请更新或重新配对扩展。",
        "The message cannot be opened. Update the extension or pair it again.",
    )


class WrongOrigin(DeviceError):
    code = "wrong_origin"
    status = 403
    title = "This origin may not do that"
    hint = Words("请求来自未获许可的来源。", "The request comes from a place that is not allowed.")


class OldMessage(DeviceError):
    code = "old_message"
    status = 409
    title = "An older message than one already received"
    hint = Words(
        "这条消息比已收到的更旧，已忽略。", "This message is older than one already received; ignored."
    )


class PairingClosed(DeviceError):
    code = "pairing_closed"
    status = 403
    title = "No pairing is open"
    hint = Words(
        "配对码已用过、已过期，或输错太多次。请在控制台生成新的配对码。",
        "The pairing code was used, has expired, or failed too often. Make a new one on the dashboard.",
    )


class MessageTooLarge(DeviceError):
    code = "too_large"
    status = 413
    title = "The message is too large"
    hint = Words(
        "页面太大（上限 {limit}），没有收下。",
        "The page is too large (the limit is {limit}) and was not taken.",
    )


class OwnerError(D2FError):
    """The dashboard, or its API."""

    status = 400


class NotLoggedIn(OwnerError):
    code = "not_logged_in"
    status = 401
    title = "Not logged in"
    hint = Words(
        "请在终端运行 `d2f open` 打开控制台。", "Run `d2f open` in a terminal to open the dashboard."
    )


class SessionReused(OwnerError):
    code = "session_reused"
    status = 401
    title = "The session was ended for safety"
    hint = Words(
        "这次登录的 Cookie 被用了两次，可能有人复制了它，所以已经结束这次登录。请在终端运行 `d2f open` 重新登录，再看看控制台的安全记录。",
        "A cookie of this session came twice, so somebody may have a copy; the session was ended. Run `d2f open` in a terminal "
        "to log in again, and look at the safety record on the dashboard.",
    )


class WrongPassphrase(OwnerError):
    code = "wrong_passphrase"
    status = 403
    title = "The passphrase is wrong"
    hint = Words(
        "口令不对。忘了的话，在这台机器的终端里运行 `d2f passphrase remove` 就能去掉它。",
        "That is not the passphrase. If you forgot it: `d2f passphrase remove`, in a terminal of this machine, takes it away.",
    )


class StalePage(OwnerError):
    code = "stale_page"
    status = 403
    title = "The page is out of date"
    hint = Words("这个页面太旧了，请刷新后再试。", "This page is out of date. Reload it, then try again.")


class WrongHost(OwnerError):
    code = "wrong_host"
    status = 421
    title = "This server does not answer under that name"
    hint = Words("请通过 {host} 访问。", "Use {host} instead.")


class NotByProxy(OwnerError):
    code = "not_by_proxy"
    status = 403
    title = "Only the proxy may ask here"
    hint = Words(
        "请通过代理（{proxy}）访问，不要直接连这个端口。", "Use the proxy ({proxy}), not this port itself."
    )


class NotByTls(OwnerError):
    code = "not_by_tls"
    status = 403
    title = "Only over https"
    hint = Words(
        "请用 https 访问。用了代理的话，它要以 X-Forwarded-Proto 说明来的是 https。",
        "Use https. If there is a proxy, it has to say in X-Forwarded-Proto that https is what it was asked by.",
    )


class LoginLinkUsed(OwnerError):
    code = "login_link_used"
    status = 403
    title = "The link was used or has expired"
    hint = Words(
        "这个登录链接已用过或已过期。请在终端运行 `d2f open` 获取新的链接。",
        "This log-in link was used or has expired. Run `d2f open` in a terminal for a new one.",
    )


class BadInput(OwnerError):
    code = "bad_input"
    title = "The input is not valid"
    hint = Words("“{field}” 的内容不对，请检查。", "Please check “{field}”.")


class NoSuchThing(OwnerError):
    code = "not_found"
    status = 404
    title = "Not found"
    hint = Words("没有找到。", "Not found.")


class NoSuchFailure(OwnerError):
    code = "no_such_failure"
    status = 404
    title = "Feishu did not refuse this row"
    hint = Words(
        "它不在飞书没有收下的行里：也许这会儿已经写进去了。",
        "It is not among the rows that Feishu did not take; it may have been written by now.",
    )


class ChangedMeanwhile(OwnerError):
    code = "changed_meanwhile"
    status = 412
    title = "It was changed elsewhere meanwhile"
    hint = Words(
        "这里刚在别处改过（比如另一个标签页），所以没有保存。你填的都还在；再保存一次，就以你填的为准。",
        "This was changed elsewhere meanwhile (in another tab, perhaps), so nothing was saved. What you entered is still "
        "here; save once more to have it your way.",
    )


class WalkUnderWay(OwnerError):
    code = "walk_under_way"
    status = 409
    title = "A walk is under way"
    hint = Words(
        "上一次还没有结束。请等它完成，或先取消它。",
        "One is under way. Wait until it is done, or cancel it first.",
    )


class NoDoubanLogin(OwnerError):
    code = "no_douban_login"
    status = 409
    title = "No Douban log-in is stored"
    hint = Words(
        "还没有可用的豆瓣登录。请在装了扩展的浏览器里登录豆瓣，扩展会把登录加密交给网关。",
        "There is no Douban log-in yet. Log in to Douban in the browser with the extension, which hands it over sealed.",
    )


class OtherDoubanLogin(OwnerError):
    code = "other_douban_login"
    status = 409
    title = "The Douban log-in is another account's"
    hint = Words(
        "保存的登录是另一个豆瓣账号的，和这个库的账号不同。请在浏览器里用原来的账号登录豆瓣。",
        "The stored log-in is of another Douban account than the one of this library. Log in to Douban with that one.",
    )
