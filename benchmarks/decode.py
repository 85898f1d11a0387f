"""python benchmarks/decode.py [--out results]: from large JPEGs to the image cache, against fastai's `resize_image` and OpenCV.

Each method has one process with one thread; they take turns, image by image, so that whatever else the machine does meets all of them. The pictures are made on the fly and are in the
page cache when they are read. Wanted: 8 times `resize_image`, 4 times `cv2.imread` + INTER_AREA, and less than one grey level between the reduced and the full decoding at 224×224.
What no reader can skip is the entropy decoding, whose time goes with the bytes of the file; so the same pictures are measured at two JPEG qualities. ISIC 2020 has 23 GB in 33,126 photographs
of all sizes, 0.7 MB each: of the two files measured the smaller is the more like them."""
import argparse, sys, tempfile, time
from pathlib import Path
import cv2
import numpy as np
import pandas as pd
from common import Worker, keep, serve, skin, write_jpeg

FRAME, SIDE = (480, 640), 224
OURS, CV2, FASTAI = "reduced decoding (ours)", "cv2.imread + INTER_AREA", "fastai resize_image"
METHODS = {OURS: "ours", CV2: "cv2", FASTAI: "fastai"}


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

def measure(width: int, height: int, quality: int, images: int, rounds: int, seed: int) -> pd.DataFrame:
    "One row a method, at one JPEG quality."
    from melanoma_nb.data import model_input, read_frame
    with tempfile.TemporaryDirectory() as d:
        paths = [str(Path(d)/f"{i}.jpg") for i in range(images)]; (Path(d)/"out").mkdir()
        size = [write_jpeg(Path(p), skin(seed + i, height, width), quality) for i, p in enumerate(paths)]
        for m in ("ours", "cv2"): np.lib.format.open_memmap(Path(d)/"out"/f"{m}.npy", mode="w+", dtype=np.uint8, shape=(1, SIDE, SIDE, 3)).flush()
        diff = [np.abs(model_input(read_frame(p, FRAME), "original", SIDE).astype(int) - model_input(full(p), "original", SIDE)).mean() for p in paths]
        workers, times = {m: Worker(__file__, k) for m, k in METHODS.items()}, {m: [] for m in METHODS}
        for r in range(rounds + 1):
            for p in paths:
                for m, w in workers.items():
                    s = w.ask(path=p, folder=str(Path(d)/"out"))["seconds"]
                    if r: times[m].append(s)   # the first round warms up
        for w in workers.values(): w.__exit__()
    ours = np.array(times[OURS])
    table = pd.DataFrame([dict(method=m, pixels=f"{width}x{height}", quality=quality, megabytes=round(float(np.mean(size))/1e6, 2), n=len(t), ms=round(1000*np.median(t), 1), low=round(1000*np.quantile(t, .25), 1), high=round(1000*np.quantile(t, .75), 1),
                               ours_is_faster=round(np.median(np.array(t)/ours), 2)) for m, t in times.items()])
    table["difference_at_224"] = [round(float(np.mean(diff)), 3), 0., np.nan]
    table["largest_difference"] = [round(float(max(diff)), 3), 0., np.nan]
    return table

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--width", type=int, default=6000); parser.add_argument("--height", type=int, default=4000)
    parser.add_argument("--images", type=int, default=6); parser.add_argument("--rounds", type=int, default=5); parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quality", type=int, nargs="+", default=[75, 92])
    parser.add_argument("--out", type=Path, help="folder for bench_decode.csv and .how.json")
    a = parser.parse_args()
    if a.worker: serve(worker(a.worker)); sys.exit()
    table = pd.concat([measure(a.width, a.height, q, a.images, a.rounds, a.seed) for q in a.quality], ignore_index=True)
    keep(table, a.out, "bench_decode", a.seed, images=a.images, rounds=a.rounds)
    for (q, mb), t in table.groupby(["quality", "megabytes"]):
        faster, diff = t.set_index("method").ours_is_faster, t.difference_at_224.max()
        print(f"quality {q}, {mb} MB: {faster[FASTAI]:.1f} times resize_image (8 wanted), {faster[CV2]:.1f} times cv2 (4 wanted), {diff:.3f} grey levels (below 1 wanted)")
