"""The dashboard's words, in Chinese and English. Those of errors are in ``errors`` and ``reasons``."""

from gateway.errors import Words

WORDS: dict[str, Words] = {
    "title": Words("D2F · 豆瓣到飞书", "D2F · Douban to Feishu"),
    "tagline": Words("豆瓣标记，住进飞书", "Your Douban marks, at home in Feishu"),
    "other_language": Words("English", "中文"),
    # The state in one line
    "state_unset": Words("还差几步就好", "A few steps to go"),
    "state_empty": Words("都准备好了，去豆瓣点一下按钮", "All set: open Douban and click the button"),
    "state_idle": Words("{n} 个标记已在飞书", "{n} marks are in Feishu"),
    "state_idle_one": Words("1 个标记已在飞书", "1 mark is in Feishu"),
    "state_busy": Words("正在写入飞书，还有 {n} 个", "Writing to Feishu, {n} to go"),
    "state_waiting": Words("等一等再继续，还有 {n} 个", "Waiting to go on, {n} left"),
    "state_error": Words("需要你看一下", "Something needs you"),
    "library_line": Words("本机的库里有 {n} 个标记", "{n} marks in the library on this machine"),
    "library_line_one": Words("本机的库里有 1 个标记", "1 mark in the library on this machine"),
    "deleted_line": Words("{n} 行你在飞书中删掉了，不会再建", "{n} rows you deleted in Feishu stay deleted"),
    "deleted_line_one": Words("1 行你在飞书中删掉了，不会再建", "1 row you deleted in Feishu stays deleted"),
    "table_pushed": Words("{n} 行", "{n} rows"),
    "table_pushed_one": Words("1 行", "1 row"),
    "table_pending": Words("还有 {n} 个", "{n} to go"),
    "table_failed": Words("{n} 个没收下", "{n} not taken"),
    "open_table": Words("打开多维表格", "Open the Bitable"),
    "retry": Words("再试一次", "Try again"),
    # Steps
    "setup": Words("准备", "Set-up"),
    "step_extension": Words("浏览器扩展", "Browser extension"),
    "step_extension_todo": Words(
        "在 Chrome 或 Edge 打开扩展管理页，开启“开发者模式”，选择“加载已解压的扩展程序”，选中这个文件夹：",
        "In Chrome or Edge open the extensions page, turn on developer mode, choose “Load unpacked” and pick this folder:",
    ),
    "pair_button": Words("生成配对码", "Make a pairing code"),
    "pair_another": Words("再配对一个浏览器", "Pair another browser"),
    "pair_help": Words(
        "把它粘贴到扩展的设置页。十分钟内有效，只能用一次。",
        "Paste it into the extension's options. Good for ten minutes, once.",
    ),
    "copy": Words("复制", "Copy"),
    "copied": Words("已复制", "Copied"),
    "paired_since": Words("配对于 {day}", "paired {day}"),
    "revoked": Words("已撤销", "revoked"),
    "revoke": Words("撤销", "Revoke"),
    "revoke_sure": Words(
        "撤销“{name}”？之后它要重新配对。", "Revoke “{name}”? It will have to be paired again."
    ),
    "step_feishu": Words("飞书多维表格", "Feishu Bitable"),
    "fill_in": Words("选一种方式，连上你的多维表格", "Choose a way to connect your Bitable"),
    "connected_to": Words("已连接“{name}”", "Connected to “{name}”"),
    "connected_tables": Words("已连接 {n} 张表", "Connected to {n} tables"),
    "change": Words("修改", "Change"),
    "way": Words("怎么连接", "How to connect"),
    "way_base": Words("授权码", "Base token"),
    "way_base_for": Words("最省事，不用建应用", "Easiest: no app, no permissions to set"),
    "way_app": Words("自建应用", "Your own app"),
    "way_app_for": Words("已有应用，或用知识库", "If you have one, or for a wiki page"),
    "way_user": Words("飞书帐号登录", "Feishu log-in"),
    "way_user_for": Words("还能替你新建多维表格", "Writes as you, and can make a Bitable for you"),
    "help_base": Words(
        "在飞书里打开你的多维表格，点右上角的「插件」→「自定义插件」→「获取授权码」，复制到这里。它只对这一个多维表格有效。",
        "Open your Bitable in Feishu: Extensions → Custom extension → Get authorization code, then copy it here. It is good "
        "for this one Bitable only.",
    ),
    "help_app": Words(
        "在飞书开放平台创建一个企业自建应用，开通“多维表格”权限（bitable:app）并发布；再到你的多维表格里「…」→「更多」→"
        "「添加文档应用」，选它并给“可编辑”。",
        "Create a self-built app in Feishu's developer console, give it the bitable:app permission and publish it; then in "
        "your Bitable: “…” → More → Add document app, choose it and allow editing.",
    ),
    "help_user": Words(
        "在飞书开放平台创建一个企业自建应用，在「权限管理」里开通下面的权限，在「安全设置」里登记下面的重定向 URL，然后发布。",
        "Create a self-built app in Feishu's developer console, give it the permissions below, register the redirect URL "
        "below under Security Settings, and publish it.",
    ),
    "scopes": Words("权限", "Permissions"),
    "redirect": Words("重定向 URL", "Redirect URL"),
    "base_token": Words("授权码", "Personal base token"),
    "app_id": Words("App ID", "App ID"),
    "app_secret": Words("App Secret", "App Secret"),
    "secret_kept": Words("已加密保存；留空则不变", "stored encrypted; leave empty to keep it"),
    "address": Words("多维表格的地址", "Address of the Bitable"),
    "address_help": Words(
        "在飞书里打开多维表格，把浏览器地址栏里的整条地址粘贴过来。",
        "Open the Bitable in Feishu and paste the whole address from the address bar.",
    ),
    "address_free": Words(
        "留空的话，在你自己的云空间里新建一个多维表格。",
        "Leave it empty, and a new Bitable is made in your own space.",
    ),
    "place": Words("地址里带着一张表", "The address names a table"),
    "place_new": Words("不用它，由 D2F 新建表", "Leave it; D2F makes its own"),
    "place_this": Words("写进这张表，我来选列", "Use it; I choose the columns"),
    "layout": Words("分成几张表", "How many tables"),
    "layout_one": Words("一张表", "One table"),
    "layout_kinds": Words("按类型分", "One for each kind"),
    "layout_three": Words("三张", "Three"),
    "layout_four": Words("四张", "Four"),
    "layout_one_for": Words("六类都在一起，用「分类」列区分", "All kinds together, told apart by a column"),
    "layout_kinds_for": Words("每一类有自己的列", "Each kind has columns of its own"),
    "layout_three_for": Words("纪录片算在剧集里", "Documentaries go with the series"),
    "layout_four_for": Words("纪录片单独一张", "Documentaries apart"),
    "layout_leaves": Words(
        "音乐、游戏、舞台剧只留在本机的库里", "Music, games and plays stay in the library here"
    ),
    "column_language": Words("列名用", "Column names in"),
    "feishu_earlier": Words(
        "下面填的还没有生效，标记仍写进“{name}”。",
        "What is entered below is not in use; your marks still go to “{name}”.",
    ),
    "feishu_forget": Words("放弃修改", "Discard it"),
    "connect": Words("检查并连接", "Check and connect"),
    "connecting": Words("正在检查…", "Checking…"),
    "log_in_feishu": Words("登录飞书", "Log in to Feishu"),
    "log_in_again": Words("重新登录飞书", "Log in to Feishu again"),
    "choose_columns": Words("下一步：选列", "Next: choose columns"),
    # The columns of a table of one's own
    "columns": Words("哪一列放什么", "Which column takes what"),
    "columns_of": Words("“{table}”里，哪一列放什么", "“{table}”: which column takes what"),
    "columns_help": Words(
        "按名字和类型先替你选好了，请看一遍。选了“不写”的不会碰；表里已有的行和其他列都不动。",
        "Filled in by name and type; please look it over. What is set to “not written” is left alone, and so are the rows "
        "and other columns that are there.",
    ),
    "columns_shelf": Words("这张表收", "This table takes"),
    "column_new": Words("新建一列", "a new column"),
    "column_none": Words("不写", "not written"),
    "column_needed": Words(
        "D2F 靠它认出每一行，不能不写。", "D2F knows each row by it, so it has to be there."
    ),
    "columns_fill": Words("不写的都改为新建", "New columns for all the rest"),
    "back": Words("返回", "Back"),
    "shelf_all": Words("全部标记", "all marks"),
    "shelf_book": Words("图书", "books"),
    "shelf_movie": Words("电影", "films"),
    "shelf_tv": Words("剧集", "series"),
    "shelf_music": Words("音乐", "music"),
    "shelf_game": Words("游戏", "games"),
    "shelf_drama": Words("舞台剧", "stage plays"),
    # Calls to Feishu
    "calls": Words("本月的飞书调用：{used} / {month}", "Calls to Feishu this month: {used} of {month}"),
    "calls_help": Words(
        "飞书免费版每月 10,000 次，同一企业的所有应用共用，用完就停到下月。标记优先，封面只在自己的份额里走。",
        "Feishu's free plan has 10,000 a month for all apps of a tenant; then all stops until the next. Marks go first; "
        "covers keep within a share of their own.",
    ),
    "calls_rows": Words("标记", "marks"),
    "calls_covers": Words("封面", "covers"),
    "calls_other": Words("其他", "other"),
    "limit_month": Words("每月上限", "Limit a month"),
    "limit_covers": Words("其中封面最多", "Of these for covers at most"),
    "save": Words("保存", "Save"),
    "saved": Words("已保存", "Saved"),
    # Notices
    "notices": Words("飞书通知", "Notices in Feishu"),
    "notices_help": Words(
        "标记写进飞书后，合成一条告诉你，一小时最多一条；有事要你处理，马上说，同一件事一天一条；其余时候不出声。",
        "Marks that have come to Feishu are told together, one message an hour at most. What needs you is told at once, the "
        "same thing once a day. Otherwise it is quiet.",
    ),
    "notices_way": Words("怎么通知", "How to be told"),
    "notices_off": Words("关", "Off"),
    "notices_off_for": Words("什么也不发", "Nothing is sent"),
    "notices_bot": Words("群机器人", "Custom bot"),
    "notices_bot_for": Words("最省事，发到一个群里", "Easiest: writes in a group"),
    "notices_app": Words("应用消息", "App message"),
    "notices_app_for": Words("由自建应用发给你", "From your own app"),
    "notices_help_bot": Words(
        "在飞书里打开一个群，点「设置」→「群机器人」→「添加机器人」→「自定义机器人」，把 Webhook 地址复制到这里；再在它的"
        "「安全设置」里选「签名校验」，把密钥也复制过来。",
        "In a group of Feishu: Settings → Group Bot → Add a Bot → Custom Bot, then copy its webhook address here; under its "
        "Security Settings choose Signature Verification and copy the secret, too.",
    ),
    "notices_help_app": Words(
        "在飞书开放平台给应用添加「机器人」能力，开通 im:message:send_as_bot 权限，然后发布。收信人要在应用的可用范围内；发到群里的话，"
        "先把应用加进群。",
        "In Feishu's developer console give the app the feature “Bot” and the permission im:message:send_as_bot, and publish "
        "it. The app must be available to the receiver; to write in a group it must be in it.",
    ),
    "notices_no_app": Words(
        "这种方式要用自建应用连接，现在不是，所以发不出去。可以用群机器人，它和连接方式无关；或者先在上面把「飞书多维表格」改成自建应用。",
        "This needs a connection by an app of your own, which yours is not, so nothing can go out. A custom bot works with "
        "any connection; or change the Feishu Bitable above to your own app first.",
    ),
    "notices_webhook": Words("Webhook 地址", "Webhook address"),
    "notices_sign": Words("签名密钥", "Signature secret"),
    "notices_unsigned": Words("没有开启签名校验就留空", "leave empty if the bot checks none"),
    "notices_receiver_kind": Words("发给", "Send to"),
    "receiver_email": Words("邮箱", "an e-mail address"),
    "receiver_chat_id": Words("群（chat_id）", "a group (chat_id)"),
    "receiver_open_id": Words("open_id", "an open_id"),
    "receiver_user_id": Words("user_id", "a user_id"),
    "receiver_union_id": Words("union_id", "a union_id"),
    "notices_receiver": Words("收信人", "Receiver"),
    "notices_language": Words("通知用", "Notices in"),
    "notices_send": Words("保存并发一条试试", "Save and send one now"),
    "notices_sending": Words("正在发送…", "Sending…"),
    "notices_sent": Words("已发出，到飞书里看看", "Sent: have a look in Feishu"),
    "notices_failed": Words("发不出去", "not going out"),
    "notices_failed_why": Words("上一条没有发出去：{why}", "The last one did not go out: {why}"),
    "step_douban": Words("豆瓣", "Douban"),
    "douban_todo": Words(
        "登录豆瓣，打开一个你的列表，点扩展的按钮：",
        "Log in to Douban, open one of your lists and click the extension's button:",
    ),
    "account": Words("帐号 {name}", "Account {name}"),
    "list_movie": Words("我看过的影视", "Films I watched"),
    "list_book": Words("我读过的书", "Books I read"),
    "list_music": Words("我听过的音乐", "Music I listened to"),
    "list_game": Words("我玩过的游戏", "Games I played"),
    "list_drama": Words("我看过的舞台剧", "Plays I saw"),
    # What a push would write
    "plan": Words("接下来会写什么", "What would be written"),
    "plan_looking": Words("正在看…", "Looking…"),
    "plan_nothing": Words("没有要写的", "Nothing to write"),
    "plan_rows": Words("原有 {n} 行", "{n} rows there"),
    "plan_adopts": Words("认出 {n} 行，会更新", "{n} of them known, to be updated"),
    "plan_creates": Words("新建 {n} 行", "{n} rows to make"),
    "plan_updates": Words("更新 {n} 行", "{n} rows to update"),
    "plan_removals": Words("移出 {n} 行", "{n} rows to take out"),
    "plan_create": Words("新建", "new"),
    "plan_update": Words("更新", "update"),
    "plan_likely": Words(
        "书号相同，或名字和年份相同的行，也当作同一条",
        "Rows with the same ISBN, or the same title and year, are the same, too",
    ),
    "plan_accept": Words("同意，开始写", "Agree and begin"),
    # Runs
    "runs": Words("最近的同步", "Recent runs"),
    "cause_button": Words("扩展按钮", "Extension's button"),
    "cause_auto": Words("边逛边同步", "Auto-sync"),
    "cause_walk": Words("走读列表", "Walk through the lists"),
    "cause_connect": Words("连接多维表格", "New connection"),
    "cause_retry": Words("手动重试", "Tried again"),
    "cause_start": Words("接着上次", "Left from before"),
    "run_under_way": Words("进行中", "under way"),
    "run_pages": Words("读了 {n} 页", "{n} pages"),
    "run_pages_one": Words("读了 1 页", "1 page"),
    "run_created": Words("新建 {n} 行", "{n} rows made"),
    "run_created_one": Words("新建 1 行", "1 row made"),
    "run_updated": Words("更新 {n} 行", "{n} rows updated"),
    "run_updated_one": Words("更新 1 行", "1 row updated"),
    "run_removed": Words("移出 {n} 行", "{n} rows taken out"),
    "run_removed_one": Words("移出 1 行", "1 row taken out"),
    "run_calls": Words("{n} 次调用", "{n} calls"),
    "run_calls_one": Words("1 次调用", "1 call"),
    # Captures
    "captures": Words("最近捕获的页面", "Recently captured pages"),
    "captures_none": Words(
        "还没有。打开你的豆瓣列表，点一下扩展的按钮。",
        "None yet. Open one of your Douban lists and click the extension's button.",
    ),
    "capture_marks_one": Words("1 个标记", "1 mark"),
    "capture_marks": Words("{n} 个标记", "{n} marks"),
    "capture_new": Words("{n} 个新的", "{n} new"),
    "capture_changed": Words("{n} 个有变化", "{n} changed"),
    "capture_same": Words("没有变化", "nothing changed"),
    "page_subject": Words("{medium}条目 {id}", "One of your {medium}: {id}"),
    "page_wish": Words("想{verb}的{medium}", "{medium} you want to {verb}"),
    "page_do": Words("在{verb}的{medium}", "{medium} in progress"),
    "page_collect": Words("{verb}过的{medium}", "{medium}, done"),
    "page_number": Words("第 {n} 页", "page {n}"),
    "verb_book": Words("读", "read"),
    "verb_movie": Words("看", "watch"),
    "verb_music": Words("听", "listen to"),
    "verb_game": Words("玩", "play"),
    "verb_drama": Words("看", "watch"),
    "capture_unmarked": Words("这里没有你的标记", "No mark of yours here"),
    "capture_problems": Words("{n} 处没读出来", "{n} places could not be read"),
    "capture_problems_one": Words("1 处没读出来", "1 place could not be read"),
    "capture_waiting": Words("等待读取", "Waiting to be read"),
    "read_again": Words("重新读取", "Read again"),
    "auto": Words("自动", "auto"),
    # What Feishu did not take
    "failures": Words("飞书没有收下的", "What Feishu did not take"),
    "medium_book": Words("图书", "books"),
    "medium_movie": Words("影视", "films and series"),
    "medium_music": Words("音乐", "music"),
    "medium_game": Words("游戏", "games"),
    "medium_drama": Words("舞台剧", "stage plays"),
    "logged_in": Words("已登录飞书", "Logged in to Feishu"),
    "logged_in_help": Words("可以回到控制台了。", "You may go back to the dashboard."),
    "not_logged_in": Words("没有登录飞书", "Not logged in to Feishu"),
    "not_logged_in_help": Words(
        "你没有同意授权，什么都没有改变。可以回到控制台再试。",
        "You did not agree, and nothing has changed. You may try again from the dashboard.",
    ),
    "to_dashboard": Words("回到控制台", "Back to the dashboard"),
    "problem_title": Words("打不开", "Cannot open"),
    "lost": Words(
        "和网关的连接断了。它停了的话，请在终端重新运行 d2f；恢复后这里会自己更新。",
        "The connection to the gateway is lost. If it has ended, run d2f again; this page then goes on by itself.",
    ),
    "network": Words("网关没有应答。它还在运行吗？", "The gateway does not answer. Is it still running?"),
    "log_out": Words("退出", "Log out"),
}


def say(language: str, key: str, **facts: object) -> str:
    """The words of a key, with its facts; of ``<key>_one`` where ``n`` is one and there is such a key.

    Raises KeyError for a key that is not there.
    """
    words = (str(facts.get("n")) == "1" and WORDS.get(f"{key}_one")) or WORDS[key]
    return (words.en if language == "en" else words.zh).format(**facts)
