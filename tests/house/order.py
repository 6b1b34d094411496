"""Finds loops over sets: their order differs from run to run, so nothing may depend on it."""

import ast
from collections.abc import Iterator

SET_TYPES = {"set", "frozenset", "AbstractSet", "MutableSet"}
SET_METHODS = {"union", "intersection", "difference", "symmetric_difference", "keys"}
IN_ORDER = {"list", "tuple", "enumerate", "iter", "next", "join", "zip", "map", "filter"}
"""What keeps the order of what it is given; sorted, len, sum, min, any and the like do not."""


def iterations_over_sets(module: ast.Module) -> Iterator[int]:
    """Yields the lines of a module where the order of a set is used, as far as a reader can tell."""
    sets = names_of_sets(module)
    for node in ast.walk(module):
        match node:
            case ast.For(iter=source) | ast.AsyncFor(iter=source) | ast.comprehension(iter=source):
                if is_set(source, sets) and not is_unordered_result(node, module):
                    yield source.lineno
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=arguments):
                if called in IN_ORDER and any(is_set(argument, sets) for argument in arguments):
                    yield node.lineno


def names_of_sets(module: ast.Module) -> set[str]:
    """Returns the names that a module gives to sets, by their value or their annotation."""
    names: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if is_set_type(annotation):
                names.add(name)
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if is_set_type(annotation):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_set(value, set()):
                names.add(name)
    return names


def is_set_type(annotation: ast.expr) -> bool:
    """Returns whether an annotation is a set's."""
    match annotation:
        case ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name):
            return name in SET_TYPES
    return False


def is_set(node: ast.expr, names: set[str]) -> bool:
    """Returns whether an expression is a set, as far as its own text tells."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Name(id=name):
            return name in names
        case ast.Call(func=ast.Name(id=called)):
            return called in {"set", "frozenset"}
        case ast.Call(func=ast.Attribute(attr=called, value=value)):
            return called in SET_METHODS - {"keys"} and is_set(value, names)
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.Sub() | ast.BitXor(), left=left, right=right):
            return any(is_set(side, names) or is_keys(side) for side in (left, right))
    return False


def is_keys(node: ast.expr) -> bool:
    """Returns whether an expression is the keys of a mapping: in order alone, a set once combined."""
    match node:
        case ast.Call(func=ast.Attribute(attr="keys")):
            return True
    return False


ORDERLESS = {"sorted", "sum", "min", "max", "any", "all", "set", "frozenset"}
"""What gives the same result in any order."""


def is_unordered_result(comprehension: ast.AST, module: ast.Module) -> bool:
    """Returns whether a comprehension's result has no order either: a set, or what sorted is given."""
    for node in ast.walk(module):
        match node:
            case ast.SetComp(generators=generators) if comprehension in generators:
                return True
            case ast.Call(func=ast.Name(id=called), args=[ast.GeneratorExp() | ast.ListComp() as given, *_]):
                if called in ORDERLESS and comprehension in given.generators:
                    return True
    return False
