"""A simulated Douban: whole pages of the real site's structure, with made-up matter.

Built from captured pages and from what other people's parsers read on the real site. Not captured
anywhere, and therefore our best guess: the frame of list pages, book and music in list mode, the mark
on a book's and a record's own page.
"""

from gateway.sandbox.douban.listing import censored
from gateway.sandbox.douban.site import Blocked, Douban

__all__ = ["Blocked", "Douban", "censored"]
