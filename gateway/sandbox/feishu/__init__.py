"""A simulated Feishu: apps, bases, tables and rows over HTTP, with the limits and faults of the real one.

Built from Feishu's own pages and from replies that people recorded. Where the truth is not known the
choice is said beside the code. Not simulated: folders, the language of formulas, forms, roles, dashboards.
"""

from gateway.sandbox.feishu.feishu import Fault, Feishu

__all__ = ["Fault", "Feishu"]
