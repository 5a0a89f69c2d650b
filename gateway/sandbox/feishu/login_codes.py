"""What the token call of a person's login refuses with. Source: the error tables of its two pages (2026-05)."""

from gateway.sandbox.feishu.errors import Json

WRONG = {
    20001: ("invalid_request", "The request is missing a required parameter."),
    20002: ("invalid_client", "The client secret is invalid."),
    20003: (
        "invalid_grant",
        "The authorization code is not found. Please note that an authorization code can only be used once.",
    ),
    20004: ("invalid_grant", "The authorization code has expired."),
    20008: ("invalid_grant", "The user does not exist."),
    20009: ("invalid_client", "The specified app is not installed."),
    20010: ("access_denied", "The user does not have permission to use this app."),
    20024: (
        "invalid_grant",
        "The provided authorization code or refresh token does not match the provided client ID.",
    ),
    20026: ("invalid_grant", "The refresh token passed is invalid. Please check the value."),
    20036: ("unsupported_grant_type", "The specified grant_type is not supported."),
    20037: ("invalid_grant", "The refresh token passed has expired. Please generate a new one."),
    20048: ("invalid_client", "The specified app does not exist."),
    20049: ("invalid_grant", "PKCE code challenge failed."),
    20050: ("server_error", "An unexpected server error occurred. Please retry your request."),
    20063: ("invalid_request", "The request is malformed. Please check your request."),
    20064: (
        "invalid_grant",
        "The refresh token has been revoked. Please note that a refresh token can only be used once.",
    ),
    20065: (
        "invalid_grant",
        "The authorization code has been used. Please note that an authorization code can only be used once.",
    ),
    20066: ("invalid_grant", "The user status is invalid."),
    20067: (
        "invalid_scope",
        "The provided scope list contains duplicate scopes. Please ensure all scopes are unique.",
    ),
    20068: (
        "invalid_scope",
        "The provided scope list contains scopes that are not permitted. Please ensure all scopes are allowed.",
    ),
    20069: ("invalid_client", "The specified app is not enabled."),
    20070: (
        "invalid_request",
        "Multiple authentication methods were provided. Please only use one to proceed.",
    ),
    20071: (
        "invalid_grant",
        "The provided redirect URI does not match the one used during authorization.",
    ),
    20072: ("temporarily_unavailable", "The server is temporarily unavailable. Please retry your request."),
    20073: (
        "invalid_grant",
        "The refresh token has been used. Please note that a refresh token can only be used once.",
    ),
    20074: ("unauthorized_client", "The specified app is not allowed to refresh token."),
}
"""By code: ``error``, recorded for 20050 and 20064 and after RFC 6749 for the others, and ``error_description``."""
_STATUS = {20050: 500, 20072: 503}


class LoginRefused(Exception):
    """The token call is refused, in its own flat shape."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.status = _STATUS.get(code, 400)
        error, description = WRONG[code]
        self.body: dict[str, Json] = {"code": code, "error": error, "error_description": description}
