"""python benchmarks/study.py [--profile demo] [--stages 05,07] [-p NAME=VALUE …] [--kills 24] [--seed 0] [--out results]: one study undisturbed, the same study killed again and again until it is whole.

Both begin from an empty run folder. A kill (SIGKILL, without warning) takes the process alone, whose kernel must then end by itself, or the process and its kernel together, in turn.
The moments are drawn so that they spread over the stages; after the last kill the study runs to its end. Every table must then be byte for byte that of the undisturbed one (but for the seconds an epoch took).
Kept is a table of the kills: which notebook was being executed, after how many seconds of this start, and what was killed."""
import argparse, io, json, os, re, signal, subprocess, sys, tempfile, time
from pathlib import Path
import numpy as np
import pandas as pd
from common import keep

ROOT = Path(__file__).resolve().parents[1]


STARTED = []

def start(options: list[str], runs: Path, log: Path) -> subprocess.Popen:
    "The study as a process of its own, its output in `log`."
    code = "import sys; from melanoma_nb.study import melanoma_study; sys.exit(melanoma_study(sys.argv[1:]))"
    env = {k: v for k, v in os.environ.items() if k not in ("MELANOMA_NB_DATA", "IN_TEST")} | dict(MELANOMA_NB_RUNS=str(runs))
    with log.open("w") as f: STARTED.append(subprocess.Popen([sys.executable, "-c", code, *options], cwd=ROOT, env=env, stdout=f, stderr=subprocess.STDOUT, start_new_session=True))
    return STARTED[-1]


def below(pid: int) -> list[int]:
    "The processes below one, however deep."
    parents = {}
    for f in Path("/proc").glob("[0-9]*/stat"):
        try: parts = f.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError): continue   # ended in between
        parents[int(f.parent.name)] = int(parts[1])
    found = [pid]
    for p in found: found += [c for c, q in parents.items() if q == p]
    return found[1:]


def stages_begun(log: Path) -> list[str]:
    "Notebooks that a study said it executes, in order."
    return re.findall(r"^\[\d+/\d+\] (\S+) … ", log.read_text(), re.M)


def seconds_of(runs: Path) -> dict[str, float]:
    "How long each notebook of the finished study took."
    return json.loads(next((runs/"study").glob("[!.]*/record.json")).read_text())["jobs"]


def tables_of(runs: Path) -> dict[str, bytes]:
    "The tables of the finished study; how many seconds an epoch took, in histories.csv, is left out."
    found = {f.name: f.read_bytes() for f in sorted(next((runs/"study").glob("[!.]*/tables")).glob("*.csv"))}
    if h := found.get("histories.csv"): found["histories.csv"] = pd.read_csv(io.BytesIO(h), dtype=str).drop(columns="seconds").to_csv().encode()
    return found


def stop(started: list) -> None:
    "End the studies that are still running, with their kernels: this script was broken off."
    for s in started:
        for v in [s.pid, *below(s.pid)] if s.poll() is None else []:
            try: os.kill(v, signal.SIGKILL)
            except ProcessLookupError: continue


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--profile", default="demo"); p.add_argument("--stages"); p.add_argument("-p", dest="given", nargs="+", default=[]); p.add_argument("--kills", type=int, default=24)
    p.add_argument("--seed", type=int, default=0); p.add_argument("--out", type=Path); args = p.parse_args()
    rng, rows = np.random.default_rng(args.seed), []; options = ["--profile", args.profile, *(["--stages", args.stages] if args.stages else []), *(["-p", *args.given] if args.given else [])]
    with tempfile.TemporaryDirectory() as d:
        d = Path(d); log = d/"log.txt"; t = time.time(); first = start(options, d/"whole", log)
        if first.wait(): sys.exit(f"the undisturbed study failed:\n{log.read_text()[-3000:]}")
        whole = time.time() - t; each = seconds_of(d/"whole"); print(f"undisturbed: {whole:.0f} s; " + ", ".join(f"{k} {v:.0f}" for k, v in each.items()), flush=True)
        wanted = rng.permutation([k for k in each for _ in range(-(-args.kills//len(each)))])[:args.kills]   # in which notebook, as evenly as may be
        wanted = sorted(wanted, key=list(each).index)
        for stage in wanted:
            s = start(options, d/"killed", log); t = time.time(); delay = None
            while s.poll() is None and delay is None:
                begun = [b for b in stages_begun(log) if list(each).index(b) >= list(each).index(stage)]   # that one, or, if it is whole already, the next
                if begun: delay = rng.uniform(0, max(3, .8*each[begun[0]])); break
                time.sleep(.1)
            end = time.time() + (delay or 0)
            while s.poll() is None and time.time() < end: time.sleep(.05)
            if s.poll() is not None:
                if s.returncode: sys.exit(f"a study that was started again failed:\n{log.read_text()[-3000:]}")
                print(f"{stage}: whole before it could be killed", flush=True); continue
            now = stages_begun(log)[-1]; both = bool(len(rows) % 2); victims = [s.pid, *(below(s.pid) if both else [])]
            for v in victims:
                try: os.kill(v, signal.SIGKILL)
                except ProcessLookupError: continue   # it had just ended
            s.wait(); rows.append(dict(kill=len(rows) + 1, notebook=now, seconds=round(time.time() - t, 1), killed="process and kernel" if both else "process"))
            print(rows[-1], flush=True)
        s = start(options, d/"killed", log)
        if s.wait(): sys.exit(f"the last start failed:\n{log.read_text()[-3000:]}")
        a, b = tables_of(d/"whole"), tables_of(d/"killed"); differ = sorted({k for k in a | b if a.get(k) != b.get(k)})
    print(f"{len(rows)} kills in {len({r['notebook'] for r in rows})} notebooks; {len(a)} tables, {'all the same' if not differ else 'DIFFERENT: ' + ', '.join(differ)}")
    if differ or not rows: sys.exit(1)     # without a kill nothing is shown
    if args.out: keep(pd.DataFrame(rows).assign(tables=len(a), same=len(a)), args.out, "study_kills", seed=args.seed)


if __name__ == "__main__":
    try: main()
    finally: stop(STARTED)
