"""A simulated Feishu: apps, logins, documents, tables and messages over HTTP, with the limits and faults of the real one.

Built from Feishu's own pages and from replies that people recorded. Where the truth is not known the
choice is said beside the code, or is a switch: ``strict_status`` and ``token_policy`` of ``Feishu``, and its
attributes ``lag``, ``lag_new``, ``unready``, ``copy_calls``, ``write_time``, ``quota.limit``, ``mailbox.crowded``.
Not simulated: folders, the language of formulas, forms, roles, dashboards, ids of persons but open_ids.
"""

from gateway.sandbox.feishu.feishu import Fault, Feishu

__all__ = ["Fault", "Feishu"]
