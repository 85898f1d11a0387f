"""What the scripts share: pictures, workers that take turns, options of a profile, and how a table is kept."""
import json, os, platform, subprocess, sys
from pathlib import Path
import cv2
import numpy as np
import pandas as pd


def skin(seed: int, height: int, width: int) -> np.ndarray:
    "A picture (uint8 RGB) that compresses about as a photograph of skin does: slow shading, a dark blot with a pattern, hairs, fine grain."
    rng = np.random.default_rng(seed)
    def cloud(cells, strength):   # random values on a coarse grid, smoothly enlarged
        return strength*cv2.resize(rng.standard_normal((cells, cells)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    y, x = np.ogrid[-1:1:height*1j, -1.4:1.4:width*1j]
    radius = np.hypot(y, x) + .12*cloud(7, 1)
    blot = 1/(1 + np.exp((radius - .5)*25)).astype(np.float32)
    grey = cloud(4, 6) + cloud(90, 3) - blot*(70 + cloud(60, 14)) + cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), 1.2)*9
    img = np.clip(np.array([214, 170, 150], np.float32) + grey[..., None]*np.array([1, .9, .8], np.float32), 0, 255).astype(np.uint8)
    for _ in range(12):
        a, b = rng.uniform(0, 1, 2)*(width, height), rng.uniform(0, 1, 2)*(width, height)
        cv2.line(img, tuple(map(int, a)), tuple(map(int, b)), (60, 45, 40), max(1, width//700), cv2.LINE_AA)
    return img


def write_jpeg(path: Path, img: np.ndarray, quality: int = 92) -> int:
    "Write an RGB picture; the bytes of the file."
    cv2.imwrite(str(path), img[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return path.stat().st_size


class Worker:
    "A process of its own that runs one method when told to; `script --worker METHOD` answers each line with a line."
    def __init__(self, script: str, method: str):
        env = dict(os.environ, PYTHONWARNINGS="ignore", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", PYTHONPATH=os.pathsep.join(
            [str(Path(script).resolve().parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]))
        self.method = method
        self.p = subprocess.Popen([sys.executable, script, "--worker", method], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
    def ask(self, **task) -> dict:
        self.p.stdin.write(json.dumps(task) + "\n"); self.p.stdin.flush()
        if not (line := self.p.stdout.readline()): raise RuntimeError(f"the process of {self.method!r} ended")
        return json.loads(line)
    def __enter__(self): return self
    def __exit__(self, *e): self.p.stdin.close(); self.p.wait()


def serve(answer) -> None:
    "The worker's side: answer tasks until the input ends. What the method prints goes to the error stream."
    out, sys.stdout = sys.stdout, sys.stderr
    cv2.setNumThreads(1)
    for line in sys.stdin: out.write(json.dumps(answer(**json.loads(line))) + "\n"); out.flush()


def typed(pair: str) -> tuple:
    "A field of a profile and its value, from NAME=VALUE."
    from dataclasses import fields
    from melanoma_nb.core import Profile
    name, _, text = pair.partition("=")
    kind = next((f.type for f in fields(Profile) if f.name == name), str)
    return name, {int: int, float: float, bool: lambda t: t.lower() in ("1", "true", "yes")}.get(kind, str)(text)


def processor() -> str:
    "The processor's name."
    info = Path("/proc/cpuinfo")
    names = [l.partition(":")[2].strip() for l in info.read_text().splitlines() if l.startswith("model name")] if info.exists() else []
    return (names or [platform.processor() or platform.machine()])[0]


def record(seed: int, **more) -> dict:
    "What a `.how.json` tells: command, seed, commit, versions, hardware, and `more`."
    from importlib.metadata import version
    from melanoma_nb.core import provenance
    p = provenance()
    return dict(
        command=" ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]), seed=seed, commit=p["commit"],
        versions=p["versions"] | {n: version(n) for n in ("pillow", "simplejpeg")} | {"python": p["python"]},
        hardware=dict(processor=processor(), machine=p["machine"], cores=p["cores"], gpu=p["gpu"]), **more)


def keep(table: pd.DataFrame, out: Path | None, name: str, seed: int, **more) -> None:
    "Print a table; with `out`, also write it there, and beside it how it was made."
    print(table.to_string(index=False))
    if out is None: return
    from melanoma_nb.core import write_json
    out.mkdir(parents=True, exist_ok=True)
    table.to_csv(out/f"{name}.csv", index=False); write_json(out/f"{name}.how.json", record(seed, **more))
