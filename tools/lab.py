"""python tools/lab.py [--profile demo] [--only NAME…] [--stop NAME…]: run the notebooks in JupyterLab, in a browser nobody sees; look for errors, take screenshots.

JupyterLab is the project's own, as `make lab` starts it, on a copy of the notebooks and of the package: the committed ones are not touched.
Images are synthetic; those of $MELANOMA_NB_DATA and $MELANOMA_NB_REAL are hidden. Runs go to the copy, or to $MELANOMA_NB_RUNS.
Each notebook is run as a reader does it (menu Run, Run All Cells), so cells marked `#| slow` run too, unless --no-slow.
With --stop NAME the stop button is pressed while NAME runs, and then all its cells are run again.
In the folder of --out: NAME/top.png and page-NN.png (page after page), NAME/remarks.txt (what a reader may stumble over: outputs wider than the page, warnings, bars),
NAME.ipynb as JupyterLab saved it, jupyter.log. Remarks do not make a notebook fail; errors, cells that did not run, and questions that wait for an answer do.
The last line is `N passed, N failed`. For developers, not part of `make test`; needs Playwright (`pip install playwright`, in any Python) and a Chromium."""
import argparse, json, os, re, secrets, shutil, signal, socket, subprocess, sys, tempfile, time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from env import MALLOC

ROOT = Path(__file__).resolve().parents[1]
SIZE = dict(width=1400, height=900)      # a laptop's screen, for top.png
PAGE = 1800                              # height of page-NN.png, pixels
SETTINGS = {"notebook-extension/tracker": dict(windowingMode="none", scrollPastEnd=False),   # by default JupyterLab draws only what is in view
            "apputils-extension/notification": dict(fetchNews="false", checkForUpdates=False)}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HIDDEN = ("IN_TEST", "MELANOMA_NB_ROOT", "MELANOMA_NB_DATA", "MELANOMA_NB_REAL", "PYTHONHOME")   # a reader's kernel has none of these


class Trouble(Exception): "What went wrong with a notebook, in words for the report."


# --- the copy and JupyterLab ---

def copy_tree(to: Path) -> None:
    "The files that git tracks or would track, as they are now; without git, all but data, runs and environments."
    p = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True)
    if p.returncode: shutil.copytree(ROOT, to, ignore=shutil.ignore_patterns(".venv", ".git", "data", "runs", "__pycache__", ".ipynb_checkpoints"))
    for name in filter(None, p.stdout.split("\0")):
        if not (ROOT/name).is_file(): continue
        (to/name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT/name, to/name)
    (to/"runs").mkdir(exist_ok=True)

def without_slow(path: Path) -> int:
    "Turn the cells marked `#| slow` of a (copied) notebook into raw ones, which are not run; how many."
    nb = json.loads(path.read_text(encoding="utf-8"))
    slow = [c for c in nb["cells"] if c["cell_type"] == "code" and re.match(r"(\s*#\s*\|.*\n)*\s*#\s*\|\s*slow\b", "".join(c["source"]))]
    for cell in slow:
        cell["cell_type"] = "raw"
        del cell["outputs"], cell["execution_count"]
    path.write_text(json.dumps(nb, indent=1, ensure_ascii=False), encoding="utf-8")
    return len(slow)

def lab_env(scratch: Path, copy: Path, profile: str, token: str) -> dict[str, str]:
    "The environment of JupyterLab: the copy's package before the installed one, no settings of the user's, synthetic images only."
    env = {k: v for k, v in os.environ.items() if k not in HIDDEN}
    return {**env, "MELANOMA_NB_PROFILE": profile, "MELANOMA_NB_REAL": str(scratch/"no-real-images"), "PYTHONPATH": str(copy), "JUPYTER_TOKEN": token,
            "JUPYTER_CONFIG_DIR": str(scratch/"config"), "JUPYTER_RUNTIME_DIR": str(scratch/"runtime"), "IPYTHONDIR": str(scratch/"ipython"), **MALLOC}

@contextmanager
def jupyterlab(scratch: Path, copy: Path, profile: str, log: Path):
    "JupyterLab on a free port while the block runs: (address, token)."
    for name, values in SETTINGS.items():
        file = scratch/"config/lab/user-settings/@jupyterlab"/f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    token = secrets.token_hex(16)
    env = lab_env(scratch, copy, profile, token)
    venv = subprocess.run([sys.executable, ROOT/"tools/env.py"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if venv.returncode: raise SystemExit(2)
    env.update(VIRTUAL_ENV=venv.stdout.strip(), PATH=f"{venv.stdout.strip()}/bin{os.pathsep}{env['PATH']}", JUPYTER_PREFER_ENV_PATH="1")
    code = "import melanoma_nb; print(melanoma_nb.__file__)"
    used = subprocess.run(["python", "-c", code], cwd=copy/"nbs", env=env, stdout=subprocess.PIPE, text=True).stdout.strip()
    if Path(used) != copy/"melanoma_nb/__init__.py": raise SystemExit(f"The notebooks would import {used or 'no melanoma_nb'}, not the copy in {copy}")
    with socket.socket() as s: s.bind(("127.0.0.1", 0)); port = s.getsockname()[1]
    cmd = ["jupyter", "lab", f"--notebook-dir={copy/'nbs'}", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    cmd += ["--LabApp.expose_app_in_browser=True"] + ["--allow-root"]*(os.geteuid() == 0)
    with log.open("w") as out: server = subprocess.Popen(cmd, cwd=copy, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        for _ in range(240):
            if server.poll() is not None: raise SystemExit(f"JupyterLab ended at its start; {log} says:\n{log.read_text()[-2000:]}")
            try: urlopen(f"http://127.0.0.1:{port}/api", timeout=5).close(); break
            except (URLError, TimeoutError, ConnectionError): time.sleep(.5)
        else: raise SystemExit(f"JupyterLab does not answer after 120 s; see {log}")
        yield f"http://127.0.0.1:{port}", token
    finally:   # SIGTERM ends its kernels too; a kernel whose server is gone ends by itself
        try:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(15)
        except subprocess.TimeoutExpired: os.killpg(server.pid, signal.SIGKILL); server.wait()
        except ProcessLookupError: pass


# --- the browser ---

WIDGET = "const w = [...window.jupyterapp.shell.widgets('main')].find(w => w.context?.path === name); "
STATE = "name => {" + WIDGET + """
  if (!w?.content?.model || !w.context.isReady) return null;
  const code = [...w.content.model.cells].map((c, i) => [c, i]).filter(([c, i]) => c.type === 'code' && c.sharedModel.getSource().trim());
  return {status: w.sessionContext.session?.kernel?.status ?? 'none',
          asks: document.querySelector('.jp-Dialog, .jp-Stdin:has(input)')?.innerText.trim().replace(/\\s*\\n\\s*/g, ' / ') ?? null,
          cells: code.map(([c, i]) => ({index: i, count: c.executionCount, source: c.sharedModel.getSource(),
                                        error: c.outputs.toJSON().some(o => o.output_type === 'error')}))}; }"""
REMARKS = "name => {" + WIDGET + """
  const found = [], long = [], say = (i, text) => found.push([i, text]), wide = e => e.scrollWidth > e.clientWidth + 2;
  const pen = document.createElement('canvas').getContext('2d');
  const broken = pre => { pen.font = getComputedStyle(pre).font; return pre.innerText.split('\\n').find(line => pen.measureText(line).width > pre.clientWidth); };
  w.content.widgets.forEach((cell, i) => {
    for (const o of cell.node.querySelectorAll('.jp-OutputArea-output')) {
      const kind = o.dataset.mimeType ?? '';
      if (kind.endsWith('stderr')) say(i, o.innerText.trim() ? 'stderr: ' + o.innerText.trim().slice(0, 300) : 'an empty stderr, a pink bar');
      const line = kind.endsWith('stdout') && [...o.querySelectorAll('pre')].map(broken).find(line => line);
      if (line) say(i, `a printed line of ${line.length} characters, broken in the middle of words: ${line.slice(0, 60)}…`);
      if (wide(o)) say(i, `an output of ${o.scrollWidth} px in ${o.clientWidth} px`);
      if (o.offsetHeight > 1800) say(i, `an output ${o.offsetHeight} px high`);
      if (o.querySelector('progress')) say(i, 'a bar is left: ' + o.innerText.trim().slice(0, 100)); }
    for (const img of cell.node.querySelectorAll('img')) if (!img.naturalWidth) say(i, 'a broken image: ' + (img.getAttribute('src') ?? '').slice(0, 80));
    if (cell.model.type === 'markdown') {
      const rendered = cell.node.querySelector('.jp-MarkdownOutput');
      if (!cell.rendered || !rendered) say(i, 'markdown that is not rendered');
      else { if (rendered.querySelector('mjx-merror, .MathJax_Error')) say(i, 'a formula that MathJax does not understand');
             const bare = [...rendered.querySelectorAll('p, li, td')].map(e => e.innerText.replace(/\\s+/g, ' ')).find(t => /\\$\\$|\\\\frac|\\\\sum/.test(t));
             if (bare) say(i, 'a formula that is not rendered: ' + bare.slice(0, 80));
             if ([...rendered.querySelectorAll('table, pre')].some(wide) || wide(rendered)) say(i, 'markdown wider than the page'); } }
    if (cell.model.type === 'code' && [...cell.node.querySelectorAll('.cm-scroller')].some(wide)) long.push(i); });
  if (long.length) say(long.join(' '), 'code wider than the page');
  return found; }"""

def browser_path(named: str | None) -> str:
    "The Chromium to use."
    path = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path and os.access(path, os.X_OK): return path
    if path: raise SystemExit(f"{path} is no program")
    raise SystemExit(f"No Chromium is found (looked for {', '.join(BROWSERS)}). Debian and Ubuntu: sudo apt-get install chromium; or name one with --chromium PATH")

class Notebook:
    "A notebook open in a page of the browser."
    def __init__(self, context, url: str, token: str, name: str, patience: float):
        self.name, self.file, self.patience, self.page = name, f"{name}.ipynb", patience, context.new_page()
        self.page.set_viewport_size(SIZE)
        self.page.goto(f"{url}/lab/workspaces/{name}/tree/{self.file}?reset&token={token}")
        self.page.wait_for_function("() => window.jupyterapp", timeout=120_000)
        self.wait(lambda s: s and s["status"] == "idle", 120, "the notebook did not open, or its kernel did not start")

    def __enter__(self): return self
    def __exit__(self, kind, *_):
        if kind and not issubclass(kind, Exception): return   # Ctrl-C: the browser and JupyterLab end as a whole
        try: self.page.evaluate("async name => {" + WIDGET + "await w?.sessionContext.shutdown(); }", self.file)
        finally: self.page.close()

    def state(self) -> dict | None: return self.page.evaluate(STATE, self.file)

    def wait(self, ready, seconds: float, why: str) -> dict:
        "Ask for the state until `ready(state)`."
        end = time.time() + seconds
        while not ready(state := self.state()):
            if state and state["asks"] is not None: raise Trouble(f"a question waits for an answer: {state['asks']}")
            if time.time() > end: raise Trouble(f"{why} within {seconds:.0f} s (kernel: {state['status'] if state else 'none'})")
            self.page.wait_for_timeout(250)
        return state

    def run_all(self) -> int:
        "Menu Run, Run All Cells; the highest execution count before."
        before = max([c["count"] or 0 for c in self.state()["cells"]], default=0)
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text("Run", exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
        return before

    def until_done(self, before: int, each=lambda cell, seconds: False) -> dict:
        "Wait until each cell has run or one failed, and the kernel is idle; `each(running cell, its seconds)` ends the waiting if true."
        current, since, idle = None, time.time(), 0
        while True:
            state = self.state()
            left = [c for c in state["cells"] if (c["count"] or 0) <= before]
            if (now := left[0]["index"] if left else None) != current: current, since = now, time.time()
            if state["asks"] is not None: raise Trouble(f"a question waits for an answer: {state['asks']}{self.at(left)}")
            if state["status"] in ("dead", "none", "autorestarting", "terminating"): raise Trouble(f"the kernel is {state['status']}{self.at(left)}")
            idle = idle + 1 if state["status"] == "idle" and (not left or any(c["error"] and (c["count"] or 0) > before for c in state["cells"])) else 0
            if idle >= 3: return state
            if left and each(left[0], time.time() - since): return state
            if time.time() - since > self.patience: raise Trouble(f"not done after {self.patience:.0f} s{self.at(left)}")
            self.page.wait_for_timeout(300)

    def at(self, left: list[dict]) -> str:
        return f", in cell {left[0]['index']}: `{[l for l in left[0]['source'].splitlines() if l.strip() and not l.startswith('#|')][-1].strip()[:80]}`" if left else ""

    def stop(self) -> None: self.page.locator('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]').first.click()

    def saved(self, copy: Path) -> dict:
        "The notebook as JupyterLab writes it to disk."
        self.page.evaluate("async name => {" + WIDGET + "await w.context.save(); }", self.file)
        return json.loads((copy/"nbs"/self.file).read_text(encoding="utf-8"))

    def look(self, folder: Path) -> int:
        "Screenshots of the top and of page after page, and the remarks; how many remarks."
        page = self.page
        folder.mkdir(parents=True, exist_ok=True)
        page.evaluate("async () => { await document.fonts.ready; await Promise.all([...document.images].map(i => i.decode().catch(() => 0))); }")
        scroller = page.locator(".jp-Notebook .jp-WindowedPanel-outer, .jp-Notebook.jp-WindowedPanel-outer").first
        scroller.evaluate("e => e.scrollTop = 0")
        page.mouse.move(0, 0)
        page.wait_for_timeout(1000)
        page.screenshot(path=folder/"top.png")
        remarks = [f"cell {i}: {text}\n" for i, text in page.evaluate(REMARKS, self.file)]
        (folder/"remarks.txt").write_text("".join(remarks), encoding="utf-8")
        page.set_viewport_size(SIZE | dict(height=PAGE))
        page.wait_for_timeout(700)
        height, step = scroller.evaluate("e => [e.scrollHeight, e.clientHeight]")
        for i, y in enumerate(range(0, height, step - 60)):
            scroller.evaluate("(e, y) => e.scrollTop = y", y)
            page.wait_for_timeout(250)
            page.screenshot(path=folder/f"page-{i:02}.png")
            if y + step >= height: break
        page.set_viewport_size(SIZE)
        return len(remarks)


# --- what is asked of a notebook ---

def errors(nb: dict) -> list[str]:
    "The error cells of a saved notebook, and the code cells without a count."
    code = [(i, c) for i, c in enumerate(nb["cells"]) if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    failed = [f"cell {i}: {o['ename']}: {o['evalue'][:600]}" for i, c in code for o in c["outputs"] if o["output_type"] == "error"]
    silent = [i for i, c in code if c["execution_count"] is None]
    return failed + ([f"{len(silent)} of {len(code)} code cells have not run, the first is cell {silent[0]}"] if silent else [])

IMPORTS = re.compile(r"^(import|from) ", re.M)   # stopped in there, a library is left half loaded, and only a new kernel helps

def interrupted(book: Notebook, after: float, text: str, copy: Path, out: Path) -> str:
    "Run all, press stop in a cell that has run for a second, run all again; what was seen. Trouble if the stop does not show."
    start, at = time.time(), []
    out.mkdir(parents=True, exist_ok=True)
    def now(cell, seconds):
        if time.time() - start < after or seconds < 1 or text not in cell["source"] or IMPORTS.search(cell["source"]): return False
        at.append(cell); return True
    book.until_done(book.run_all(), now)
    if not at: raise Trouble(f"nothing to stop: after {after:.0f} s no cell {f'with `{text}` ' if text else ''}ran for a second (those that import are not stopped)")
    pressed = time.time()
    book.stop()
    def rest(s): return s["status"] == "idle" and (any(c["error"] for c in s["cells"]) or all(c["count"] for c in s["cells"]))
    state = book.wait(rest, 120, "the kernel does not come to rest after the stop button")
    took, shown = time.time() - pressed, errors(book.saved(copy))
    book.page.screenshot(path=out/"stopped.png")
    if not any("KeyboardInterrupt" in e for e in shown):
        raise Trouble(f"stop was pressed{book.at(at)}, and no cell shows KeyboardInterrupt; shown: {'; '.join(shown) or 'nothing'}")
    if all(c["count"] for c in state["cells"]): raise Trouble("the cells after the stopped one ran all the same")
    book.until_done(book.run_all())
    return f"stopped{book.at(at)}: KeyboardInterrupt after {took:.1f} s, then run again"

def one(context, url: str, token: str, name: str, copy: Path, out: Path, args) -> bool:
    "Open a notebook, run it, look at it; print its line. Did it pass?"
    start, problems, told, cells, remarks = time.time(), [], "", 0, 0
    for old in [*(out/name).glob("*.png"), *(out/name).glob("remarks.txt")]: old.unlink()
    try:
        with Notebook(context, url, token, name, args.timeout) as book:
            try:
                if args.no_run: pass
                elif name in args.stop: told = interrupted(book, args.after, args.within, copy, out/name)
                else: book.until_done(book.run_all())
            except Trouble as e: problems.append(str(e))
            seconds, nb = time.time() - start, book.saved(copy)
            cells, problems = sum(c["cell_type"] == "code" for c in nb["cells"]), problems + [e for e in errors(nb) if not (args.no_run and "have not run" in e)]
            remarks = book.look(out/name)
            shutil.copy2(copy/"nbs"/f"{name}.ipynb", out)
    except Exception as e:   # a page that broke: the next notebook has its own
        problems.append(str(e) if isinstance(e, Trouble) else f"{type(e).__name__}: {e}")
        seconds = time.time() - start
    line = f"{'FAIL' if problems else 'ok  '}  {name:<20} {cells:3} code cells {seconds:6.1f} s  {remarks:2} remarks  {out/name}"
    print(line, *(f"      {p}" for p in [told, *problems] if p), sep="\n", flush=True)
    return not problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profile", choices=["tiny", "demo"], default="tiny")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these notebooks (default: all of nbs/)")
    parser.add_argument("--stop", nargs="+", default=[], metavar="NAME",
                        help="press the stop button while these run, in a cell without imports, then run them again; alone, only these are opened")
    parser.add_argument("--after", type=float, default=5, help="seconds after Run All Cells at which stop may be pressed")
    parser.add_argument("--within", default="", metavar="TEXT", help="press stop only in a cell whose code has this text")
    parser.add_argument("--no-slow", action="store_true", help="leave out the cells marked `#| slow`")
    parser.add_argument("--no-run", action="store_true", help="only open them and look: the outputs are those that are kept in the notebooks")
    parser.add_argument("--timeout", type=float, default=900, help="seconds a cell may take")
    parser.add_argument("--out", type=Path, default=ROOT/"runs/lab", help="folder of the screenshots (a folder for the profile is made in it)")
    parser.add_argument("--chromium", help="path of the browser")
    args = parser.parse_args()
    try: from playwright.sync_api import sync_playwright
    except ImportError: raise SystemExit(f"{sys.executable} has no Playwright: `{sys.executable} -m pip install playwright`, or run this with any Python that has it; "
                                         "JupyterLab is started in the project's own environment all the same")
    there = sorted((p.stem for p in (ROOT/"nbs").glob("[!_.]*.ipynb")), key=lambda s: (s != "index", s))
    args.only, args.stop = ([Path(n).name.removesuffix(".ipynb") for n in names] for names in (args.only, args.stop))
    if unknown := [n for n in args.only + args.stop if n not in there]: parser.error(f"no notebook is called {', '.join(unknown)}; there are {', '.join(there)}")
    if args.no_run and args.stop: parser.error("--no-run and --stop exclude each other")
    todo = [n for n in there if n in args.only + args.stop] or there
    chromium, out, start, passed = browser_path(args.chromium), (args.out/args.profile).resolve(), time.time(), []
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))   # so that what is below ends as at Ctrl-C
    with tempfile.TemporaryDirectory(prefix="melanoma_nb-lab-", ignore_cleanup_errors=True) as d:
        scratch, copy = Path(d).resolve(), Path(d).resolve()/"copy"
        copy_tree(copy)
        if args.no_slow:
            for name in todo: without_slow(copy/"nbs"/f"{name}.ipynb")
        with jupyterlab(scratch, copy, args.profile, out/"jupyter.log") as (url, token), sync_playwright() as p:
            browser = p.chromium.launch(executable_path=chromium, headless=True, handle_sigint=False, handle_sigterm=False, handle_sighup=False)
            try:
                context = browser.new_context()
                for name in todo: passed.append(one(context, url, token, name, copy, out, args))
            finally: browser.close()
    print(f"\n{time.time()-start:.0f} s\n{sum(passed)} passed, {len(passed)-sum(passed)} failed")
    return 0 if all(passed) and passed else 1

if __name__ == "__main__":
    try: sys.exit(main())
    except KeyboardInterrupt: sys.exit("stopped: JupyterLab and the browser are ended")
