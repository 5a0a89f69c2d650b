"""The schema says what is true of every route: whatever is not as it should be is answered with problem details."""

from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from gateway.problems import MEDIA_TYPE
from gateway.security import COOKIE

_DEFAULT = {
    "description": "Problem details",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Documented(JsonRenderPlugin):
    """Made when somebody asks: to work out the schema takes a tenth of a second, which no start should cost."""

    def __init__(self) -> None:
        super().__init__(path=["/", "/openapi.json"])

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Has problem details in place of the errors that Litestar supposes, and names the cookie."""
        openapi_schema["components"]["securitySchemes"] = {
            "BearerToken": {"type": "apiKey", "name": COOKIE, "in": "cookie"}
        }
        for path in openapi_schema["paths"].values():
            for responses in (operation["responses"] for operation in path.values()):
                if MEDIA_TYPE not in responses.get("400", {}).get("content", {}):
                    responses.pop("400", None)
                responses["default"] = _DEFAULT
        return super().render(request, openapi_schema)
