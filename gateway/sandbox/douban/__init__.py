"""A simulated Douban: whole pages of the real site's structure, with made-up matter.

Built from captured pages and from what other people's parsers read on the real site. Not captured
anywhere, and therefore our best guess: the frame of list pages, book, music and drama in list mode, the mark
on the own page of a book, a record, a game and a drama, ``m.douban.com/mine/``.
"""

from gateway.sandbox.douban.listing import censored
from gateway.sandbox.douban.site import Blocked, Douban

__all__ = ["Blocked", "Douban", "censored"]
