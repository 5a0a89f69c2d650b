"""A simulated Feishu: apps, bases, tables and rows over HTTP, with the limits and faults of the real one.

Built from Feishu's own pages and from replies that people recorded. Where the truth is not known the
choice is said beside the code. Not simulated: user tokens, folders, two-way links, formulas' values.
"""

from gateway.sandbox.feishu.feishu import Fault, Feishu

__all__ = ["Fault", "Feishu"]
