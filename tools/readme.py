"""python tools/readme.py [--check]: README.md is nbs/index.ipynb rendered to Markdown.

Cells marked `#| hide` are left out; of those marked `#| echo: false` only the output is kept. Links are written from the root instead of from nbs/."""
import posixpath, re, sys
from pathlib import Path
import nbformat
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(\]\()(?![a-z]+:|#|/)([^)\s]+)(\))")


def from_root(match) -> str:
    "A link that is relative to nbs/, made relative to the root."
    path, hash_, anchor = match[2].partition("#")
    return match[1] + posixpath.normpath(posixpath.join("nbs", path)) + hash_ + anchor + match[3]


def marked(source: str, directive: str) -> bool:
    "Do the cell's leading `#|` lines contain this directive?"
    return re.search(rf"\A(?:#\|.*\n)*#\|\s*{directive}\s*$", source, re.M) is not None


def render(root: Path) -> str:
    "The text that README.md must have."
    nb = nbformat.read(root/"nbs/index.ipynb", 4)
    nb.cells = [c for c in nb.cells if not (c.cell_type == "code" and marked(c.source, "hide"))]
    for c in nb.cells:
        if c.cell_type == "code" and marked(c.source, "echo: *false"): c.source = ""
        elif c.cell_type == "code": c.source = re.sub(r"\A(?:#\|.*\n)+", "", c.source)
        else: c.source = LINK.sub(from_root, c.source)
    text, extra = MarkdownExporter(exclude_input_prompt=True, exclude_output_prompt=True).from_notebook_node(nb)
    if extra.get("outputs"): raise SystemExit("nbs/index.ipynb has a picture among its outputs: README.md cannot hold it")
    text = re.sub(r"```python\n\s*```\n", "", text)
    return "<!-- Rendered from nbs/index.ipynb by tools/readme.py: edit the notebook. -->\n\n" + re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"


def stale(root: Path) -> list[str]:
    "Why README.md is not the rendered index; empty if it is."
    readme = root/"README.md"
    if not readme.exists(): return ["README.md is missing: python tools/readme.py"]
    text = render(root)
    dead = [f"README.md links to {t}, which does not exist" for t in sorted({m[2].partition("#")[0] for m in LINK.finditer(text)}) if not (root/t).exists()]
    return dead + ([] if readme.read_text(encoding="utf-8") == text else ["README.md is not what nbs/index.ipynb renders to: python tools/readme.py"])


if __name__ == "__main__":
    if "--check" in sys.argv:
        problems = stale(ROOT)
        print("\n".join(problems)); sys.exit(bool(problems))
    (ROOT/"README.md").write_text(render(ROOT), encoding="utf-8")
