"""python tools/execute.py [--profile demo] [NOTEBOOK…]: run notebooks in place, on synthetic data, and keep their outputs for the commit.

Cells marked `#| slow` are not run and lose their outputs; the real images that tests may use are hidden, so that nothing of them can be shown. Without names, all notebooks of nbs/.
The notebook is written only when all of it ran, and cleaned as `nbdev_clean` does."""
import argparse, os, subprocess, sys, time
from pathlib import Path
import nbformat
from nbclient import NotebookClient
from check import MALLOC, ROOT, directives
from melanoma_nb.study import settle


def execute(path: Path, profile: str, timeout: int) -> float:
    "Run one notebook in place; the seconds it took."
    nb, start = nbformat.read(path, 4), time.time()
    client = NotebookClient(nb, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}})
    with client.setup_kernel():
        for i, cell in enumerate(nb.cells):
            if cell.cell_type != "code": continue
            cell.outputs, cell.execution_count = [], None
            if "slow" not in directives(cell.source): client.execute_cell(cell, i)
    settle(nb)
    nbformat.write(nb, path)
    subprocess.run([Path(sys.executable).with_name("nbdev_clean"), "--fname", path], cwd=ROOT, check=True)
    return time.time() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--profile", choices=["tiny", "demo"], default="demo")
    parser.add_argument("--timeout", type=int, default=1800, help="seconds a cell may take")
    args = parser.parse_args()
    for gone in ("MELANOMA_NB_DATA", "IN_TEST"): os.environ.pop(gone, None)
    if args.profile == "demo": os.environ["MELANOMA_NB_PICTURES"] = "1"     # nbs/images/pipeline.png is drawn anew
    os.environ.update(MALLOC, MELANOMA_NB_PROFILE=args.profile, PYTHONWARNINGS="ignore", MELANOMA_NB_REAL=str(ROOT/"no-real-images-here"))
    for path in args.notebooks or sorted((ROOT/"nbs").glob("[!_.]*.ipynb")):
        print(f"{path.stem:<20} {execute(path.resolve(), args.profile, args.timeout):6.1f} s", flush=True)
