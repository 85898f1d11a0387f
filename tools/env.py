"""python3 tools/env.py COMMAND ARG…: run COMMAND in the project's Python environment, which is made first when it is missing or out of date.

Which environment: the active virtual environment if the package is installed in it (`pip install -e '.[dev]'`), else `.venv` here.
`.venv` is out of date when constraints.txt, settings.ini, setup.py or pyproject.toml have another content than at its installation, or when the folder was moved.
Needs nothing but the standard library, and parses on old Pythons so that it can say what is missing."""
import ctypes, hashlib, os, shutil, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed-from")
MIN_PYTHON = (3, 11)
LIBS = {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0"}  # shared library -> its Debian package; OpenCV needs them
MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_TOP_PAD_": "268435456"}  # keeps freed memory: training is 1.2-1.9 times as fast on a CPU


def say(text): print(text, file=sys.stderr, flush=True)


def new_enough_python():
    "Go on with a Python that is new enough, if there is one under another name."
    if sys.version_info >= MIN_PYTHON: return
    for minor in range(14, MIN_PYTHON[1] - 1, -1):
        exe = shutil.which("python3.%d" % minor)
        if exe and subprocess.call([exe, "-c", ""], stderr=subprocess.DEVNULL) == 0: os.execv(exe, [exe] + sys.argv)
    sys.exit("Python %d.%d or newer is needed; %s is %s. Name another one with `make PYTHON=/path/to/python …`." % (MIN_PYTHON + (sys.executable, sys.version.split()[0])))


def loads(lib):
    "Does the dynamic linker find this shared library?"
    try: ctypes.CDLL(lib)
    except OSError: return False
    return True


def missing_system():
    "What the operating system lacks: [(what, Debian package)]."
    gone = [(tool, tool) for tool in ("git",) if not shutil.which(tool)]
    try: import ensurepip, venv  # noqa: F401
    except ImportError: gone.append(("the Python modules venv and ensurepip", "python3-venv"))
    if sys.platform.startswith("linux"): gone += [(lib, pkg) for lib, pkg in LIBS.items() if not loads(lib)]
    return gone


def python_of(venv): return os.path.join(venv, "bin", "python")


def holds_package(python):
    "Is this project, from this folder, installed for `python`?"
    code = "import importlib.util as u; s = u.find_spec('melanoma_nb'); print(s.origin if s else '')"
    p = subprocess.run([python, "-c", code], cwd=os.path.join(ROOT, "tools"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    return os.path.realpath(p.stdout.strip()) == os.path.realpath(os.path.join(ROOT, "melanoma_nb", "__init__.py"))


def active_venv():
    "The virtual environment that the user made and that is active, if the package is installed in it."
    venv = os.environ.get("VIRTUAL_ENV") or (sys.prefix if sys.prefix != sys.base_prefix else "")
    if not venv or not os.path.exists(python_of(venv)) or os.path.realpath(venv) == os.path.realpath(VENV): return None
    if holds_package(python_of(venv)): return venv
    say("The active environment %s does not hold this package: using %s.\n(To use yours: pip install -c constraints.txt -e '.[dev]')" % (venv, VENV))
    return None


def fingerprint():
    "What `.venv` must have been installed from: where, and the content of the files that decide it."
    h = hashlib.sha256()
    for name in ("constraints.txt", "settings.ini", "setup.py", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as f: h.update(name.encode() + b"\0" + f.read() + b"\0")
    return ROOT + "\n" + h.hexdigest() + "\n"


def stamp():
    try:
        with open(STAMP) as f: return f.read()
    except OSError: return ""


def pip_install():
    "Install the tested set, with a sign of life every 20 seconds; pip's whole output is in `.venv/install.log`."
    log, start, done, now = os.path.join(VENV, "install.log"), time.time(), threading.Event(), [""]
    cmd = [python_of(VENV), "-m", "pip", "install", "--progress-bar", "off", "--disable-pip-version-check", "-c", "constraints.txt", "-e", ".[dev]"]
    def alive():
        while not done.wait(20): say("%4d s  %s" % (time.time() - start, now[0][:90]))
    say("python %s" % " ".join(cmd[1:]))
    threading.Thread(target=alive, daemon=True).start()
    with open(log, "w") as f:
        p = subprocess.Popen(cmd, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        for line in p.stdout:
            now[0] = line.strip() or now[0]
            f.write(line); f.flush()
    done.set()
    if p.wait():
        with open(log) as f: say("".join(f.readlines()[-25:]))
        sys.exit("The installation failed; all that pip said is in %s" % log)
    say("%4d s  installed" % (time.time() - start))


def make_venv():
    "`.venv`, made and installed unless it is up to date. Two processes that ask at once make it once."
    import fcntl
    with open(os.path.join(ROOT, "settings.ini")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        want, have, python = fingerprint(), stamp(), python_of(VENV)
        if have == want and os.path.exists(python): return VENV
        works = os.path.exists(python) and subprocess.call([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
        if not works or have.split("\n")[0] not in ("", ROOT):
            say("Making .venv with Python %s (the installation takes 2-3 minutes and 6.5 GB)" % sys.version.split()[0])
            subprocess.check_call([getattr(sys, "_base_executable", sys.executable), "-m", "venv", "--clear", VENV])
        else: say("What .venv was installed from has changed: bringing it up to date")
        if have: os.remove(STAMP)
        pip_install()
        with open(STAMP, "w") as f: f.write(want)
    return VENV


def main():
    new_enough_python()
    gone = missing_system()
    if gone:
        for what, pkg in gone: say("missing: %s (Debian and Ubuntu: package %s)" % (what, pkg))
        sys.exit("Install it first, for instance with: sudo apt-get install " + " ".join(pkg for _, pkg in gone))
    venv = active_venv() or make_venv()
    if len(sys.argv) == 1: return print(venv)
    env = dict(os.environ, VIRTUAL_ENV=venv, PATH=os.path.join(venv, "bin") + os.pathsep + os.environ.get("PATH", ""), JUPYTER_PREFER_ENV_PATH="1", **MALLOC)
    env.pop("PYTHONHOME", None)
    try: os.execvpe(sys.argv[1], sys.argv[1:], env)
    except FileNotFoundError: sys.exit("%s is not installed in %s" % (sys.argv[1], venv))


if __name__ == "__main__": main()
