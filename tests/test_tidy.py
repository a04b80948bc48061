"""The house rules of the tree, each a test of its own; a failure lists every place that breaks it.

The rules are explained in ``docs/explanation/principles.md`` and ``docs/nomenclature.md``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "commonwatch"
TESTS = ROOT / "tests"

MODULE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
KERNEL_FUNCTION_LINES_MAX = 200
PUBLIC_METHODS_MAX = 20
TEST_NAME_WORDS_MIN = 3

VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "data", "info", "misc", "common"}
VAGUE_PARTS = {"target", "targets", "helper", "helpers", "node", "nodes", "manager", "managers"}
VAGUE_PARTS |= {"handler", "handlers", "utils"}
VAGUE_ALONE = {"data", "info", "state"}

IMPURE_PACKAGES = {"cli", "exchange", "gateways", "report", "web"}
"""Packages that may read the clock of the machine; all others get the time as ``now_ns``."""
CLOCK = re.compile(
    r"(\b(datetime|date)\.(now|utcnow|today)|\btime\.(time|time_ns|localtime|gmtime))$"
)
SEEDED = {"default_rng", "Generator", "SeedSequence", "BitGenerator", "PCG64", "Philox"}

FOREIGN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(work|tmp|root)/"),
    "a folder outside the tree": re.compile(r"\." + r"library\b|(?<![\w/])sha" + r"red/"),
    "a package index by name": re.compile(
        r"pypi\." + r"org|files\.python" + r"hosted|registry\.npm" + r"js"
    ),
    "a number on somebody's list": re.compile(r"\b[Ii]ssue" + r" #?\d|\bGH-" + r"\d"),
}
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
TEXT_SUFFIXES = {"", ".cfg", ".css", ".html", ".j2", ".js", ".md", ".py", ".svg", ".toml", ".txt"}
GENERATED = {"uv.lock", "LICENSE"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class Module:
    """One Python file, parsed once."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def parts(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @property
    def is_kernel(self) -> bool:
        return self.path.name.endswith("_kernel.py")

    @property
    def package(self) -> str:
        """The package below ``commonwatch``, or the module's own name at the top."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def functions(self) -> list[Function]:
        return [part for part in self.parts if isinstance(part, Function)]

    @property
    def classes(self) -> list[ast.ClassDef]:
        return [part for part in self.parts if isinstance(part, ast.ClassDef)]

    def at(self, line: int, what: str) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}: {what}"


def modules_below(folder: Path) -> list[Module]:
    return [Module(path, path.read_text("utf-8")) for path in sorted(folder.rglob("*.py"))]


SOURCE = modules_below(PACKAGE)
TEST_MODULES = modules_below(TESTS)
EVERYTHING = [
    *SOURCE,
    *TEST_MODULES,
    *modules_below(ROOT / "benchmarks"),
    *modules_below(ROOT / "scripts"),
]


def refuse(findings: Iterable[str]) -> None:
    """Fail with one line a finding."""
    found = list(findings)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def public_functions(module: Module) -> Iterator[tuple[Function, str]]:
    """Functions and methods that a reader may call, with their full name."""
    scopes: list[tuple[ast.Module | ast.ClassDef, str]] = [(module.tree, "")]
    while scopes:
        scope, prefix = scopes.pop()
        for part in scope.body:
            if isinstance(part, ast.ClassDef) and not part.name.startswith("_"):
                scopes.append((part, f"{prefix}{part.name}."))
            elif isinstance(part, Function) and not part.name.startswith("_"):
                yield part, f"{prefix}{part.name}"


def bound_names(module: Module) -> Iterator[tuple[int, str]]:
    """Every name that a module gives to something itself, with its line."""
    for part in module.parts:
        if isinstance(part, Function | ast.ClassDef):
            yield part.lineno, part.name
        elif isinstance(part, ast.arg):
            yield part.lineno, part.arg
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.lineno, part.id
        elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            yield part.lineno, part.attr


def words_of(name: str) -> list[str]:
    """Split ``snake_case`` and ``CamelCase`` into lower-case words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_").split("_")


def called(part: ast.AST) -> str:
    return ast.unparse(part.func) if isinstance(part, ast.Call) else ""


def imported(part: ast.AST) -> list[str]:
    """Full dotted names that an import statement brings in."""
    if isinstance(part, ast.Import):
        return [alias.name for alias in part.names]
    if isinstance(part, ast.ImportFrom):
        return [f"{part.module}.{alias.name}" for alias in part.names]
    return []


def text_files() -> Iterator[Path]:
    folders = ["src", "tests", "benchmarks", "scripts", "docs", ".ci"]
    for path in [*ROOT.iterdir(), *(p for name in folders for p in (ROOT / name).rglob("*"))]:
        if path.is_file() and path.suffix in TEXT_SUFFIXES and path.name not in GENERATED:
            yield path


def test_no_module_is_longer_than_can_be_read() -> None:
    refuse(
        module.at(1, f"{lines} lines, at most {MODULE_LINES_MAX}: split it by meaning")
        for module in EVERYTHING
        if (lines := len(module.text.splitlines())) > MODULE_LINES_MAX
    )


def test_no_function_is_longer_than_a_screen() -> None:
    refuse(
        module.at(function.lineno, f"{function.name} has {lines} lines, at most {limit}")
        for module in EVERYTHING
        for limit in [KERNEL_FUNCTION_LINES_MAX if module.is_kernel else FUNCTION_LINES_MAX]
        for function in module.functions
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > limit
    )


def test_no_class_has_too_many_public_methods() -> None:
    refuse(
        module.at(each.lineno, f"{each.name} has {count}, at most {PUBLIC_METHODS_MAX}")
        for module in SOURCE
        for each in module.classes
        if (count := sum(isinstance(p, Function) and p.name[0] != "_" for p in each.body))
        > PUBLIC_METHODS_MAX
    )


def test_inheritance_is_one_level_deep() -> None:
    modules = [module for module in SOURCE if module.path.name != "errors.py"]
    bases = {
        each.name: {ast.unparse(base).rpartition(".")[2] for base in each.bases}
        for module in modules
        for each in module.classes
    }
    refuse(
        module.at(each.lineno, f"{each.name} inherits from {base}, which inherits from {above}")
        for module in modules
        for each in module.classes
        for base in sorted(bases[each.name])
        for above in sorted(bases.get(base, set()) & set(bases))
    )


def test_init_files_hold_exports_and_a_docstring_only() -> None:
    def is_allowed(part: ast.stmt) -> bool:
        if isinstance(part, ast.Assign):
            return [ast.unparse(name) for name in part.targets] == ["__all__"]
        is_docstring = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
        return is_docstring or isinstance(part, ast.Import | ast.ImportFrom)

    refuse(
        module.at(part.lineno, "code in __init__.py")
        for module in EVERYTHING
        if module.path.name == "__init__.py"
        for part in module.tree.body
        if not is_allowed(part)
    )


def test_every_package_has_a_docstring_that_maps_it() -> None:
    refuse(
        module.at(1, "no docstring")
        for module in SOURCE
        if module.path.name == "__init__.py" and not ast.get_docstring(module.tree)
    )


def test_the_docstring_of_a_package_names_its_modules() -> None:
    said = {module.path: ast.get_docstring(module.tree) or "" for module in SOURCE}

    def where_named(module: Module) -> str:
        # A module may name its own parts: ``validation`` lists every ``validation_...``.
        whole = module.path.with_name(f"{module.path.stem.partition('_')[0]}.py")
        own = said.get(whole, "") if whole != module.path else ""
        return said[module.path.with_name("__init__.py")] + own

    refuse(
        module.at(1, "the docstring of its package does not name it")
        for module in SOURCE
        if module.path.parent != PACKAGE and module.path.name != "__init__.py"
        if not re.search(rf"\b{module.path.stem}\b", where_named(module))
    )


def test_no_bare_assert_stands_outside_the_tests() -> None:
    refuse(
        module.at(part.lineno, "assert: use commonwatch.errors.invariant")
        for module in SOURCE
        for part in module.parts
        if isinstance(part, ast.Assert)
    )


def test_modules_are_called_by_a_noun_of_the_field() -> None:
    refuse(
        module.at(1, f'"{word}" says nothing')
        for module in EVERYTHING
        for word in [module.path.stem, module.path.parent.name]
        if VAGUE_NAMES & set(words_of(word))
    )


def test_one_word_has_one_meaning() -> None:
    refuse(
        module.at(line, f'"{name}": see docs/nomenclature.md for the word to use')
        for module in EVERYTHING
        for line, name in bound_names(module)
        if name in VAGUE_ALONE or VAGUE_PARTS & set(words_of(name))
    )


def test_no_name_ends_in_a_unit_that_could_be_two() -> None:
    named = re.compile(r"\b[A-Za-z]\w*_ms\b")
    refuse(
        module.at(number, f'"{found[0]}": metres per second or milliseconds?')
        for module in EVERYTHING
        if module.path != Path(__file__)
        for number, line in enumerate(module.text.splitlines(), 1)
        if (found := named.search(line))
    )


def test_nothing_prints_but_the_command_line() -> None:
    refuse(
        module.at(part.lineno, "print: return facts, let cli show them")
        for module in SOURCE
        if module.package != "cli"
        for part in module.parts
        if isinstance(part, ast.Call) and called(part) == "print"
    )


def test_the_time_is_an_argument_wherever_it_decides_anything() -> None:
    refuse(
        module.at(getattr(part, "lineno", 1), "the machine's clock: take now_ns as an argument")
        for module in SOURCE
        if module.package not in IMPURE_PACKAGES
        for part in module.parts
        if CLOCK.search(called(part))
        or any(name in {"time.time", "time.time_ns"} for name in imported(part))
    )


def test_every_random_draw_is_seeded() -> None:
    def is_unseeded(part: ast.AST) -> bool:
        if any(name.partition(".")[0] == "random" for name in imported(part)):
            return True
        name = called(part)
        is_numpy = ".random." in name and name.startswith(("np.", "numpy."))
        without_seed = name.endswith("default_rng") and not (
            isinstance(part, ast.Call) and (part.args or part.keywords)
        )
        return without_seed or (is_numpy and name.rpartition(".")[2] not in SEEDED)

    refuse(
        module.at(getattr(part, "lineno", 1), "unseeded: take a generator named rng")
        for module in SOURCE
        for part in module.parts
        if is_unseeded(part)
    )


def test_nothing_unfinished_is_left_as_a_comment() -> None:
    refuse(
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    )


def test_the_tree_names_nothing_outside_itself() -> None:
    refuse(
        f"{path.relative_to(ROOT)}:{number}: {what}: {line.strip()[:80]}"
        for path in text_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for what, pattern in FOREIGN.items()
        if pattern.search(line)
    )


def test_every_public_function_says_what_it_does() -> None:
    refuse(
        module.at(function.lineno, f"{name} has no docstring")
        for module in SOURCE
        for function, name in public_functions(module)
        if not ast.get_docstring(function)
    )


def test_every_public_function_of_several_parameters_says_what_they_are() -> None:
    section = re.compile(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-{3}|\Z)", re.MULTILINE | re.DOTALL)

    def unsaid(function: Function) -> list[str]:
        given = function.args
        every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
        own = [each.arg for each in every if each and each.arg not in {"self", "cls"}]
        found = section.search(ast.get_docstring(function) or "")
        heads = [line for line in (found[1] if found else "").splitlines() if line[:1].strip()]
        said = {name.strip(" *") for line in heads for name in line.split(",")}
        return [name for name in own if name not in said] if len(own) > 1 else []

    refuse(
        module.at(function.lineno, f"{name}: its docstring has nothing of {', '.join(names)}")
        for module in SOURCE
        if "kernel" not in module.path.name  # a word there compiles every kernel anew
        for function, name in public_functions(module)
        if not any("command" in ast.unparse(each) for each in function.decorator_list)
        if (names := unsaid(function))
    )


def test_a_file_that_is_said_to_hold_a_figure_exists() -> None:
    named = re.compile(r"``((?:tests|docs)/[\w./-]+)``")
    refuse(
        module.at(number, f"{path} does not exist")
        for module in SOURCE
        for number, line in enumerate(module.text.splitlines(), 1)
        for path in named.findall(line)
        if not (ROOT / path).exists()
    )


def test_kernels_live_in_kernel_modules_only() -> None:
    refuse(
        module.at(function.lineno, f"{function.name}: move it to a file ending _kernel.py")
        for module in SOURCE
        if not module.is_kernel
        for function in module.functions
        for decorator in function.decorator_list
        if re.fullmatch(
            r"(\w+\.)*(kernel|n?jit|vectorize|guvectorize)(\(.*)?",
            ast.unparse(decorator),
            re.DOTALL,
        )
    )


def test_the_tests_mirror_the_packages() -> None:
    packages = [path.parent.name for path in sorted(PACKAGE.glob("*/__init__.py"))]
    refuse(
        f"src/commonwatch/{package}: no tests in tests/{package}/"
        for package in packages
        if not any((TESTS / package).glob("test_*.py"))
    )


def test_every_top_module_with_functions_has_its_tests() -> None:
    refuse(
        module.at(1, f"no tests/test_{module.package}.py")
        for module in SOURCE
        if module.path.parent == PACKAGE
        if module.functions and not (TESTS / f"test_{module.package}.py").exists()
    )


def test_every_folder_of_tests_is_a_package() -> None:
    folders = sorted({module.path.parent for module in TEST_MODULES})
    refuse(
        f"{folder.relative_to(ROOT)}: no __init__.py, so two tests could not share a name"
        for folder in folders
        if not (folder / "__init__.py").exists()
    )


def test_the_name_of_every_test_is_a_sentence() -> None:
    refuse(
        module.at(function.lineno, f"{function.name}: say what holds")
        for module in TEST_MODULES
        if module.path.name.startswith("test_")
        for function in module.functions
        if function.name.startswith("test_")
        if len(words_of(function.name)) - 1 < TEST_NAME_WORDS_MIN
    )


def test_no_test_sleeps_or_is_timed() -> None:
    refuse(
        module.at(part.lineno, f"{called(part)}: speed is measured in benchmarks/")
        for module in TEST_MODULES
        for part in module.parts
        if isinstance(part, ast.Call)
        if re.fullmatch(r"(time\.)?(sleep|perf_counter|perf_counter_ns|process_time)", called(part))
    )


def test_the_map_shows_every_package_where_it_is() -> None:
    text = (ROOT / "docs" / "explanation" / "map.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)/` \| (here|planned) \|", text, re.MULTILINE))
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    refuse(
        [
            *(
                f"{name}: exists, but docs/explanation/map.md does not show it as here"
                for name in sorted(packages)
                if rows.get(name) != "here"
            ),
            *(
                f"{name}: shown as here in docs/explanation/map.md, but does not exist"
                for name, where in sorted(rows.items())
                if where == "here" and name not in packages
            ),
        ]
    )


def test_every_link_between_documents_leads_somewhere() -> None:
    link = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
    refuse(
        f"{path.relative_to(ROOT)}:{number}: {place} does not exist"
        for path in text_files()
        if path.suffix == ".md"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for place in link.findall(line)
        if not (path.parent / place).exists()
    )
