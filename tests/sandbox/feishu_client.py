"""A program of few words for the tests of the simulated Feishu: it calls over a real socket."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gateway.sandbox.feishu import Feishu
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.http import Server

APP, SECRET = "cli_a", "secret"
TOKEN = "/open-apis/auth/v3/tenant_access_token/internal"
NODE = "/open-apis/wiki/v2/spaces/get_node"
UPLOAD = "/open-apis/drive/v1/medias/upload_all"

COLUMNS = (
    FieldSpec("文本", 1),
    FieldSpec("数字", 2, "Number", {"formatter": "0.0"}),
    FieldSpec("评分", 2, "Rating", {"formatter": "0", "min": 1, "max": 5}),
    FieldSpec("单选", 3),
    FieldSpec("多选", 4),
    FieldSpec("日期", 5),
    FieldSpec("勾", 7),
    FieldSpec("链接", 15),
)
ROW: dict[str, Any] = {
    "文本": '三体 & "more" 😀',
    "数字": 8.5,
    "评分": 4,
    "单选": "看过",
    "多选": ["科幻", "A"],
    "日期": 1674206443000,
    "勾": True,
    "链接": {"link": "https://movie.douban.com/subject/1/", "text": "豆瓣"},
}

BLANK: dict[str, Any] = {}


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Client:
    """``base`` is a base of the world, ``table`` an empty table in it with ``COLUMNS``.

    A path that begins with no slash is below the base, ``{table}`` in it stands for the table.
    """

    def __init__(self, world: Feishu, http: httpx.AsyncClient, clock: Clock) -> None:
        self.world, self.http, self.clock = world, http, clock
        self.base = world.add_base("库", collaborators={APP: "edit"})
        self.table = world.add_table(self.base, "表", COLUMNS)
        self.token = ""

    async def log_in(self, app: str = APP, secret: str = SECRET) -> dict[str, Any]:
        """The reply of the token call; without a Content-Type, as the official SDK sends it."""
        reply = await self.http.post(TOKEN, content=f'{{"app_id":"{app}","app_secret":"{secret}"}}')
        answer = reply.json()
        self.token = answer.get("tenant_access_token", "")
        return answer

    def url(self, path: str) -> str:
        path = path.replace("{table}", f"tables/{self.table}")
        return path if path.startswith("/") else f"/open-apis/bitable/v1/apps/{self.base}/{path}".rstrip("/")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def call(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        """One call."""
        return await self.http.request(method, self.url(path), json=body, params=params, headers=self.headers)

    async def code(self, method: str, path: str, body: Any = None, **params: Any) -> int:
        """The code of the reply."""
        return (await self.call(method, path, body, **params)).json()["code"]

    async def data(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The data of a reply that has to be good."""
        answer = (await self.call(method, path, body, **params)).json()
        assert answer["code"] == 0, answer
        return answer["data"]

    async def create(self, **cells: Any) -> str:
        """A new row. Returns its id."""
        made = await self.data("POST", "{table}/records", {"fields": cells})
        return made["record"]["record_id"]

    async def create_all(self, *rows: dict[str, Any]) -> list[str]:
        """New rows. Returns their ids."""
        body = {"records": [{"fields": row} for row in rows]}
        made = await self.data("POST", "{table}/records/batch_create", body)
        return [record["record_id"] for record in made["records"]]

    async def rows(self, **body: Any) -> list[dict[str, Any]]:
        """The first 500 rows of a search."""
        return (await self.data("POST", "{table}/records/search", body, page_size=500))["items"]

    async def texts(self, **body: Any) -> list[str]:
        """The texts of the rows that a search finds."""
        return [row["fields"]["文本"][0]["text"] for row in await self.rows(**body)]

    async def upload(
        self, *, name: str | None = "封面.jpg", content: bytes = b"abc", **said: Any
    ) -> httpx.Response:
        """A file; without a name its part has neither filename nor type, as the official SDK sends it."""
        data = {
            "file_name": "封面.jpg",
            "parent_type": "bitable_image",
            "parent_node": self.base,
            "size": str(len(content)),
            **said,
        }
        return await self.http.post(UPLOAD, data=data, files={"file": (name, content)}, headers=self.headers)


@asynccontextmanager
async def calling(**options: Any) -> AsyncGenerator[Client]:
    """A simulated Feishu that listens, and a program that is logged in."""
    clock = Clock()
    world = Feishu(clock=clock, **options)
    world.add_app(APP, SECRET)
    async with (
        Server(world.handle) as server,
        # No certificates to load: it is plain HTTP.
        httpx.AsyncClient(base_url=server.url, trust_env=False, verify=False) as http,
    ):
        client = Client(world, http, clock)
        await client.log_in()
        yield client
