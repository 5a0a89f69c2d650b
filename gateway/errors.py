"""Every error that a caller or a person can meet.

    D2FError
    ├── StartError               the gateway cannot start
    │   ├── BadSetting
    │   ├── PortTaken
    │   ├── NotRunning           there is no gateway to open
    │   ├── DataFolderUnusable
    │   └── KeyLost
    ├── LibraryFault        500  the disk or the library file fails
    ├── DeviceError              an extension's message
    │   ├── UnknownDevice   401
    │   ├── BadMessage      400
    │   ├── WrongOrigin     403
    │   ├── OldMessage      409
    │   ├── PairingClosed   403
    │   └── MessageTooLarge 413
    ├── OwnerError               the dashboard
    │   ├── NotLoggedIn     401
    │   ├── WrongHost       421
    │   ├── LoginLinkUsed   403
    │   ├── BadInput        400
    │   └── NoSuchThing     404
    └── FeishuError              Feishu, or the way to it
        ├── FeishuUnset     409
        ├── BadAddress      400
        ├── FeishuUnreachable 502
        ├── FeishuBusy      503  (asks to wait; tried again by itself)
        ├── FeishuConflict  503  (somebody else writes; tried again by itself)
        ├── FeishuFault     502  (an error of Feishu's own; tried again by itself)
        ├── BadSecret       401
        ├── TokenRefused    401
        ├── NoScope         403
        ├── NoAccess        403
        ├── ReadOnly        403
        ├── NotFound        404
        ├── NotATable       400
        ├── NoSuchRecord    404  (the person deleted the row)
        ├── QuotaUsedUp     403
        ├── TableFull       403
        ├── WrongColumnType 409
        ├── StaleColumns    409  (a column or the table changed since we looked; looked up again)
        ├── TokenSpent      409  (a create was sent before, and may or may not have gone through: look, then decide)
        ├── BatchTooLarge   413  (halved by itself)
        ├── BadRow          422  (one row's value; the others go through)
        └── FeishuRefused   502  (any other code)

Each has a ``code`` that callers may rely on, an HTTP ``status``, an English ``title`` and a ``hint``:
what to do, for the person, in Chinese and English. Hints may name facts in ``{braces}``.
"""

from typing import ClassVar

from msgspec import MsgspecError, Struct

__all__ = [
    "UNDECODABLE",
    "BadAddress",
    "BadInput",
    "BadMessage",
    "BadRow",
    "BadSecret",
    "BadSetting",
    "BatchTooLarge",
    "D2FError",
    "DataFolderUnusable",
    "DeviceError",
    "FeishuBusy",
    "FeishuConflict",
    "FeishuError",
    "FeishuFault",
    "FeishuRefused",
    "FeishuUnreachable",
    "FeishuUnset",
    "Issue",
    "KeyLost",
    "LibraryFault",
    "LoginLinkUsed",
    "MessageTooLarge",
    "NoAccess",
    "NoScope",
    "NoSuchRecord",
    "NoSuchThing",
    "NotATable",
    "NotFound",
    "NotLoggedIn",
    "NotRunning",
    "OldMessage",
    "OwnerError",
    "PairingClosed",
    "PortTaken",
    "QuotaUsedUp",
    "ReadOnly",
    "StaleColumns",
    "StartError",
    "TableFull",
    "TokenRefused",
    "TokenSpent",
    "UnknownDevice",
    "Words",
    "WrongColumnType",
    "WrongHost",
    "WrongOrigin",
]


UNDECODABLE = (MsgspecError, UnicodeDecodeError, RecursionError)
"""What ``msgspec.json.decode`` raises: for what is no JSON, or another, for bytes that are no UTF-8, for depth."""


class Words(Struct, frozen=True):
    """One sentence for the person, in both languages."""

    zh: str
    en: str


class Issue(Struct, frozen=True):
    """An error as it is stored and shown: its code and its words."""

    code: str
    zh: str
    en: str


class D2FError(Exception):
    """The root. ``facts`` fill the braces of the hint; they must be fit for anyone's eyes."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    hint: ClassVar[Words] = Words("出错了，请稍后再试。", "Something went wrong. Please try again later.")

    def __init__(self, **facts: str) -> None:
        super().__init__(self.title)
        self.facts = facts

    @property
    def words(self) -> Words:
        """The hint with its facts filled in."""
        return Words(self.hint.zh.format(**self.facts), self.hint.en.format(**self.facts))

    @property
    def issue(self) -> Issue:
        words = self.words
        return Issue(self.code, words.zh, words.en)

    def __str__(self) -> str:
        return f"{self.code}: {self.words.en}"


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


class LibraryFault(D2FError):
    code = "library_fault"
    title = "The library cannot be read or written"
    hint = Words(
        "本机的数据文件无法读写（{why}）。请检查磁盘空间和权限，再重启 D2F。",
        "The library cannot be read or written ({why}). Check disk space and permissions, then restart D2F.",
    )


class DeviceError(D2FError):
    """A message of an extension that is not accepted."""

    status = 400


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


class WrongHost(OwnerError):
    code = "wrong_host"
    status = 421
    title = "This server does not answer under that name"
    hint = Words("请通过 {host} 访问。", "Use {host} instead.")


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


class FeishuError(D2FError):
    """Feishu said no, or could not be reached. ``log_id`` is Feishu's own id of the call, if it gave one."""

    status = 502

    def __init__(self, *, feishu_code: int = 0, log_id: str = "", **facts: str) -> None:
        super().__init__(**facts)
        self.feishu_code = feishu_code
        self.log_id = log_id


class FeishuUnset(FeishuError):
    code = "feishu_unset"
    status = 409
    title = "Feishu is not set up"
    hint = Words(
        "还没有设置飞书。请在控制台填写应用凭证和多维表格地址。",
        "Feishu is not set up. Enter the app's credentials and the Bitable's address on the dashboard.",
    )


class BadAddress(FeishuError):
    code = "bad_address"
    status = 400
    title = "Not the address of a Bitable"
    hint = Words(
        "这不像多维表格的地址。请在飞书中打开多维表格，复制浏览器地址栏里的完整地址（形如 https://….feishu.cn/base/…）。",
        "This does not look like the address of a Bitable. Open it in Feishu and copy the whole address "
        "(like https://….feishu.cn/base/…).",
    )


class FeishuUnreachable(FeishuError):
    code = "feishu_unreachable"
    title = "Feishu cannot be reached"
    hint = Words(
        "连不上飞书（{why}）。标记都已保存在本机，网络恢复后会自动继续。",
        "Feishu cannot be reached ({why}). Your marks are kept here and go out when the network is back.",
    )


class FeishuBusy(FeishuError):
    code = "feishu_busy"
    status = 503
    title = "Feishu asks to wait"
    hint = Words("飞书请我们稍等，稍后自动继续。", "Feishu asks us to wait; it goes on by itself.")

    def __init__(self, *, wait: float | None = None, feishu_code: int = 0, log_id: str = "") -> None:
        super().__init__(feishu_code=feishu_code, log_id=log_id)
        self.wait = wait
        """Seconds that Feishu asked for, if it said."""


class FeishuConflict(FeishuError):
    code = "feishu_conflict"
    status = 503
    title = "Somebody else is writing to the table"
    hint = Words(
        "别的程序正在写这个表格，稍后自动重试。",
        "Something else is writing to this table; trying again by itself.",
    )


class FeishuFault(FeishuError):
    code = "feishu_fault"
    title = "Feishu had an error of its own"
    hint = Words("飞书那边出错了，稍后自动重试。", "Feishu had an error of its own; trying again by itself.")


class BadSecret(FeishuError):
    code = "bad_secret"
    status = 401
    title = "App ID or secret is wrong"
    hint = Words(
        "App ID 或 App Secret 不对。请在飞书开放平台 → 应用 → 凭证与基础信息 中重新复制。",
        "The App ID or App Secret is wrong. Copy both again from the app's Credentials page in Feishu's developer console.",
    )


class TokenRefused(FeishuError):
    code = "token_refused"
    status = 401
    title = "Feishu refused the token"
    hint = Words(
        "飞书拒绝了访问令牌。请检查应用是否已启用并发布。",
        "Feishu refused the access token. Check that the app is enabled and published.",
    )


class NoScope(FeishuError):
    code = "no_scope"
    status = 403
    title = "The app lacks a permission"
    hint = Words(
        "应用缺少权限 {scopes}。请在飞书开放平台 → 权限管理 中开通，然后创建并发布一个新版本。",
        "The app lacks the permission {scopes}. Add it under Permissions in the developer console, then publish a new version.",
    )


class NoAccess(FeishuError):
    code = "no_access"
    status = 403
    title = "The app may not open this Bitable"
    hint = Words(
        "应用没有这个多维表格的权限。请打开多维表格 → 右上角「…」→「更多」→「添加文档应用」，选中你的应用并给“可编辑”。",
        "The app may not open this Bitable. In the Bitable: “…” → More → Add document app, choose your app, allow editing.",
    )


class ReadOnly(FeishuError):
    code = "read_only"
    status = 403
    title = "The app may not write to this table"
    hint = Words(
        "应用只能查看，不能写入。请把它在这个多维表格里的权限改为“可编辑”；开启了高级权限时需要“可管理”。",
        "The app may look but not write. Give it edit rights in this Bitable (manage rights if advanced permissions are on).",
    )


class NotFound(FeishuError):
    code = "feishu_not_found"
    status = 404
    title = "The Bitable or table is not there"
    hint = Words(
        "找不到这个多维表格或数据表，可能已被删除，或地址不完整。请重新复制地址。",
        "This Bitable or table is not there: deleted, or the address is incomplete. Copy the address again.",
    )


class NotATable(FeishuError):
    code = "not_a_table"
    status = 400
    title = "The address does not show a table"
    hint = Words(
        "这个地址指向的是{what}，不是数据表。请点开左侧的数据表，再复制地址；或去掉 ?table= 之后的部分，让 D2F 新建一张表。",
        "This address shows a {what}, not a table. Open a table on the left and copy its address, or cut off "
        "everything from ?table= and let D2F make a table of its own.",
    )


class NoSuchRecord(FeishuError):
    code = "no_such_record"
    status = 404
    title = "The row is not there"
    hint = Words("这一行已在飞书中被删除。", "This row was deleted in Feishu.")


class QuotaUsedUp(FeishuError):
    code = "quota_used_up"
    status = 403
    title = "This month's API quota is used up"
    hint = Words(
        "本月的飞书 API 调用次数已用完，下月 1 日恢复。标记都已保存在本机，到时自动继续。",
        "This month's Feishu API calls are used up; they come back on the 1st. Your marks are kept here until then.",
    )


class TableFull(FeishuError):
    code = "table_full"
    status = 403
    title = "The table is full"
    hint = Words(
        "数据表已满（行数或字段数达到上限）。请清理，或换一张表。",
        "The table is full (its limit of rows or columns is reached). Make room or choose another table.",
    )


class WrongColumnType(FeishuError):
    code = "wrong_column_type"
    status = 409
    title = "A column has another type"
    hint = Words(
        "表格里的“{column}”列是{has}类型，D2F 需要{wants}。请改它的类型，或给它换个名字，D2F 会另建一列。",
        "The column “{column}” is of type {has}, D2F needs {wants}. Change its type, or rename it and D2F makes its own.",
    )


class StaleColumns(FeishuError):
    code = "stale_columns"
    status = 409
    title = "The table changed"
    hint = Words(
        "表格的列变了，正在重新读取。", "The table's columns changed; they are being looked up again."
    )


class TokenSpent(FeishuError):
    code = "token_spent"
    status = 409
    title = "This write was sent before"
    hint = Words(
        "一次写入的结果还不清楚，正在表里核对，清楚之后自动继续。",
        "It is not clear yet whether a write went through; it goes on by itself once the table shows it.",
    )


class BatchTooLarge(FeishuError):
    code = "batch_too_large"
    status = 413
    title = "Too much at once"
    hint = Words("一次写入太多，正在拆分。", "Too much in one write; it is being split.")


class BadRow(FeishuError):
    code = "bad_row"
    status = 422
    title = "Feishu does not take this row"
    hint = Words("飞书不接受这一行：{why}", "Feishu does not take this row: {why}")


class FeishuRefused(FeishuError):
    code = "feishu_refused"
    title = "Feishu refused"
    hint = Words("飞书拒绝了请求：{why}", "Feishu refused: {why}")
