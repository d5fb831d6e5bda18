"""The hand-written cases, and how one becomes files in a folder."""
import pathlib
import tomllib
from dataclasses import dataclass, field

FOLDER = pathlib.Path(__file__).resolve().parent / "cases"


@dataclass
class Case:
    name: str
    spec: str = ""
    schema: str = ""
    prompt: str | None = None
    error: list | None = None  # kinds of diagnostics, one of which is wanted
    files: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    options: list = field(default_factory=list)
    encoding: str = "utf-8"
    model: str | None = None  # one of models.py; the one that ships with the program if left out

    @property
    def template(self):
        return dict(zip(self.options[::2], self.options[1::2])).get("--chat-template")

    def write(self, folder):
        """Writes the documents and what they name."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text.encode())
        for name, target in self.links.items():
            (folder / name).symlink_to(target)
        (folder / "schema.pml").write_bytes(self.schema.encode(self.encoding))
        if self.prompt is not None:
            (folder / "prompt.pml").write_bytes(self.prompt.encode())


def _generated(entry):
    """Documents that are too long to be written out."""
    depth = entry.pop("nested", None)
    if depth:
        inner = depth - 1
        entry["schema"] = ('<schema name="s">' + "".join(f'<module name="m{i}">x' for i in range(inner))
                           + "</module>" * inner + "</schema>")
    count = entry.pop("attributes", None)
    if count:
        entry["schema"] = "<schema " + " ".join(f'a{i}="x"' for i in range(count)) + ">x</schema>"
    return entry


def load(only=None):
    """-> [Case], the name begun with its file's"""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        for entry in tomllib.loads(path.read_text()).get("case", []):
            entry = _generated(entry)
            entry["name"] = f"{path.stem}: {entry['name']}"
            found.append(Case(**entry))
    return [c for c in found if only is None or only in c.name]


@dataclass
class Sequence(Case):
    """Runs one after the other over one store."""
    prompts: dict = field(default_factory=dict)
    runs: list = field(default_factory=list)  # tables of `prompt` and what of `joint`, `repair`, `no_cache` it is given

    def write(self, folder):
        super().write(folder)
        for name, text in self.prompts.items():
            (pathlib.Path(folder) / f"{name}.pml").write_bytes(text.encode())


def sequences(file):
    """-> [Sequence] of a file's name without `.toml`"""
    return [Sequence(**entry) for entry in tomllib.loads((FOLDER / f"{file}.toml").read_text())["sequence"]]


def identity():
    return tomllib.loads((FOLDER / "identity.toml").read_text())
