"""What is on this machine: nothing that goes there leaves it."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether that name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
