"""The directions of import: data moves down the house and never back up."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "gateway"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Who may be imported by whom, where not everybody may. A name ends in "." for a whole package.
ONLY_FOR = {
    "gateway.app": {"gateway.cli", "gateway.server", "gateway.demo"},
    "gateway.capture": {"gateway.app"},
    "gateway.dashboard.": {"gateway.app"},
    "gateway.server": {"gateway.cli", "gateway.demo"},
    "gateway.key_verbs": {"gateway.cli", "gateway.safety_verbs"},
    "gateway.safety_verbs": {"gateway.cli"},
    "gateway.wipe_verb": {"gateway.cli"},
    "gateway.farewell": {"gateway.app", "gateway.dashboard.safety"},
    "gateway.line": {"gateway.server"},
    "gateway.rates": {"gateway.capture", "gateway.dashboard.login"},
    "gateway.doctor": {"gateway.cli"},
    "gateway.cipher": {
        "gateway.doctor",
        "gateway.key_verbs",
        "gateway.keys.door",
        "gateway.store",
    },
    "gateway.keys.": {
        "gateway.app",
        "gateway.cli",
        "gateway.demo",
        "gateway.doctor",
        "gateway.key_verbs",
        "gateway.passphrase",
        "gateway.server",
        "gateway.vault",
        "gateway.wipe",
        "gateway.dashboard.",
    },
    "gateway.demo": {"gateway.cli"},
    "gateway.visitor": {"gateway.demo", "gateway.telling"},
    "gateway.sandbox.": {"gateway.cli", "gateway.demo"},
    "gateway.feishu.": {
        "gateway.connection",
        "gateway.tables",
        "gateway.records",
        "gateway.kin",
        "gateway.others",
        "gateway.covers",
        "gateway.adopt",
        "gateway.check",
        "gateway.edits",
        "gateway.theirs",
        "gateway.hanging",
        "gateway.moves",
        "gateway.planning",
        "gateway.notices",
        "gateway.push",
        "gateway.rows",
        "gateway.sync",
        "gateway.dashboard.api",
        "gateway.dashboard.failures",
        "gateway.dashboard.history",
        "gateway.dashboard.marks",
    },
    "gateway.douban.": {
        "gateway.adopt",
        "gateway.asked",
        "gateway.covers",
        "gateway.coverage",
        "gateway.intake",
        "gateway.pace",
        "gateway.reading",
        "gateway.records",
        "gateway.sessions",
        "gateway.turns",
        "gateway.journey",
        "gateway.walk",
    },
    "gateway.schema": {"gateway.store"},
}
# What a module may import of ours, where that is not everything.
MAY_IMPORT: dict[str, set[str]] = {
    "gateway.model": set(),
    "gateway.errors.": set(),
    "gateway.merge": {"gateway.model"},
    "gateway.past": {"gateway.merge", "gateway.model"},
    "gateway.douban.": {"gateway.model", "gateway.errors."},
    "gateway.sandbox.": {"gateway.model"},
    "gateway.disk": set(),
    "gateway.cipher": {"gateway.disk", "gateway.errors."},
    "gateway.store": {
        "gateway.cipher",
        "gateway.disk",
        "gateway.model",
        "gateway.errors.",
        "gateway.schema",
    },
    "gateway.seal": {"gateway.errors."},
    "gateway.keys.": {"gateway.cipher", "gateway.disk", "gateway.errors.", "gateway.log", "gateway.store"},
    "gateway.feishu.": {"gateway.model", "gateway.errors.", "gateway.log", "gateway.loopback"},
}
# Libraries that one part of the tree uses.
AT_THE_EDGE = {
    "selectolax": {"gateway.douban."},
    # the simulated Douban makes its own certificate for --tls; it keeps no secret of anybody
    "cryptography": {"gateway.vault", "gateway.keys.", "gateway.seal", "gateway.sandbox.certificate"},
    "httpx": {"gateway.douban.fetch", "gateway.douban.pictures", "gateway.feishu."},
    "sqlite_utils": {"gateway.store", "gateway.schema"},
    "sqlcipher3": {"gateway.cipher"},
    "h11": {"gateway.sandbox."},
    "litestar": {
        "gateway.app",
        "gateway.capture",
        "gateway.farewell",
        "gateway.rates",
        "gateway.reach",
        "gateway.security",
        "gateway.server",
        "gateway.dashboard.",
    },
    "uvicorn": {"gateway.line", "gateway.server"},
    "click": {"gateway.cli", "gateway.key_verbs", "gateway.safety_verbs", "gateway.wipe_verb"},
    "keyring": {"gateway.keys.ring"},
}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> set[str]:
    """Every module that the file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the house"
            module = node.module or ""
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def within(name: str, part: str) -> bool:
    return name == part.rstrip(".") or (part.endswith(".") and name.startswith(part))


def own(path: Path) -> set[str]:
    names = {name_of(module) for module in MODULES}
    return {name for name in imports_of(path) if name in names and name != "gateway"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    importer = name_of(path)
    for imported in own(path):
        for part, allowed in ONLY_FOR.items():
            if within(imported, part) and not within(importer, part):
                assert any(within(importer, each) for each in allowed), f"{importer} imports {imported}"
    for part, allowed in MAY_IMPORT.items():
        if within(importer, part):
            strange = {
                name
                for name in own(path)
                if not within(name, part) and not any(within(name, each) for each in allowed)
            }
            assert not strange, f"{importer} imports {strange}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_stay_at_the_edge(path: Path) -> None:
    importer = name_of(path)
    used = {name.partition(".")[0] for name in imports_of(path)}
    for library, parts in AT_THE_EDGE.items():
        if library in used:
            assert any(within(importer, part) for part in parts), f"{importer} uses {library}"


def test_the_rules_speak_of_what_is_there() -> None:
    """A rule for a module that is gone would never fail."""
    names = {name_of(path) for path in MODULES}
    for part in {*ONLY_FOR, *MAY_IMPORT, *(part for parts in AT_THE_EDGE.values() for part in parts)}:
        assert any(within(name, part) for name in names), part


def test_every_dependency_is_used_and_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)
    everything = {name.partition(".")[0] for path in MODULES for name in imports_of(path)}
    for requirement in project["project"]["dependencies"]:
        name = requirement.split(";")[0].split("[")[0].split(">")[0].strip()
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        assert "#" in line.partition('",')[2], f"{name} has no reason"
        if name not in {"httptools", "websockets", "tzdata"}:  # used by uvicorn, by zoneinfo
            assert name.replace("-", "_") in everything, f"{name} is not used"


def test_readme_has_the_two_commands() -> None:
    """Each on one line; CI runs the second."""
    readme = (ROOT / "README.md").read_text("utf-8")
    start = "python3 -m pip install -q --upgrade --target .tools uv && .tools/bin/uv run "
    assert readme.count(f"\n{start}--no-dev d2f demo\n") == 1
    assert readme.count(f"\n{start}just test\n") == 1


def test_readme_names_every_verb_and_setting() -> None:
    from gateway.cli import main  # noqa: PLC0415  # only this test needs it
    from gateway.settings import Settings  # noqa: PLC0415  # the same

    readme = (ROOT / "README.md").read_text("utf-8")
    for verb in main.commands:
        assert f"`d2f {verb}" in readme, verb
    for setting in Settings.__struct_fields__:
        assert f"`D2F_{setting.upper()}`" in readme, setting
