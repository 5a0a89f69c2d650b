"""What Feishu refuses, and what keeps from reaching it."""

from gateway.errors.base import D2FError, Words


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
    bare = Words(
        "连不上飞书，原因在网关的日志里。标记都已保存在本机，网络恢复后会自动继续。",
        "Feishu cannot be reached; the gateway's log says why. Your marks are kept here and go out when the network is back.",
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


class AppNotPublished(FeishuError):
    code = "app_not_published"
    status = 403
    title = "The app is not published, or switched off"
    hint = Words(
        "应用还没有发布，或已被停用。请在飞书开放平台 → 版本管理与发布 中创建版本并发布，等管理员通过后再试。",
        "The app is not published, or it is switched off. In the developer console: Version Management & Release, "
        "make a version, publish it, and try again once an administrator has approved it.",
    )


class WrongDomain(FeishuError):
    code = "wrong_domain"
    status = 400
    title = "App and Bitable are on different sites"
    hint = Words(
        "应用或授权码属于 {app_site}，多维表格的地址却在 {base_site}。飞书和 Lark 的数据互不相通，请使用同一个站点上的应用和表格。",
        "The app or token belongs to {app_site}, the Bitable's address is on {base_site}. Feishu and Lark are separate: "
        "use an app and a Bitable of the same one.",
    )


class BadBaseToken(FeishuError):
    code = "bad_base_token"
    status = 401
    title = "The personal base token is wrong or switched off"
    hint = Words(
        "授权码不对，或已被停用。请在多维表格右上角的「插件」→「自定义插件」→「获取授权码」中重新复制。",
        "The personal base token is wrong or was switched off. In the Bitable: Extensions → Custom extension → "
        "Get authorization code, and copy it again.",
    )


class OtherBase(FeishuError):
    code = "other_base"
    status = 403
    title = "The personal base token is for another Bitable"
    hint = Words(
        "这个授权码属于另一个多维表格。每个多维表格有自己的授权码，请从地址所指的那个表格里获取。",
        "This personal base token is for another Bitable. Each has its own: get the one of the Bitable in the address.",
    )


class ColumnsUnchosen(FeishuError):
    code = "columns_unchosen"
    status = 409
    title = "Which columns take what is not chosen yet"
    hint = Words(
        "这是你自己的表。请先选择哪一列放什么内容，没有选的列不会被写入。",
        "This table is your own. Choose first which of its columns take what; the others are not written.",
    )


class WikiNeedsApp(FeishuError):
    code = "wiki_needs_app"
    status = 400
    title = "A wiki address cannot be opened with a personal base token"
    hint = Words(
        "授权码打不开知识库（/wiki/）里的地址。请换成 /base/ 开头的多维表格地址，或改用自建应用。",
        "A personal base token cannot open an address of the wiki (/wiki/). Use the Bitable's own address (/base/), "
        "or an app of your own.",
    )


class LoginEnded(FeishuError):
    code = "login_ended"
    status = 401
    title = "The log-in to Feishu has ended"
    hint = Words(
        "飞书登录已失效，请在控制台重新登录飞书。标记都已保存在本机。",
        "The log-in to Feishu has ended. Log in to Feishu again on the dashboard; your marks are kept here.",
    )


class LoginRefused(FeishuError):
    code = "login_refused"
    status = 403
    title = "You may not log in to this app"
    hint = Words(
        "这个应用不允许你登录。请在飞书开放平台 → 可用范围 中加上自己，并在 权限管理 中开通 offline_access。",
        "This app does not let you log in. Add yourself under Availability in the developer console, and the "
        "permission offline_access under Permissions.",
    )


class RedirectUnknown(FeishuError):
    code = "redirect_unknown"
    status = 400
    title = "The app does not know the way back"
    hint = Words(
        "应用里还没有登记回跳地址。请在飞书开放平台 → 安全设置 → 重定向 URL 中添加控制台显示的地址。",
        "The app does not know the way back. In the developer console under Security Settings → Redirect URLs, add "
        "the address that the dashboard shows.",
    )


class AddressBarred(FeishuError):
    code = "address_barred"
    status = 403
    title = "The app's IP whitelist bars this machine"
    hint = Words(
        "应用设置了 IP 白名单，本机的网络地址不在其中。请在飞书开放平台 → 安全设置 → IP 白名单 中添加或清空。",
        "The app has an IP whitelist and this machine's address is not on it. Add it, or empty the list, under "
        "Security Settings in the developer console.",
    )


class NeedsManage(FeishuError):
    code = "needs_manage"
    status = 403
    title = "Advanced permissions hide the rows from the app"
    hint = Words(
        "这个多维表格开了高级权限，应用读不到自己写的行。请在「…」→「更多」→「添加文档应用」中把应用的权限改为“可管理”。",
        "Advanced permissions are on in this Bitable and hide its rows from the app. In the Bitable: “…” → More → "
        "Add document app, set the app to can manage.",
    )


class ProxyBroken(FeishuError):
    code = "proxy_broken"
    status = 502
    title = "The system's proxy does not work"
    hint = Words(
        "系统代理不通，已改为直连飞书。同步不受影响。",
        "The system's proxy does not work; Feishu is reached without it. The sync goes on.",
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


class TableGone(FeishuError):
    code = "table_gone"
    status = 404
    title = "A table is not there any more"
    hint = Words(
        "数据表“{table}”不见了，可能已被删除。其他表照常写入。请在控制台重新连接：D2F 建的表会再建一张，你自己的表请换个地址。",
        "The table “{table}” is not there any more; the others are written as before. Connect again on the dashboard: a "
        "table of D2F's is made anew, for one of your own enter another address.",
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


class TableOfOther(FeishuError):
    code = "table_of_other"
    status = 409
    title = "The table is another account's"
    hint = Words(
        "“{table}”已经放着另一个豆瓣账号的标记。请换一张表，或去掉地址里 ?table= 之后的部分，让 D2F 另建一张。",
        "“{table}” shows the marks of another Douban account. Choose another table, or cut off everything from "
        "?table= and let D2F make one.",
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


class QuotaNear(FeishuError):
    code = "quota_near"
    status = 403
    title = "This month's API calls are nearly used up"
    hint = Words(
        "本月的飞书 API 调用已用 {used} 次，上限 {limit} 次。封面先停下，剩下的次数只用来写标记，下月 1 日恢复。",
        "{used} of this month's {limit} Feishu API calls are used. Covers wait until the 1st; the rest is kept for marks.",
    )


class CoversRest(FeishuError):
    code = "covers_rest"
    status = 403
    title = "The covers' share of this month's calls is used up"
    hint = Words(
        "本月留给封面的 {limit} 次调用已用完，还有 {waiting} 张封面下月继续；标记照常同步。可以在控制台调整。",
        "The {limit} calls that covers may take this month are used; {waiting} covers go on next month, marks as ever. "
        "The share can be changed on the dashboard.",
    )


class StorageFull(FeishuError):
    code = "storage_full"
    status = 403
    title = "There is no room for covers"
    hint = Words(
        "飞书云空间已满，封面传不上去。请清理云空间；标记照常同步。",
        "Feishu's storage is full, covers cannot be uploaded. Make room there; marks go out as ever.",
    )


class PictureNotTaken(FeishuError):
    code = "picture_not_taken"
    status = 422
    title = "Feishu does not take this cover"
    hint = Words("飞书不接受这张封面（{why}）。", "Feishu does not take this cover ({why}).")


class BadWebhook(FeishuError):
    code = "bad_webhook"
    status = 400
    title = "This is no webhook of a custom bot"
    hint = Words(
        "这不是自定义机器人的 Webhook 地址。它以 https://open.feishu.cn/open-apis/bot/v2/hook/ 开头，请整条复制过来。",
        "This is no webhook of a custom bot. It begins with https://open.feishu.cn/open-apis/bot/v2/hook/; please copy "
        "the whole address.",
    )


class NeedsOwnApp(FeishuError):
    code = "needs_own_app"
    status = 409
    title = "Only an app of one's own sends messages"
    hint = Words(
        "通知设为由应用发送，但现在不是用自建应用连接的，所以发不出去。请改用群机器人，或把连接方式改为自建应用。",
        "Notices are set to go by the app, but the connection is not by an app of your own, so none can go out. Use a "
        "custom bot instead, or connect by an app of your own.",
    )


class BotUnknown(FeishuError):
    code = "bot_unknown"
    status = 404
    title = "There is no such bot"
    hint = Words(
        "没有这个机器人：它的 Webhook 地址不对，或者已被移出群。请在群设置 → 群机器人 → 自定义机器人 中重新复制地址。",
        "There is no such bot: the webhook's address is wrong, or the bot was taken out of the group. Copy the address "
        "again under Group settings → Bots → Custom bot.",
    )


class BotUnsigned(FeishuError):
    code = "bot_unsigned"
    status = 403
    title = "The bot's secret is wrong or missing"
    hint = Words(
        "机器人开启了签名校验，密钥不对或没有填。请在机器人的安全设置中复制密钥；电脑的时间也要准。",
        "The bot checks signatures, and its secret is wrong or was not entered. Copy it from the bot's security settings; "
        "this computer's clock must be right, too.",
    )


class BotBarred(FeishuError):
    code = "bot_barred"
    status = 403
    title = "The bot's IP whitelist bars this machine"
    hint = Words(
        "机器人设置了 IP 白名单，本机不在其中。请在机器人的安全设置中添加，或改用签名校验。",
        "The bot has an IP whitelist and this machine is not on it. Add it in the bot's security settings, or let the bot "
        "check signatures instead.",
    )


class BotKeyword(FeishuError):
    code = "bot_keyword"
    status = 403
    title = "The bot wants a keyword"
    hint = Words(
        "机器人设置了自定义关键词，消息里没有它。请在机器人的安全设置中把关键词设为“D2F”，或改用签名校验。",
        "The bot wants a keyword that is not in the message. Make “D2F” its keyword in the bot's security settings, or let "
        "it check signatures instead.",
    )


class BotOff(FeishuError):
    code = "bot_off"
    status = 403
    title = "The app is no bot yet"
    hint = Words(
        "应用还没有机器人能力。请在飞书开放平台 → 添加应用能力 中添加“机器人”，然后发布新版本。",
        "The app is no bot yet. Add the feature “Bot” in the developer console, then publish a new version.",
    )


class ReceiverUnknown(FeishuError):
    code = "receiver_unknown"
    status = 404
    title = "There is nobody of that name"
    hint = Words(
        "飞书找不到这个收信人，或者他不在应用的可用范围内。请检查填写的邮箱或 ID。",
        "Feishu does not find this receiver, or the app is not available to them. Check the e-mail address or the ID.",
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
    title = "Columns have another type"
    hint = Words(
        "数据表里有列换了类型，写不进去：{columns}。请在飞书里点列名 → 修改字段，把类型改成箭头后面的那种，D2F 随后会把"
        "这一列补写好；不想要的列，删掉即可。",
        "Columns have another type and cannot be written: {columns}. In Feishu click the column's name → Edit field and give "
        "it the type behind the arrow; D2F fills it in again. A column that you do not want can be deleted.",
    )

    def __init__(self, *, columns: str, fields: frozenset[str]) -> None:
        super().__init__(columns=columns)
        self.fields = fields
        """Ours that the columns are bound to."""


class ColumnNameTaken(FeishuError):
    code = "column_name_taken"
    status = 409
    title = "Another column has the name of one of ours"
    hint = Words(
        "数据表里已有一列叫“{column}”，是{has}类型，D2F 需要{wants}。请给它换个名字，D2F 会另建一列；或把它的类型改成{wants}。",
        "There is a column “{column}” already, of type {has}; D2F needs {wants}. Rename it and D2F makes one of its own, or "
        "change its type to {wants}.",
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


class Paused(FeishuError):
    code = "paused"
    status = 409
    title = "The push is paused"
    hint = Words(
        "写入飞书已暂停，在控制台点“继续”就接着写。",
        "Writing to Feishu is paused; resume it on the dashboard.",
    )


class PlanUnaccepted(FeishuError):
    code = "plan_unaccepted"
    status = 409
    title = "The table has rows already"
    hint = Words(
        "“{table}”里已经有内容。请先看一眼会写什么，同意后再开始写。",
        "“{table}” has rows already. Please look at what would be written; nothing is before you agree.",
    )


class BadRow(FeishuError):
    code = "bad_row"
    status = 422
    title = "Feishu does not take this row"
    hint = Words("飞书不接受这一行：{why}", "Feishu does not take this row: {why}")


class FeishuRefused(FeishuError):
    code = "feishu_refused"
    title = "Feishu refused"
    hint = Words("飞书拒绝了请求：{why}", "Feishu refused: {why}")

    @property
    def outward(self) -> Words:
        """What Feishu said is for the person to read, and tells nothing of this machine."""
        return self.words


PASSING = (FeishuUnreachable, FeishuBusy, FeishuConflict, FeishuFault, StaleColumns, TokenSpent)
"""What is over by itself: it is tried again after a while."""
