"""D2F's gateway: Douban pages in, Feishu Bitable rows out, on the person's own machine.

Read the package in the order of the data:
capture → douban (parse) → store → sync → feishu (push); events tell the dashboard and the extension.
"""

__version__ = "0.1.0"
