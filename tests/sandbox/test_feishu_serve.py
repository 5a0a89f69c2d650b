"""``d2f sandbox feishu``: one line of JSON, and whoever reads it can go to work."""

import subprocess
import sys

import httpx
import msgspec

from tests.sandbox.feishu_client import TOKEN


def test_one_line_says_all_that_a_client_needs() -> None:
    command = [sys.executable, "-m", "gateway", "sandbox", "feishu", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            facts = msgspec.json.decode(process.stdout.readline(), type=dict[str, str])
            assert list(facts) == ["url", "app_id", "app_secret", "app_token", "personal_base_token"]
            tables = f"/open-apis/bitable/v1/apps/{facts['app_token']}/tables"
            with httpx.Client(base_url=facts["url"], trust_env=False, verify=False) as http:
                credentials = {"app_id": facts["app_id"], "app_secret": facts["app_secret"]}
                token = http.post(TOKEN, json=credentials).json()["tenant_access_token"]
                for each in (token, facts["personal_base_token"]):
                    reply = http.get(tables, headers={"Authorization": f"Bearer {each}"}).json()
                    assert (reply["code"], reply["data"]["total"]) == (0, 1)
        finally:
            process.terminate()
