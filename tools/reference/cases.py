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
    model: str | None = None

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


def identity():
    return tomllib.loads((FOLDER / "identity.toml").read_text())
