"""The house rules, read from the sources: who may import whom, where imports stand, how long functions are, what the
README says of the files."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "handwrite"
SOURCES = sorted(PACKAGE.rglob("*.py"))
NAMES = [path.relative_to(ROOT).as_posix() for path in SOURCES]

CORE = {"errors", "core"}
MAY_IMPORT = {
    "errors": set(),
    "core": CORE,
    "formats": CORE | {"formats"},
    "corpora": CORE | {"formats", "corpora"},
    "synth": CORE | {"synth"},
    "recognize": CORE | {"recognize"},
    "recover": CORE | {"recover"},
    "train": CORE | {"train"},
}
MAY_IMPORT["evaluate"] = {*MAY_IMPORT, "evaluate"}
MAY_IMPORT["cli"] = {*MAY_IMPORT, "cli", "handwrite"}
MAY_IMPORT["__main__"] = {"cli"}
MAY_IMPORT["handwrite"] = set(MAY_IMPORT)
"""part of the package -> the parts it may import; "handwrite" is the package's own `__init__`, which loads lazily."""

ONLY_IN = {
    "typer": {"handwrite/cli/"},
    "rich": {"handwrite/cli/"},
    "svgwrite": {"handwrite/formats/svg.py"},
    "lightning_fabric": {"handwrite/train/", "handwrite/cli/train.py"},
    "h5py": {"handwrite/core/store.py"},
    "pydyf": {"handwrite/formats/pdf.py"},
    "webcolors": {"handwrite/formats/look.py"},
}
"""third-party module -> where alone it is imported, so that replacing it stays a small matter."""
TORCH_IN_CORE = {f"handwrite/core/{name}.py" for name in ("batch", "checkpoint", "device", "layers", "task")}
MODEL_FREE_OF = {"pathlib", "os", "io", "cv2", "h5py", "safetensors", "json"}
LONGEST_FUNCTION = 60
DISTRIBUTIONS = {"cv2": "opencv-python-headless", "lightning_fabric": "lightning-fabric", "skimage": "scikit-image"}


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text("utf-8"))


def imports(node: ast.AST) -> Iterator[str]:
    """The dotted names of the modules that the import statements anywhere in a tree name."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: relative import"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)


def part_of(module: str) -> str:
    """The part of the package that a module of it, or a name in one, belongs to."""
    names = module.split(".")
    return names[1] if len(names) > 1 and (names[1] in MAY_IMPORT or (PACKAGE / names[1]).is_dir()) else "handwrite"


def module_of(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def third_party(name: str) -> set[str]:
    roots = {module.split(".")[0] for module in imports(tree_of(name))}
    return roots - sys.stdlib_module_names - {"handwrite"}


def functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree_of(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def import_violations(name: str) -> list[str]:
    allowed = MAY_IMPORT[part_of(module_of(name))]
    inner = [module for module in imports(tree_of(name)) if module.split(".")[0] == "handwrite"]
    return [module for module in inner if part_of(module) not in allowed]


def beyond_tensors(name: str) -> set[str]:
    """What a model imports though models hold tensors only; nothing of other modules."""
    roots = {module.split(".")[0] for module in imports(tree_of(name))}
    return roots & MODEL_FREE_OF if name.endswith("model.py") else set()


@pytest.mark.parametrize("name", NAMES)
def test_imports_point_down(name: str) -> None:
    assert import_violations(name) == []


def test_the_rule_can_be_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = "import handwrite\nfrom handwrite.synth.model import Net\nfrom handwrite.errors import InputError"
    monkeypatch.setitem(globals(), "tree_of", lambda name: ast.parse(planted))
    assert import_violations("handwrite/core/ink.py") == ["handwrite", "handwrite.synth.model.Net"]
    assert import_violations("handwrite/cli/app.py") == []


@pytest.mark.parametrize("name", NAMES)
def test_imports_stand_at_the_top_but_in_the_command_line(name: str) -> None:
    if name.startswith("handwrite/cli/") or name == "handwrite/__init__.py":
        return
    assert [function.name for function in functions(name) if any(imports(function))] == []


def test_no_cycles() -> None:
    known = {module_of(name) for name in NAMES}
    graph: dict[str, set[str]] = {}
    for name in NAMES:
        if name == "handwrite/__init__.py":
            continue  # it loads lazily
        wanted = {
            m if m in known else m.rpartition(".")[0] for m in imports(tree_of(name)) if m.startswith("handwrite.")
        }
        graph[module_of(name)] = (wanted & known) - {module_of(name)}
    while leaves := {module for module, wanted in graph.items() if not wanted & graph.keys()}:
        graph = {module: wanted for module, wanted in graph.items() if module not in leaves}
    assert sorted(graph) == []


@pytest.mark.parametrize("name", NAMES)
def test_third_parties_stay_in_their_rooms(name: str) -> None:
    strays = [module for module in third_party(name) & ONLY_IN.keys() if not name.startswith(tuple(ONLY_IN[module]))]
    assert strays == []
    if name.startswith("handwrite/core/") and name not in TORCH_IN_CORE:
        assert "torch" not in third_party(name)
    assert beyond_tensors(name) == set()


@pytest.mark.parametrize("name", ["handwrite/synth/model.py", "handwrite/synth/proof_model.py"])
def test_a_model_can_break_the_rule(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "tree_of", lambda name: ast.parse("import torch, os.path\nfrom json import load"))
    assert beyond_tensors(name) == {"os", "json"}
    assert beyond_tensors("handwrite/synth/predict.py") == set()


def test_pyproject_requires_exactly_what_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = {re.split(r"[<>=!~ \[;]", requirement)[0] for requirement in project["dependencies"]}
    imported = set().union(*map(third_party, NAMES))
    assert required == {DISTRIBUTIONS.get(module, module) for module in imported}


def test_constraints_pin_every_requirement_and_nothing_loosely() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"], "hatchling"]
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line and line[0] != "#"]
    pinned = {line.split("==")[0] for line in lines}
    assert all(re.match(r"[a-z0-9.-]+==[^;*<> ]+(; python_version [<>]=? \"[0-9.]+\")?$", line) for line in lines)
    assert {re.split(r"[<>=!~ \[;]", requirement)[0] for requirement in wanted} - pinned == set()


@pytest.mark.parametrize("name", NAMES)
def test_modules_open_with_what_they_do(name: str) -> None:
    assert ast.get_docstring(tree_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_functions_are_short_and_only_the_command_line_prints(name: str) -> None:
    assert [f.name for f in functions(name) if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION] == []
    printing = [
        node.lineno
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert name.startswith("handwrite/cli/") or printing == []


def test_no_rooms_for_odds_and_ends() -> None:
    assert {path.stem for path in SOURCES} & {"utils", "util", "helpers", "helper", "lib", "misc", "common"} == set()


def test_tests_mirror_the_package() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        room = PACKAGE / path.relative_to(ROOT / "tests").parent
        assert room.is_dir(), f"{path} tests nothing that is there"


def tree_in_readme() -> set[str]:
    """The paths that the annotated tree in README.md names, folders with a slash at the end."""
    readme = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"```text\n(handwrite/.*?)```", readme, re.DOTALL)
    assert block, "README.md has no annotated tree"
    paths, folders = set(), {}
    for line in block[1].splitlines():
        indent, name = len(line) - len(line.lstrip()), line.split()[0]
        folders = {depth: folder for depth, folder in folders.items() if depth < indent}
        path = "".join(folders[depth] for depth in sorted(folders)) + name
        paths.add(path)
        if name.endswith("/"):
            folders[indent] = name
    return paths


def test_the_tree_in_the_readme_is_true() -> None:
    told = {path for path in tree_in_readme() if path.startswith("handwrite/")}
    modules = {name for name in NAMES if Path(name).name not in ("__init__.py", "__main__.py")}
    folders = {f"{Path(name).parent.as_posix()}/" for name in NAMES}
    assert sorted(told) == sorted(modules | folders)
    assert [path for path in tree_in_readme() - told if not (ROOT / path).exists()] == []


PAGES = [path for pattern in ("*.md", "docs/*.md", "data/*.md", "models/*.md") for path in sorted(ROOT.glob(pattern))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pages_have_no_gaps_and_no_dead_links(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.findall(r"@[A-Z]+@|TODO", text)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []
