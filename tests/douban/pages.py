"""Pages in Douban's shapes, written by us: element order and class names are Douban's, all values are ours."""

from pathlib import Path

from gateway.model import Reading, Verdict
from gateway.reasons import PAGE_REASONS

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "douban"
ME, OTHER = "7654321", "1122334"

FILMS_DONE = f"https://movie.douban.com/people/{ME}/collect?start=0&sort=time&mode=grid"
BOOKS_DONE = f"https://book.douban.com/people/{ME}/collect"
MUSIC_DONE = f"https://music.douban.com/people/{ME}/collect"


def nav(uid: str = ME, name: str = "青瓦") -> str:
    """The top of every page of a logged-in person."""
    return f"""<div id="db-global-nav" class="global-nav"><div class="bd"><div class="top-nav-info"><ul>
<li class="nav-user-account"><a class="bn-more" href="https://accounts.douban.com/passport/setting/">
<span>{name}的账号</span><span class="arrow"></span></a>
<a href="https://www.douban.com/accounts/logout?source=movie&ck=abcd">退出</a></li></ul></div></div></div>
<script>;window._GLOBAL_NAV = {{ USER_ID: "{uid}", UPLOAD_AUTH_TOKEN: "{uid}:00", N_NEW_NOTIS: 0 }};</script>"""


ANONYMOUS = """<div id="db-global-nav"><div class="top-nav-info"><a class="nav-login" rel="nofollow"
href="https://accounts.douban.com/passport/login?source=movie">登录/注册</a></div>
<a href="https://movie.douban.com" data-moreurl-dict="{&quot;uid&quot;:&quot;0&quot;}">电影</a></div>
<script>;window._GLOBAL_NAV = { DOUBAN_URL: "https://www.douban.com" };</script>"""


def page(body: str, top: str | None = None, title: str = "") -> bytes:
    top = nav() if top is None else top
    head = f'<head><meta charset="utf-8"><title>\n  {title}\n</title></head>'
    return f"<!DOCTYPE html><html>{head}<body>{top}<div id=wrapper>{body}</div></body></html>".encode()


def outcome(reading: Reading) -> tuple[Verdict, str | None]:
    """The verdict and its reason; no marks without OK, and every reason has its words."""
    shown = reading.page
    assert (shown.verdict is Verdict.OK) == (shown.reason is None)
    assert shown.reason is None or shown.reason in PAGE_REASONS
    assert shown.verdict is Verdict.OK or not reading.marks
    assert not [problem for problem in reading.problems if problem.code == "page_unreadable"]
    return shown.verdict, shown.reason


def film_list(rows: str, total: int = 3, tail: str = "", who: str = "我") -> str:
    return f'<h1>{who}看过的影视({total})</h1><div class="grid-view">{rows}</div>{tail}'


def film(
    number: str = "1000001", *, title: str = "<em>海风 / Sea Wind</em>", line: str = "", more: str = ""
) -> str:
    """A row of the film grid."""
    link = f"https://movie.douban.com/subject/{number}/"
    line = line or '<span class="rating4-t"></span> <span class="date">2024-03-05</span>'
    return f"""<div class="item comment-item" data-cid="90{number}">
  <div class="pic"><a title="海风" href="{link}" class="nbg">
    <img alt="海风" src="https://img1.doubanio.com/view/photo/s_ratio_poster/public/p{number}.jpg"></a></div>
  <div class="info"><ul>
    <li class="title"><a href="{link}">{title}</a> <span class="playable">[可播放]</span></li>
    <li class="intro">2023-10-01(中国大陆) / 2024-01-02 / 某人 / 中国大陆 / 剧情</li>
    <li>{line}</li>
    {more}
    <li class="clearfix opt-ln"><div class="opt-l gact"><a class="j a_collect_btn" rel="nofollow"
      name="pbtn-{number}">修改</a> <a class="d_link" rel="{number}:P">删除</a></div></li>
  </ul></div></div>"""


BOOK = """<li class="subject-item">
  <div class="pic"><a class="nbg" href="https://book.douban.com/subject/2000001/">
    <img src="https://img1.doubanio.com/view/subject/s/public/s2000001.jpg"></a></div>
  <div class="info">
    <h2><a href="https://book.douban.com/subject/2000001/" title="山的那边">山的那边
      <span style="font-size:12px;"> : 一个人的旅行 </span></a></h2>
    <div class="pub">[日] 某作者 / 某译者 / 某出版社 / 2019-8-1 / 45.00元</div>
    <div class="short-note">
      <div><span class="rating5-t"></span> <span class="date">2022-10-24
        读过</span> <span class="tags">标签: 旅行 日本</span></div>
      <p class="comment comment-item" data-cid="3300001">
        第一行<br>第二行 &lt;b&gt; 见 https://movie.douban.com/subject/9999999/
        <span class="pl">(3 有用)</span>
      </p>
    </div>
    <div class="ft"><div class="opt-l"><a>修改</a><a>删除</a></div></div>
  </div></li>"""


def book_list(rows: str, total: int = 20) -> str:
    return f"""<div id="db-usr-profile"><div class="info"><h1>我读过的书({total})</h1></div></div>
<span class="subject-num">1-15&nbsp;/&nbsp;{total}</span><ul class="interest-list">{rows}</ul>
<div class="paginator"><span class="next"><link rel="next"
 href="/people/{ME}/collect?start=15&amp;sort=time"/><a href="/people/{ME}/collect?start=15&amp;sort=time">后页&gt;</a>
</span></div>"""


ALBUM = """<div class="item">
  <div class="pic"><a href="https://music.douban.com/subject/3000001/"><img
    src="https://img1.doubanio.com/view/subject/s/public/s3000001.jpg"></a></div>
  <div class="info"><ul>
    <li class="title"><a href="https://music.douban.com/subject/3000001/"><em>晴 / 雨</em> / Rain or Shine</a></li>
    <li class="intro">某乐队 / 2016-10-05 / 单曲 / CD / 流行</li>
    <li><span class="rating3-t"></span> <span class="date">2024-01-02</span>
      <span class="tags">标签: 甲 乙</span></li>
    <li>
      循环了一整天 &amp; 一夜
      <span class="pl">(1 有用)</span>
    </li>
    <li class="clearfix opt-ln"><div class="opt-l gact"><a>修改</a></div></li>
  </ul></div></div>"""

LISTED = """<li id="list4000001" class="item last">
  <div class="item-show">
    <div class="title"><a href="https://movie.douban.com/subject/4000001/">
      一个很长的名字 / A Very Long Origi...
    </a> <span class="playable">[可播放]</span></div>
    <div class="date"><span class="rating2-t"></span>&nbsp;&nbsp;
      2023-07-08
    </div>
  </div>
  <div id="grid4000001" data-cid="5500001" class="hide comment-item">
    <div class="grid-date"><span class="intro">2020-01-01(日本) / 某人  / 日本</span><br/>
      <span class="tags">标签: 慢 静</span></div>
    <div class="clearfix opt-ln"><a class="d_link " rel="4000001:P">删除</a></div>
  </div></li>"""

LISTED_DELETED = """<li id="list4000002" class="item"><div class="item-show deleted">
  <div class="clearfix opt-ln"><a class="d_link" rel="4000002:P">删除</a></div>
  <div class="title"><a href="https://movie.douban.com/subject/4000002/">{}</a></div></div></li>"""

FILM_INFO = """<h1><span property="v:itemreviewed">海风 Sea Wind</span> <span class="year">(2023)</span></h1>
<div id="mainpic"><a class="nbgnbg"><img alt="Sea Wind" rel="v:image"
  src="https://img9.doubanio.com/view/photo/s_ratio_poster/public/p1000001.webp"></a></div>
<div id="info">
  <span><span class='pl'>导演</span>: <span class='attrs'><a>林一</a> / <a>Ann Lee</a></span></span><br/>
  <span class="actor"><span class='pl'>主演</span>: <span class='attrs'><span><a>甲</a> / </span><span><a>乙</a>
    </span><a class="more-actor">更多...</a></span></span><br/>
  <span class="pl">类型:</span> <span property="v:genre">剧情</span> / <span property="v:genre">爱情</span><br/>
  <span class="pl">制片国家/地区:</span> 中国大陆 / 法国<br/>
  <span class="pl">语言:</span> 汉语普通话<br/>
  <span class="pl">上映日期:</span> <span>2023-10-01(中国大陆/法国)</span> / <span>2023-05-20(某电影节)</span><br/>
  <span class="pl">片长:</span> <span property="v:runtime">101分钟</span> / 98分钟(国际版)<br/>
  <span class="pl">又名:</span> 海边的风 / Wind(台)<br/>
  <span class="pl">IMDb链接:</span> <a href="https://www.imdb.com/title/tt1234567">tt1234567</a><br>
</div>
<div id="interest_sectl"><strong class="ll rating_num" property="v:average">{score}</strong>
  <span property="v:votes">{votes}</span></div>
<div id="link-report-intra"><span class="short"><span property="v:summary">　　开头...</span></span>
  <span class="all hidden">　　开头。<br />\n 　　结尾。</span><span class="pl">©豆瓣</span></div>"""

FILM_MARK = """<div id="interest_sect_level" class="clearfix"><div class="j a_stars">
  <span class="mr10">{said}<span class="collection_date">{date}</span></span>&nbsp;
  <a class="collect_btn" name="pbtn-1000001">修改</a>
  <form action="remove"><input type="hidden" name="ck" value="abcd"/><input type="submit" value="删除"/></form>
  <br/>我的评价: <span id="rating"><span id="stars"><a><img id="star1"></a></span><span id="rateword" class="pl"></span>
  <input id="n_rating" type="hidden" value="{stars}"/></span>
  <br/>{lines}</div></div>"""

BOOK_MARK = """<div id="interest_sect_level"><div class="j a_stars">
  <span class="mr10">我读过这本书</span> <span class="color_gray">2021-02-03</span>
  <a class="collect_btn">修改</a><form action="remove"><input value="删除"/></form><br/>
  我的评价: <span id="rating"><input id="n_rating" value="4"/></span>
  <span class="color_gray">标签:小说 重读</span><br/><span>合上书，窗外在下雪 <span class="pl">(2 有用)</span></span>
</div></div>"""

UNMARKED = """<div id="interest_sect_level">
  <a class="collect_btn colbutt ll" name="pbtn-1000001-wish"><span>想看</span></a>
  <a class="collect_btn colbutt ll" name="pbtn-1000001-collect"><span>看过</span></a>
  <div class="ll j a_stars">评价: <span id="rating"><input id="n_rating" type="hidden" value=""/></span></div></div>"""

BOOK_INFO = """<h1><span property="v:itemreviewed">山的那边</span><div class="clear"></div></h1>
<div id="mainpic"><img src="https://img1.doubanio.com/f/shire/1/pics/book-default-lpic.gif"></div>
<div id="info">
  <span><span class="pl"> 作者</span>:
     <a>[日] 某作者</a>
     /
     <a>另一人</a></span><br/>
  <span class="pl">出版社:</span> <a>某出版社</a><br>
  <span class="pl">副标题:</span> 一个人的旅行<br/>
  <span class="pl">原作名:</span> 山のむこう<br/>
  <span><span class="pl"> 译者</span>: <a>某译者</a></span><br/>
  <span class="pl">出版年:</span> 2009-5<br/>
  <span class="pl">页数:</span> 240<br/>
  <span class="pl">定价:</span> CNY 45.00<br/>
  <span class="pl">装帧:</span> 平装<br/>
  <span class="pl">丛书:</span>&nbsp;<a>某丛书</a><br>
  <span class="pl">ISBN:</span> 9780000000002<br/>
</div>
<div id="interest_sectl"><strong property="v:average">  </strong></div>
<div id="link-report"><style>.intro p</style><div class="intro"><p>　　第一段。</p>  <p>第二段。</p></div></div>
<div class="indent"><div class="intro"><p>作者的生平。</p></div></div>
<ul><li class="comment-item"><span class="pl">别人</span>: 路人的短评</li></ul>"""

ALBUM_INFO = """<div id="wrapper"><h1><span>晴 / 雨</span><div class="clear"></div></h1></div>
<div id="info"><span class="pl">又名:</span>&nbsp;Rain or Shine<br>
  <span><span class="pl">
     表演者:
       <a>某乐队</a> / <a>某歌手</a>
  </span></span><br>
  <span class="pl">流派:</span>&nbsp;流行<br/><span class="pl">专辑类型:</span>&nbsp;单曲<br/>
  <span class="pl">介质:</span>&nbsp;CD<br/><span class="pl">发行时间:</span>&nbsp;2016-10-05<br/>
  <span class="pl">出版者:</span>&nbsp;某唱片/某厂牌<br/><span class="pl">唱片数:</span>&nbsp;2<br/>
  <span class="pl">条形码:</span>&nbsp;0000000000017<br/>
  <span class="pl">其他版本:</span>&nbsp;<a>晴</a>（<a>全部</a>）<br></div>"""
