"""python benchmarks/decode.py [--out results]: from large JPEGs to the image cache, against fastai's `resize_image` and OpenCV.

Each method has one process with one thread; they take turns, image by image, so that whatever else the machine does meets all of them. The pictures are made on the fly and are in the
page cache when they are read. Wanted: 8 times `resize_image`, 4 times `cv2.imread` + INTER_AREA, and less than one grey level between the reduced and the full decoding at 224×224."""
import argparse, sys, tempfile, time
from pathlib import Path
import cv2
import numpy as np
import pandas as pd
from common import Worker, keep, serve, skin, write_jpeg

FRAME, SIDE = (480, 640), 224
METHODS = {"reduced decoding (ours)": "ours", "cv2.imread + INTER_AREA": "cv2", "fastai resize_image": "fastai"}


def full(path: str) -> np.ndarray:
    "The same frame from all pixels of the photograph."
    img = cv2.imread(path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return cv2.resize(img, FRAME[::-1], interpolation=cv2.INTER_AREA)[..., ::-1]

def worker(method: str):
    "The function that takes one photograph to where the method keeps it."
    from melanoma_nb.data import model_input, read_frame
    if method == "fastai":
        from fastai.vision.utils import resize_image
        def work(path, folder): resize_image(Path(path).name, folder, src=Path(path).parent, max_size=FRAME[1])
    else:
        read = (lambda p: read_frame(p, FRAME)) if method == "ours" else full
        def work(path, folder):
            cache = np.lib.format.open_memmap(Path(folder)/f"{method}.npy", mode="r+"); cache[0] = model_input(read(path), "original", SIDE)
    def answer(path, folder):
        start = time.perf_counter(); work(path, folder)
        return dict(seconds=time.perf_counter() - start)
    return answer

def measure(width: int, height: int, images: int, rounds: int, seed: int) -> tuple[pd.DataFrame, dict]:
    "One row a method, and what the pictures were."
    from melanoma_nb.data import model_input, read_frame
    with tempfile.TemporaryDirectory() as d:
        paths = [str(Path(d)/f"{i}.jpg") for i in range(images)]; (Path(d)/"out").mkdir()
        size = [write_jpeg(Path(p), skin(seed + i, height, width)) for i, p in enumerate(paths)]
        for m in ("ours", "cv2"): np.lib.format.open_memmap(Path(d)/"out"/f"{m}.npy", mode="w+", dtype=np.uint8, shape=(1, SIDE, SIDE, 3)).flush()
        diff = [np.abs(model_input(read_frame(p, FRAME), "original", SIDE).astype(int) - model_input(full(p), "original", SIDE)).mean() for p in paths]
        workers, times = {m: Worker(__file__, k) for m, k in METHODS.items()}, {m: [] for m in METHODS}
        for r in range(rounds + 1):
            for p in paths:
                for m, w in workers.items():
                    s = w.ask(path=p, folder=str(Path(d)/"out"))["seconds"]
                    if r: times[m].append(s)   # the first round warms up
        for w in workers.values(): w.__exit__()
    ours = np.array(times[next(iter(METHODS))])
    table = pd.DataFrame([dict(method=m, pixels=f"{width}x{height}", n=len(t), ms=round(1000*np.median(t), 1), low=round(1000*np.quantile(t, .25), 1), high=round(1000*np.quantile(t, .75), 1),
                               ours_is_faster=round(np.median(np.array(t)/ours), 2)) for m, t in times.items()])
    table["difference_at_224"] = [round(float(np.mean(diff)), 3), 0., np.nan]
    return table, dict(images=images, rounds=rounds, megabytes=round(float(np.mean(size))/1e6, 2), quality=92, largest_difference=round(float(max(diff)), 3))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--width", type=int, default=6000); parser.add_argument("--height", type=int, default=4000)
    parser.add_argument("--images", type=int, default=6); parser.add_argument("--rounds", type=int, default=5); parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for bench_decode.csv and .how.json")
    a = parser.parse_args()
    if a.worker: serve(worker(a.worker)); sys.exit()
    table, about = measure(a.width, a.height, a.images, a.rounds, a.seed)
    keep(table, a.out, "bench_decode", a.seed, **about)
    cv, fa = table.ours_is_faster[1], table.ours_is_faster[2]; print(about)
    print(f"{fa:.1f} times resize_image (8 wanted), {cv:.1f} times cv2 (4 wanted), {table.difference_at_224[0]:.3f} grey levels (below 1 wanted)")
