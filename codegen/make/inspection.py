"""What generated modules show when they are read: their operations, and what they import."""

from __future__ import annotations

import ast
import importlib
import multiprocessing
import re
import sys
import warnings
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from codegen.errors import GenerationError
from codegen.spec import operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    from codegen.spec.document import Json

# What the generator writes for, beside the standard library.
LIBRARIES: Final = ("attr", "attrs", "dateutil", "httpx")

# Names in the functions of generated models that a field may hide.
_LOCALS: Final = {"cls", "d", "field_dict"}
_FUNCTIONS: Final = {"_get_kwargs", "_parse_response", "sync_detailed", "asyncio_detailed"}


def parsed(package: Path, *patterns: str) -> dict[str, ast.Module]:
    """Return the syntax of each module in `package`, or of those that match, by its path there."""
    return {
        path.relative_to(package).as_posix(): parsed_module(path)
        for pattern in patterns or ("**/*.py",)
        for path in sorted(package.glob(pattern))
    }


def parsed_module(path: Path) -> ast.Module:
    """Return a module's syntax, which Python takes."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        compile(tree, path.name, "exec")  # what the grammar allows and Python doesn't
    except SyntaxError as error:
        raise GenerationError(
            f"generated {path.name} is not Python: {error}. In overrides/overlay.yaml, mend what"
            " it is written for, or leave it out on purpose (`remove: true`)"
        ) from None
    return tree


def mismatches(document: Json, modules: dict[str, ast.Module]) -> list[str]:
    """Return the operations of `document` that have no module of functions, and the reverse."""
    wanted = Counter(
        (operation.method, shape(operation.path)) for operation in operations.of(document)
    )
    found = Counter({key: len(names) for key, names in by_operation(modules).items()})
    return [
        *(
            f"{method} {path} has no function"
            for method, path in sorted((wanted - found).elements())
        ),
        *(
            f"{method} {path} isn't in the spec"
            for method, path in sorted((found - wanted).elements())
        ),
    ]


def by_operation(modules: dict[str, ast.Module]) -> dict[tuple[str, str], list[str]]:
    """Return the modules of operations by method and path shape."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, tree in modules.items():
        if re.fullmatch(r"api/[^/]+/(?!__init__\.py)[^/]+", name):
            found[_operation(name, tree)].append(name)
    return found


def methods(modules: dict[str, ast.Module]) -> dict[str, str]:
    """Return the names of the operations' methods, by the modules of functions that they call."""
    if "operations.py" not in modules:
        return {}
    first = next(it for it in modules["operations.py"].body if isinstance(it, ast.ClassDef))
    return {
        f"{str(node.module).replace('.', '/')}/{node.names[0].name}.py": name
        for name, method in functions(first).items()
        for node in method.body
        if isinstance(node, ast.ImportFrom)
    }


def functions(
    module: ast.Module | ast.ClassDef,
) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions of a module, or the methods of a class, by name."""
    return {
        node.name: node
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def members(module: ast.Module, name: str) -> set[str]:
    """Return the public names of a class that a module defines."""
    (found,) = [it for it in module.body if isinstance(it, ast.ClassDef) and it.name == name]
    fields = {ast.unparse(it.target) for it in found.body if isinstance(it, ast.AnnAssign)}
    names = fields | {it.name for it in found.body if isinstance(it, ast.FunctionDef)}
    return {each for each in names if not each.startswith("_")}


def shape(path: str) -> str:
    """Return `path` with its parameters' names left out: in Python they are spelled differently."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


@contextmanager
def importing(package: Path) -> Iterator[Callable[[], list[str]]]:
    """Import the modules of `package` meanwhile, and give what tells those that don't, with why.

    Until it told, the package stays as it is.
    """
    context = multiprocessing.get_context("fork")  # what they import is there already
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_import, args=(package.resolve(), sender))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of other threads: it needs none
        child.start()
    sender.close()

    def found() -> list[str]:
        try:
            told: list[str] = receiver.recv()
        except EOFError:
            told = [f"importing {package.name} ended Python"]
        return told

    try:
        yield found
    finally:
        child.kill()
        child.join()
        receiver.close()


def missing_models(modules: dict[str, ast.Module]) -> list[str]:
    """Return the models whose module hasn't got them: two were written into one."""
    return [
        f"models/{node.module}.py has no {alias.name}"
        for node in modules["models/__init__.py"].body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name not in _defined(modules[f"models/{node.module}.py"])
    ]


def astray(modules: dict[str, ast.Module]) -> list[str]:
    """Return what modules import of the package that isn't there, some of it only once called."""
    found: dict[str, None] = {}
    for name, tree in modules.items():
        folder = name.split("/")[:-1]
        for node in _statements(tree.body):
            if isinstance(node, ast.ImportFrom) and node.level and node.module:
                above = folder[: len(folder) - node.level + 1]
                target = "/".join([*above, *node.module.split(".")])
                if modules.keys().isdisjoint({f"{target}.py", f"{target}/__init__.py"}):
                    found[f"{name} imports {target}.py, which isn't there"] = None
    return list(found)


def shadowed(modules: dict[str, ast.Module]) -> list[str]:
    """Return the fields of models that hide what the model's own code has under their name."""
    found = []
    for name, module in modules.items():
        models = module.body if name.startswith("models/") else []
        for model in [node for node in models if isinstance(node, ast.ClassDef)]:
            fields = Counter(
                ast.unparse(node.target) for node in model.body if isinstance(node, ast.AnnAssign)
            )
            found += [
                f"{name}: {model.name} has a field {field}"
                for field, count in fields.items()
                if field in _LOCALS or field in functions(model) or count > 1
            ]
    return found


def foreign_imports(package: str, modules: dict[str, ast.Module]) -> list[str]:
    """Return the imports of anything but the package, the standard library and `LIBRARIES`."""
    known = {package, *sys.stdlib_module_names, *LIBRARIES}
    return [
        f"{name} imports {imported}"
        for name, tree in modules.items()
        for imported in _imports(tree)
        if imported.partition(".")[0] not in known
    ]


def _import(package: Path, sender: Connection) -> None:
    """Import each module of `package` here, and send what doesn't."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]
    sys.path.insert(0, str(package.parent))
    found = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package.parent)
        try:
            importlib.import_module(".".join(place.with_suffix("").parts).removesuffix(".__init__"))
        except Exception as error:  # noqa: BLE001 - whatever a module's own code raises
            found.append(f"{place}: {type(error).__name__}: {error}")
    sender.send(found)


def _defined(module: ast.Module) -> set[str]:
    """Return the classes, functions and plain names that a module's own statements define."""
    return {
        node.id if isinstance(node, ast.Name) else node.name
        for statement in module.body
        for node in (statement, *ast.iter_child_nodes(statement))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Name)
    }


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements and those inside of them, without the expressions that are most of them."""
    for statement in body:
        yield statement
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(statement, name, []))


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports by its full name."""
    for node in _statements(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _operation(name: str, tree: ast.Module) -> tuple[str, str]:
    """Return method and path shape of the one operation in a generated module."""
    written = functions(tree)
    if not written.keys() >= _FUNCTIONS:
        raise GenerationError(f"{name} lacks the functions of an operation")
    for node in ast.walk(written["_get_kwargs"]):
        if isinstance(node, ast.Dict):
            entries = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if "method" in entries and "url" in entries:
                return _text(entries["method"]).upper(), shape(_text(entries["url"]))
    raise GenerationError(f"{name} sends no request")


def _text(node: ast.expr) -> str:
    """Return a string literal, or the literal that `.format` is called on."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
