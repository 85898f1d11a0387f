"python tools/show.py EXECUTED.ipynb: print, as text, what the cells tagged `summary` of an executed notebook show (without such a tag: its last two cells with an output)."
import sys
from pathlib import Path
import nbformat


def as_text(output) -> str:
    "One output of a cell as plain text; pictures are left out."
    if output.output_type == "stream": return output.text
    if output.output_type == "error": return f"{output.ename}: {output.evalue}"
    data = output.get("data", {})
    return "" if any(k.startswith("image/") for k in data) else data.get("text/markdown") or data.get("text/plain", "")


def summary(nb) -> str:
    "What the tagged cells show, in order."
    cells = [c for c in nb.cells if c.cell_type == "code" and c.outputs]
    tagged = [c for c in cells if "summary" in c.metadata.get("tags", [])]
    return "\n\n".join(t for c in tagged or cells[-2:] for o in c.outputs if (t := as_text(o).strip("\n")))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    print(summary(nbformat.read(path, 4)))
    print(f"\nexecuted notebook: {path.resolve()}")
