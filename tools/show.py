"python tools/show.py EXECUTED.ipynb: print, as text, what the cells tagged `summary` of an executed notebook show (without such a tag: its last two cells with an output)."
import sys
from pathlib import Path
import nbformat


def settled(text: str) -> str:
    "What a terminal would show in the end: of a line that a progress bar wrote over itself, only the last state, and nothing if that is empty."
    lines = text.replace("\r\n", "\n").splitlines(keepends=True)
    return "".join(line.rsplit("\r", 1)[-1] for line in lines if line.rsplit("\r", 1)[-1].strip() or "\r" not in line)


def as_text(output) -> str:
    "One output of a cell as plain text; pictures and progress bars are left out."
    if output.output_type == "stream": return "" if output.name == "stderr" else settled(output.text)
    if output.output_type == "error": return f"{output.ename}: {output.evalue}"
    data = output.get("data", {})
    return "" if any(k.startswith("image/") for k in data) else data.get("text/markdown") or data.get("text/plain", "")


def summary(nb) -> str:
    "What the tagged cells show, in order."
    cells = [c for c in nb.cells if c.cell_type == "code" and c.outputs]
    tagged = [c for c in cells if "summary" in c.metadata.get("tags", [])]
    def whole(c):   # pieces of one stream belong together: a bar is written in many
        pieces = []
        for o in c.outputs:
            if pieces and o.output_type == pieces[-1].output_type == "stream" and o.name == pieces[-1].name: pieces[-1].text += o.text
            else: pieces.append(o)
        return pieces
    return "\n\n".join(t for c in tagged or cells[-2:] for o in whole(c) if (t := as_text(o).strip("\n")))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    print(summary(nbformat.read(path, 4)))
    print(f"\nexecuted notebook: {path.resolve()}")
