"python tools/test_lab.py: does lab.py find what is planted in the notebooks of a small project? Needs what lab.py needs, and a minute or two."
import json, os, shutil, subprocess, sys, tempfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
SPIN = "for i in range(80):\n    try: time.sleep(.1)\n    except KeyboardInterrupt: {}"
NOTEBOOKS = dict(
    good=["# Good\n\n$$a = \\frac12$$", "import melanoma_nb, os; print(melanoma_nb.__file__)", "", "print(os.getcwd(), os.environ['MELANOMA_NB_PROFILE'], 'IN_TEST' in os.environ)",
          "#| slow\nprint('slow ran')"],
    wrong=["# Wrong", "x = 1", "#| export\nraise ValueError('planted fault')", "print('after it')"],
    hung=["# Hung", "import time", "while True: time.sleep(.1)", "print('after it')"],
    asking=["# Asking", "input('your name? ')"],
    dying=["# Dying", "import os; os._exit(3)"],
    odd=["# Odd\n\n![x](nothing.png)", "import sys; print('be warned', file=sys.stderr); from IPython.display import HTML", "HTML('<table><tr>' + '<td>a wide cell</td>'*60 + '</tr></table>')",
         "print('\\n'*300)", "print('0123456789'*20)"],
    stopped=["# Stopped", "import time", SPIN.format("raise"), "print('after it')"],
    deaf=["# Deaf", "import time", SPIN.format("pass"), "print('after it')"])


def project(root: Path) -> None:
    "A project with the notebooks above: their first cell is markdown."
    for d in ("nbs", "melanoma_nb", "tools"): (root/d).mkdir(parents=True)
    for name in ("lab.py", "env.py"): shutil.copy(TOOLS/name, root/"tools")
    (root/"melanoma_nb/__init__.py").touch()
    for name, (prose, *code) in NOTEBOOKS.items():
        cells = [dict(cell_type="markdown", id="c0", metadata={}, source=prose)]
        cells += [dict(cell_type="code", id=f"c{i+1}", metadata={}, source=s, outputs=[], execution_count=None) for i, s in enumerate(code)]
        nb = dict(cells=cells, metadata=dict(kernelspec=dict(display_name="python3", language="python", name="python3")), nbformat=4, nbformat_minor=5)
        (root/f"nbs/{name}.ipynb").write_text(json.dumps(nb))

def drive(root: Path, *args) -> tuple[int, dict[str, str]]:
    "Run the project's lab.py: exit status and, for each notebook, what was said of it."
    venv = subprocess.run([sys.executable, TOOLS/"env.py"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    env = dict(os.environ, VIRTUAL_ENV=venv, PYTHONPATH=str(root), IN_TEST="1", MELANOMA_NB_DATA="/not/here")
    p = subprocess.run([sys.executable, root/"tools/lab.py", *args], cwd=root, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    print(p.stdout)
    said = {}
    for line in p.stdout.splitlines():
        if line[:6] in ("ok    ", "FAIL  "): said[name := line.split()[1]] = line
        elif line.startswith("      "): said[name] += "\n" + line
    return p.returncode, said


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as d:
        root = Path(d).resolve()/"p"
        project(root)
        before = {f: f.read_bytes() for f in sorted((root/"nbs").iterdir())}
        rc, said = drive(root, "--timeout", "20", "--only", "good", "wrong", "hung", "asking", "dying", "odd")
        assert rc == 1 and list(said) == ["asking", "dying", "good", "hung", "odd", "wrong"], said
        faults = dict(wrong="cell 2: ValueError: planted fault", hung="not done after 20 s, in cell 2: `while True: time.sleep(.1)`", asking="waits for an answer: your name?",
                      dying="appears to have died")
        for name, words in faults.items():
            assert said[name].startswith("FAIL") and words in said[name], said[name]
        for name in ("good", "odd"): assert said[name].startswith("ok"), said[name]
        out = root/"runs/lab/tiny"
        printed = ["".join(c["outputs"][0]["text"]).split() for c in json.loads((out/"good.ipynb").read_text())["cells"] if c.get("outputs")]
        (package,), (folder, *how), ran = printed
        assert Path(package).parents[1] == Path(folder).parent != root and how == ["tiny", "False"] and ran == ["slow", "ran"], printed
        remarks = (out/"odd/remarks.txt").read_text()
        for words in ("a broken image", "stderr: be warned", "px in ", "px high", "a printed line of 200 characters"): assert words in remarks, (words, remarks)
        assert not (out/"good/remarks.txt").read_text() and (out/"good/top.png").stat().st_size > 10_000 and (out/"odd/page-03.png").exists()

        rc, said = drive(root, "--after", "0", "--stop", "stopped", "deaf")
        assert rc == 1 and said["stopped"].startswith("ok") and "KeyboardInterrupt after" in said["stopped"], said
        assert said["deaf"].startswith("FAIL") and "no cell shows KeyboardInterrupt" in said["deaf"], said
        rc, said = drive(root, "--no-slow", "--only", "good")
        assert rc == 0 and "  3 code cells" in said["good"], said
        assert before == {f: f.read_bytes() for f in sorted((root/"nbs").iterdir())}, "a notebook of the project was changed"
    print("lab.py finds what is planted")
