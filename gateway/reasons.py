"""Why a page of Douban's was not read, in words for the person. The codes are ``Page.reason``."""

from gateway.errors import Issue, Words

PAGE_REASONS: dict[str, Words] = {
    "logged_out": Words(
        "这个页面是在未登录时打开的。请先登录豆瓣，再刷新页面。",
        "This page was opened logged out. Log in to Douban and reload it.",
    ),
    "login_page": Words(
        "豆瓣要求登录。请先登录豆瓣，再打开你的页面。",
        "Douban asks you to log in. Do so, then open your page again.",
    ),
    "ip_refused": Words(
        "豆瓣说你的网络有异常请求。请先按页面提示在浏览器里处理，过几小时再试。",
        "Douban sees unusual requests from your network. Follow its page first and try again in a few hours.",
    ),
    "captcha": Words(
        "豆瓣要求输入验证码。请先在页面上完成。", "Douban asks for a captcha. Solve it on the page first."
    ),
    "forbidden": Words(
        "豆瓣暂时禁止访问。请停下来，过一段时间再试。",
        "Douban forbids access for now. Stop and try again later.",
    ),
    "proof_of_work": Words(
        "豆瓣正在验证浏览器。请等页面自己打开后再试。",
        "Douban is checking the browser. Wait until the page opens by itself.",
    ),
    "too_often": Words(
        "豆瓣说访问过于频繁。请休息一会儿再试。", "Douban says too many visits. Take a break."
    ),
    "robot": Words(
        "豆瓣觉得访问方式像机器人。请在页面上完成验证，过一段时间再试。",
        "Douban takes this for a robot. Pass its check on the page and try again later.",
    ),
    "not_found": Words("豆瓣说这个页面不存在。", "Douban says this page does not exist."),
    "subject_removed": Words(
        "豆瓣已不收录这个条目。你的标记仍会保留。", "Douban has removed this subject. Your mark is kept."
    ),
    "subject_hidden": Words(
        "这个条目正在豆瓣审核中，暂时看不到。你的标记仍会保留。",
        "Douban is reviewing this subject and hides it for now. Your mark is kept.",
    ),
    "withheld": Words(
        "豆瓣说依照法律法规不能显示这个页面。你的标记仍会保留。",
        "Douban says that the law forbids it to show this page. Your marks are kept.",
    ),
    "account_closed": Words(
        "豆瓣说这个账号已停用、注销或被禁言，没有可读的页面。",
        "Douban says that this account is banned, closed or muted; there is no page to read.",
    ),
    "other_person": Words(
        "这是别人的页面，不会保存他人的标记。", "This is somebody else's page; only your own marks are kept."
    ),
    "whose_unknown": Words(
        "看不出这是不是你的页面，没有收下。请从豆瓣的「我的」进入你的列表再试。",
        "Nothing on this page says whether it is yours, so it was not taken in. Open your list from your own menu on Douban.",
    ),
    "other_account": Words(
        "现在登录的是另一个豆瓣账号，没有收下。要收的话，请在控制台为它另开一个库。",
        "You are logged in to another Douban account, whose marks are not kept. If they should be, the dashboard asks.",
    ),
    "not_douban": Words("这不是豆瓣的页面。", "This is not a Douban page."),
    "empty": Words("页面是空的。请刷新后再试。", "The page is empty. Reload it and try again."),
    "not_html": Words("收到的不是网页。", "What came is not a web page."),
    "charset": Words(
        "页面的文字编码无法识别，已保存原样。",
        "The page's text encoding cannot be read; it is kept as it came.",
    ),
    "too_large": Words(
        "页面太大，没有解析，已保存原样。", "The page is too large to read; it is kept as it came."
    ),
    "no_marks_here": Words(
        "这个页面上没有标记。请打开“我看过的影视”之类的列表，或你标记过的条目。",
        "No marks live on this page. Open one of your lists, or a subject that you marked.",
    ),
    "no_rows": Words(
        "这是你的列表，但一行都没读出来——豆瓣可能改版了。页面已保存，更新 D2F 后可重新读取。",
        "This is your list, but no row could be read: Douban may have changed its markup. "
        "The page is kept and can be read again after an update of D2F.",
    ),
    "markup_changed": Words(
        "有些字段大多数行都没读到——豆瓣可能改版了。页面已保存，更新 D2F 后可重新读取。",
        "A field is missing on most rows: Douban may have changed its markup. The page is kept and can be read "
        "again after an update of D2F.",
    ),
    "internal": Words(
        "D2F 自己在这个页面上出了错。页面已保存，更新 D2F 后可重新读取。",
        "D2F itself stumbled over this page. It is kept and can be read again after an update of D2F.",
    ),
    "no_frame": Words(
        "页面的样子不认识——豆瓣可能改版了，或没有加载完。页面已保存，可重新读取。",
        "The page looks unfamiliar: changed markup, or not fully loaded. It is kept and can be read again.",
    ),
    "server_error": Words(
        "豆瓣的服务器出错了。页面已保存，稍后可再试。",
        "Douban's server failed. The page is kept; try again later.",
    ),
    "request_refused": Words(
        "豆瓣不接受这个请求。请在浏览器里确认已登录，再试一次。",
        "Douban does not accept this request. Make sure that you are logged in, then try again.",
    ),
}
"""What ``Page.reason`` says, in words."""

_WALK_STOPS: dict[str, Words] = {
    "no_login": Words(
        "D2F 手里没有可用的豆瓣登录。请在装了扩展的浏览器里登录豆瓣，之后会自己接着读。",
        "D2F has no Douban log-in that it can use. Log in to Douban in the browser with the extension; then it goes on by itself.",
    ),
    "login_page": Words(
        "豆瓣说这个登录已经失效。请在装了扩展的浏览器里重新登录豆瓣，之后会自己接着读。没有看到的标记不会当成删除。",
        "Douban says that this log-in has ended. Log in again in the browser with the extension; then it goes on by itself. "
        "Marks that were not seen are not taken for removed.",
    ),
    "other_account": Words(
        "保存的登录是另一个豆瓣账号的，和这个库的账号不同。请换回原来的账号登录，之后会自己接着读。",
        "The stored log-in is of another Douban account than the one of this library. Log in with that one; then it goes on by itself.",
    ),
    "unreachable": Words(
        "连不上豆瓣。会自己再试，连不上就隔得越来越久；也可以点“继续”马上再试。",
        "Douban cannot be reached. It is tried again by itself, ever more slowly; “Go on” tries at once.",
    ),
    "captcha": Words(
        "豆瓣要求输入验证码。请在浏览器里打开豆瓣完成验证，过几小时再点“继续”。",
        "Douban asks for a captcha. Solve it on Douban in your browser, and choose “Go on” some hours later.",
    ),
    "proof_of_work": Words(
        "豆瓣要验证浏览器。请在浏览器里打开豆瓣，过几小时再点“继续”。",
        "Douban wants to check the browser. Open Douban in it, and choose “Go on” some hours later.",
    ),
    "server_error": Words(
        "豆瓣的服务器出错了。已经读到的都留着，过一阵再点“继续”。",
        "Douban's server failed. What was read is kept; choose “Go on” later.",
    ),
    "paused": Words(
        "你暂停了它。点“继续”就从停下的地方接着读。",
        "You paused it. “Go on” continues where it was.",
    ),
    "other_walk": Words(
        "正在读另一个豆瓣账号的列表，读完接着读这个。",
        "The lists of another Douban account are being read; these come next.",
    ),
    "day_used_up": Words(
        "今天向豆瓣请求得够多了，明天接着读，不用管它。",
        "Enough was asked of Douban for today. It goes on tomorrow by itself.",
    ),
}
"""Why a walk with the stored cookie does not go on, where it is another thing than for a page in the browser."""


def walk_stop(code: str) -> Issue:
    """Why a walk stopped (``Frontier.stopped``), and what the person can do."""
    words = _WALK_STOPS.get(code) or PAGE_REASONS[code if code in PAGE_REASONS else "no_frame"]
    return Issue(code, words.zh, words.en)


def removals_asked(number: int) -> Issue:
    """Many marks at once seem to be gone, and wait for the person's word."""
    return Issue(
        "removals_asked",
        f"有 {number:,} 个标记在豆瓣上不见了。是你删掉的吗？请在控制台回答；在那之前都原样留着。",
        f"{number:,} of your marks are no longer on Douban. Did you take them away? Answer on the dashboard; "
        "until then they stay as they are.",
    )


_BLOCKED = Words(
    "豆瓣要你停一停。请在那个浏览器里打开豆瓣，按页面提示完成验证，过几小时再用；到下一次定时会再读。",
    "Douban asks for a pause. Open Douban in that browser, pass its check, and leave it alone for some hours. "
    "It is read again when the schedule comes next.",
)
_LOG_IN = Words(
    "那个浏览器里没有登录豆瓣了。请重新登录；到下一次定时会再读。",
    "Nobody is logged in to Douban in that browser any more. Log in again. It is read again when the schedule comes next.",
)
_UNREADABLE = Words(
    "有一页没有打开，或没有加载完。请看看网络和豆瓣是否正常；到下一次定时会再读。",
    "A page did not open, or not fully. See whether the network and Douban are well. It is read again when the schedule "
    "comes next.",
)
_TAKEN = Words(
    "读列表用的标签页被关掉或另作他用了。不要紧：已经读到的都留着，到下一次定时会再读。",
    "The tab in which the lists were read was closed, or used for something else. No harm: what was read is kept, and it is "
    "read again when the schedule comes next.",
)
_ASKED_STOPS: dict[str, Words] = {
    **dict.fromkeys(
        ("blocked", "captcha", "forbidden", "ip_refused", "proof_of_work", "robot", "too_often"), _BLOCKED
    ),
    **dict.fromkeys(("login_page", "logged_out"), _LOG_IN),
    **dict.fromkeys(("unreadable", "loading", "empty", "elsewhere", "server_error"), _UNREADABLE),
    **dict.fromkeys(("tab_closed", "tab_taken"), _TAKEN),
    "by_person": Words(
        "你在扩展里点了停止。已经读到的都留着，到下一次定时会再读。",
        "You stopped it in the extension. What was read is kept, and it is read again when the schedule comes next.",
    ),
    "other_account": Words(
        "那个浏览器里现在登录的是另一个豆瓣账号。请换回这个库的账号；到下一次定时会再读。",
        "Another Douban account is logged in in that browser now. Log in with the one of this library. It is read again "
        "when the schedule comes next.",
    ),
    "other_walk": Words(
        "网关自己读起列表来了，浏览器就停下了：豆瓣那边一次只有一个在读。",
        "The gateway began to read lists itself, so the browser stopped: only one reads from Douban at a time.",
    ),
    "no_browser": Words(
        "请浏览器读你的豆瓣列表，一天多了还没有浏览器读完。请打开装了扩展、登录着这个豆瓣账号的浏览器，让它开一会儿。",
        "For more than a day, no browser that was asked to has read your lists on Douban to the end. Open the browser with the "
        "extension, logged in with this Douban account, and leave it open for a while.",
    ),
    "permission": Words(
        "扩展不能再访问 douban.com 了。请在扩展的设置里重新允许。",
        "The extension may not access douban.com any more. Allow it again in its settings.",
    ),
    "rejected": Words(
        "网关没有收下其中一页。更新 D2F 和扩展后，到下一次定时会再读。",
        "The gateway did not accept one of the pages. Update D2F and the extension; it is read again when the schedule comes next.",
    ),
}
"""Why a browser that was asked to read the lists did not go on, where it is another thing than for one page."""


def asked_stop(code: str) -> Issue:
    """Why a browser stopped (``WalkReport.reason``), and what the person can do."""
    words = _ASKED_STOPS.get(code) or PAGE_REASONS[code if code in PAGE_REASONS else "no_frame"]
    return Issue(code, words.zh, words.en)
