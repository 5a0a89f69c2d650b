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
    "feishu_help": Words(
        "在飞书开放平台创建一个企业自建应用，开通“多维表格”权限（bitable:app）并发布；再到你的多维表格里「…」→「更多」→"
        "「添加文档应用」，选它并给“可编辑”。",
        "Create a self-built app in Feishu's developer console, give it the bitable:app permission and publish it; then in "
        "your Bitable: “…” → More → Add document app, choose it and allow editing.",
    ),
    "app_id": Words("App ID", "App ID"),
    "app_secret": Words("App Secret", "App Secret"),
    "secret_kept": Words("已加密保存；留空则不变", "stored encrypted; leave empty to keep it"),
    "address": Words("多维表格的地址", "Address of the Bitable"),
    "address_help": Words(
        "直接粘贴浏览器地址栏里的地址。带 table= 就用那张表（只加我们缺的列），不带则新建一张“豆瓣标记”。",
        "Paste it from the address bar. With table= that table is used (only our missing columns are added); without, a "
        "table of our own is made.",
    ),
    "column_language": Words("列名用", "Column names in"),
    "connect": Words("检查并连接", "Check and connect"),
    "connecting": Words("正在检查…", "Checking…"),
    "connected_to": Words("已连接“{name}”", "Connected to “{name}”"),
    "change": Words("修改", "Change"),
    "fill_in": Words("填写凭证和地址", "Enter credentials and address"),
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
