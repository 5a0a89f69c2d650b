"""The schema says what is true of every route: whatever is not as it should be is answered with problem details."""

from litestar import Litestar
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Reference, SecurityScheme

from gateway.problems import MEDIA_TYPE
from gateway.security import COOKIE

_PROBLEM = Reference(ref="#/components/schemas/Problem")


def document(app: Litestar) -> None:
    """Puts them in place of the errors that Litestar supposes, which have another shape; and names the cookie."""
    cookie = SecurityScheme(type="apiKey", name=COOKIE, security_scheme_in="cookie")
    app.openapi_schema.components.security_schemes = {"BearerToken": cookie}
    for path in (app.openapi_schema.paths or {}).values():
        for operation in (path.get, path.put, path.post, path.delete):
            if operation is None or operation.responses is None:
                continue
            supposed = operation.responses.get("400")
            if isinstance(supposed, OpenAPIResponse) and MEDIA_TYPE not in (supposed.content or {}):
                del operation.responses["400"]
            operation.responses["default"] = OpenAPIResponse(
                description="Problem details", content={MEDIA_TYPE: OpenAPIMediaType(schema=_PROBLEM)}
            )
