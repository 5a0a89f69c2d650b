"""One client of Feishu's own SDK, and what came of its calls."""

import importlib
import json
from collections import defaultdict
from typing import Any, cast, get_args

MODELS = ("bitable.v1", "drive.v1", "wiki.v2", "im.v1", "auth.v3")


class Driver:
    """One client of the SDK, and what came of its calls."""

    def __init__(self, url: str, app_id: str, app_secret: str) -> None:
        lark: Any = importlib.import_module("lark_oapi")
        builder = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(url)
        self.client: Any = builder.oauth_base_url(url).build()
        self._models: list[Any] = [importlib.import_module(f"lark_oapi.api.{name}") for name in MODELS]
        self._error: Any = importlib.import_module("lark_oapi.core.model.error").Error
        self.credentials = {"app_id": app_id, "app_secret": app_secret}
        self.calls: dict[str, Any] = {}
        self.unknown: set[str] = set()
        self.known: dict[str, set[str]] = {}
        self.sent: dict[str, set[str]] = defaultdict(set)

    def model(self, name: str) -> Any:
        return next(getattr(module, name) for module in self._models if hasattr(module, name))

    def call(self, path: str, request: str, body: dict[str, Any] | None = None, **params: Any) -> Any:
        """``path`` leads to a function of the client, ``request`` names its model; returns ``data`` as the SDK read it."""
        response = self._send(path, request, body, params)
        self.calls[path] = {"code": response.code, "log_id": bool(response.get_log_id())}
        if path.endswith(".download"):
            return response.file.read()
        self._compare(json.loads(response.raw.content), type(response))
        return getattr(response, "data", None)

    def refused(self, path: str, request: str, body: dict[str, Any] | None = None, **params: Any) -> int:
        """A call that has to fail. Returns its code, or that of the token call, which the SDK raises."""
        try:
            response = self._send(path, request, body, params)
        except Exception as error:
            code: int | None = getattr(error, "code", None)
            if code is None:
                raise
            return code
        self._walk(json.loads(response.raw.content).get("error"), self._error)
        return response.code

    def _send(self, path: str, request: str, body: dict[str, Any] | None, params: dict[str, Any]) -> Any:
        build = self.model(request).builder()
        for name, value in params.items():
            getattr(build, name)(value)
        if body is not None:
            build.request_body(_body_model(build)(body))
        function: Any = self.client
        for part in path.split("."):
            function = getattr(function, part)
        return function(build.build())

    def _compare(self, answer: dict[str, Any], response: Any) -> None:
        data, model = answer.get("data"), response._types.get("data")  # noqa: SLF001  # the SDK's only list of keys
        if model is not None and data is not None:
            self._walk(data, model)
        elif data:
            self.unknown.add(f"{response.__name__}.data")

    def _walk(self, value: Any, model: Any) -> None:
        if value is None:
            return
        inner = get_args(model)
        if inner and isinstance(value, list):
            for item in cast("list[Any]", value):
                self._walk(item, inner[0])
            return
        types: dict[str, Any] | None = getattr(model, "_types", None)
        if types is None or not isinstance(value, dict):
            return
        there = cast("dict[str, Any]", value)
        self.known[model.__name__] = set(types)
        self.sent[model.__name__] |= set(there)
        for key, item in there.items():
            if key in types:
                self._walk(item, types[key])
            else:
                self.unknown.add(f"{model.__name__}.{key}")


def _body_model(build: Any) -> Any:
    """The model of a request's body, as the request's builder names it."""
    (kind,) = [hint for name, hint in build.request_body.__annotations__.items() if name != "return"]
    return kind
