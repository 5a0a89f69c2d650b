"""A simulated Douban and a simulated Feishu: the demo, and the tests' only fakes.

Built from what is known of the two services, never from what our own code expects.
Imports nothing of the gateway but ``model``.
"""
