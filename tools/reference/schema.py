"""A schema as a tree of items: what the document says, checked, before anything has a position.

Roles are gone: they stand as the text that the chat template puts around what they hold."""
import pathlib
from dataclasses import dataclass, field

from document import SPACE, Element
from names import ROLES, is_module_name, is_name, is_parameter_name
from problem import GRAMMAR, SCHEMA, Problem


@dataclass
class Run:
    """Text between two tags."""
    text: str
    verbatim: bool
    before_parameter: bool = False


@dataclass
class TemplateText:
    text: str
    closes_system: bool = False


@dataclass
class Parameter:
    name: str
    length: int
    scaffold: str | None
    default: str | None


@dataclass(eq=False)
class Union:
    members: list
    scaffold: str | None


@dataclass(eq=False)
class Module:
    """The schema itself is the module with the empty path."""
    path: tuple
    cache: bool = True
    isolated: bool = False
    items: list = field(default_factory=list)
    parent: "Module | None" = None
    modules: dict = field(default_factory=dict)
    parameters: dict = field(default_factory=dict)
    unions: dict = field(default_factory=dict)  # name of a member -> its union


@dataclass
class Schema:
    name: str
    root: Module
    scaffolds: list  # of tuples of paths
    compact: bool = True


class Reader:
    def __init__(self, template, folder):
        self.template = template
        self.folder = pathlib.Path(folder)
        self.scaffolds = []

    def read(self, root):
        if root.name != "schema":
            raise Problem(GRAMMAR, f"root `{root.name}`")
        root.only("name", "attention", "positions", "xml:space")
        name = root.required("name")
        if not is_name(name):
            raise Problem(GRAMMAR, f"`{name}` is not a name")
        positions = root.attributes.get("positions", "compact")
        if positions not in ("compact", "fixed"):
            raise Problem(GRAMMAR, f"positions `{positions}`")
        module = Module((), isolated=self.attention(root, False))
        self.content(root, module, role=False)
        return Schema(name, module, [self.scaffold(module, e) for e in self.scaffolds], positions == "compact")

    def attention(self, element, inherited):
        value = element.attributes.get("attention")
        if value not in (None, "context", "isolated"):
            raise Problem(GRAMMAR, f"attention `{value}`")
        return inherited if value is None else value == "isolated"

    def content(self, element, module, role):
        """Appends what `element` holds to `module`, whose element is this one or around this role."""
        after_system = False
        children = element.children
        for i, child in enumerate(children):
            if isinstance(child, str):
                following = children[i + 1] if i + 1 < len(children) else None
                before = isinstance(following, Element) and following.name in ("parameter", "param")
                module.items.append(Run(child, element.preserve, before))
                dropped = not child.strip(SPACE) and "\n" in child and not element.preserve
                after_system = after_system and dropped
                continue
            is_system = False
            if child.name == "module":
                self.module(child, module, module.items, role)
            elif child.name == "union":
                self.union(child, module, role)
            elif child.name in ("parameter", "param"):
                self.parameter(child, module)
            elif child.name in ROLES:
                if role:
                    raise Problem(GRAMMAR, "a role inside a role")
                child.only("xml:space")
                prefix, suffix = self.template.parts(child.name, after_system)
                module.items.append(TemplateText(prefix))
                self.content(child, module, role=True)
                is_system = child.name == "system"
                module.items.append(TemplateText(suffix, is_system))
            elif child.name == "scaffold":
                if element.name != "schema":
                    raise Problem(GRAMMAR, "`scaffold` stands directly under `schema`")
                self.empty(child)
                child.only("modules")
                self.scaffolds.append(child)
            else:
                raise Problem(GRAMMAR, f"no element `{child.name}` here")
            after_system = is_system

    def module(self, element, parent, into, role):
        element.only("name", "cache", "src", "attention", "xml:space")
        name = element.required("name")
        if not is_name(name):
            raise Problem(GRAMMAR, f"`{name}` is not a name")
        if not is_module_name(name):
            raise Problem(SCHEMA, f"`{name}` is reserved")
        if name in parent.modules:
            raise Problem(SCHEMA, f"two modules `{name}`")
        cache = element.attributes.get("cache", "true")
        if cache not in ("true", "false"):
            raise Problem(GRAMMAR, f"cache `{cache}`")
        module = Module(parent.path + (name,), cache == "true", self.attention(element, parent.isolated), parent=parent)
        parent.modules[name] = module
        if "src" in element.attributes:
            module.items.append(Run(self.source(element.attributes["src"]), True))
        self.content(element, module, role)
        into.append(module)

    def union(self, element, module, role):
        element.only("scaffold")
        if element.has_text():
            raise Problem(GRAMMAR, "text in a union")
        members = []
        for child in element.elements():
            if child.name != "module":
                raise Problem(GRAMMAR, f"`{child.name}` in a union")
            self.module(child, module, members, role)
        if not members:
            raise Problem(GRAMMAR, "an empty union")
        scaffold = element.attributes.get("scaffold")
        if scaffold is not None and scaffold not in [m.path[-1] for m in members]:
            raise Problem(SCHEMA, f"`{scaffold}` is no member of this union")
        union = Union(members, scaffold)
        module.items.append(union)
        for member in members:
            module.unions[member.path[-1]] = union

    def parameter(self, element, module):
        if module.parent is None:
            raise Problem(GRAMMAR, "a parameter outside modules")
        element.only("name", "length", "len", "scaffold", "default")
        self.empty(element)
        name = element.required("name")
        if not is_name(name):
            raise Problem(GRAMMAR, f"`{name}` is not a name")
        if not is_parameter_name(name):
            raise Problem(SCHEMA, f"`{name}` is reserved")
        if "length" in element.attributes and "len" in element.attributes:
            raise Problem(GRAMMAR, "`length` beside `len`")
        length = element.attributes.get("length", element.attributes.get("len"))
        if length is None:
            raise Problem(GRAMMAR, "a parameter without `length`")
        if not length.strip().isascii() or not length.strip().isdigit() or int(length) < 1:
            raise Problem(GRAMMAR, f"length `{length}`")
        if name in module.parameters:
            raise Problem(SCHEMA, f"two parameters `{name}`")
        parameter = Parameter(name, int(length), element.attributes.get("scaffold"), element.attributes.get("default"))
        module.parameters[name] = parameter
        module.items.append(parameter)

    def empty(self, element):
        if element.elements() or element.has_text():
            raise Problem(GRAMMAR, f"`{element.name}` holds nothing")

    def source(self, name):
        path = pathlib.Path(name)
        root = self.folder.resolve()
        if not name or path.is_absolute() or ".." in path.parts:
            raise Problem(SCHEMA, f"src `{name}` leaves the schema's folder")
        try:
            real = (root / path).resolve(strict=True)
            if not real.is_relative_to(root):
                raise Problem(SCHEMA, f"src `{name}` leaves the schema's folder")
            if not real.is_file():
                raise Problem(SCHEMA, f"src `{name}` is no file")
            data = real.read_bytes()
        except OSError as error:
            raise Problem(SCHEMA, f"src `{name}`: {error}")
        try:
            return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        except UnicodeDecodeError:
            raise Problem(SCHEMA, f"src `{name}` is not UTF-8")

    def scaffold(self, root, element):
        paths = [tuple(p.split("/")) for p in element.required("modules").split()]
        if len(paths) < 2:
            raise Problem(SCHEMA, "a scaffold lists two or more modules")
        if len(set(paths)) < len(paths):
            raise Problem(SCHEMA, "a module listed twice")
        unions = []  # (union, member) that each path passes through
        for path in paths:
            module, passed = root, {}
            for step in path:
                if step not in module.modules:
                    raise Problem(SCHEMA, f"no module `{'/'.join(path)}`")
                if step in module.unions:
                    passed[id(module.unions[step])] = step
                module = module.modules[step]
            if not module.cache:
                raise Problem(SCHEMA, f"`{'/'.join(path)}` has no encoding")
            unions.append(passed)
        for i, a in enumerate(paths):
            for j, b in enumerate(paths):
                if i != j and b[: len(a)] == a:
                    raise Problem(SCHEMA, f"`{'/'.join(a)}` lies around `{'/'.join(b)}`")
                for union, member in unions[i].items():
                    if unions[j].get(union, member) != member:
                        raise Problem(SCHEMA, "two members of one union in a scaffold")
        return tuple(paths)
