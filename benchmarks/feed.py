"""python benchmarks/feed.py [--out results]: batches of 224×224 images from the cache, against fastai's `ImageDataLoaders` over JPEG files.

Each method has one process with one thread and no worker processes; they take turns, an epoch each. All serve every image once an epoch in a new order. Wanted: 20 times fastai, an image.
The cache gives uint8 (conversion and normalisation are the device's business); the row with them on the processor shows what that saves."""
import argparse, sys, tempfile, time
from pathlib import Path
import numpy as np
import pandas as pd
from common import Worker, keep, serve, skin, write_jpeg

SIDE = 224
METHODS = {"cache, uint8 (ours)": "cache", "cache, normalised on the processor": "normalised", "fastai, 640x480 JPEG, Resize(224)": "large", "fastai, 224x224 JPEG, Resize(224)": "small"}


def worker(method: str):
    "The function that serves one epoch."
    loaders = {}
    def make(folder, n, bs):
        if method in ("cache", "normalised"):
            from melanoma_nb.core import ImageCache
            from melanoma_nb.data import CacheLoader, shuffled
            dl = CacheLoader(ImageCache(folder/"cache"), [str(i) for i in range(n)], np.zeros(n, int), ((.5,)*3, (.5,)*3), bs, shuffled(n, 0))
            return (lambda: dl.create_batches(dl.get_idxs())) if method == "cache" else lambda: dl
        from fastai.vision.data import ImageDataLoaders
        from fastai.vision.augment import Resize
        files = [folder/method/f"{i}.jpg" for i in range(n)]
        dls = ImageDataLoaders.from_lists(folder, files, ["a", "b"]*(n//2), valid_pct=0, item_tfms=Resize(SIDE), bs=bs, num_workers=0, device="cpu")
        dls.train.drop_last = False
        return lambda: dls.train
    def answer(folder, n, bs):
        if method not in loaders:
            import torch
            torch.set_num_threads(1); loaders[method] = make(Path(folder), n, bs)
        start, seen, shape = time.perf_counter(), 0, None
        for x, y in loaders[method](): seen += len(x); shape, kind = list(x.shape[1:]), str(x.dtype)
        return dict(seconds=time.perf_counter() - start, seen=seen, shape=shape, dtype=kind)
    return answer

def measure(n: int, bs: int, rounds: int, seed: int) -> pd.DataFrame:
    "One row a method."
    from melanoma_nb.core import build_cache
    from melanoma_nb.data import model_input
    with tempfile.TemporaryDirectory() as d:
        d = Path(d)
        for sub in ("cache", "large", "small"): (d/sub).mkdir()
        def fill(i):
            img = skin(seed + int(i), 480, 640); small = model_input(img, "original", SIDE)
            write_jpeg(d/"large"/f"{i}.jpg", img); write_jpeg(d/"small"/f"{i}.jpg", small)
            return small
        build_cache(d/"cache", [str(i) for i in range(n)], (SIDE, SIDE, 3), fill)
        workers, rows = {m: Worker(__file__, k) for m, k in METHODS.items()}, {m: [] for m in METHODS}
        for r in range(rounds + 1):
            for m, w in workers.items():
                a = w.ask(folder=str(d), n=n, bs=bs)
                if a["seen"] != n or sorted(a["shape"]) != [3, SIDE, SIDE]: raise AssertionError(f"{m} gave {a}, {n} images of {SIDE}x{SIDE} were wanted")
                if r: rows[m].append((1e6*a["seconds"]/n, a["dtype"]))   # the first epoch warms up
        for w in workers.values(): w.__exit__()
    ours = np.array([t for t, _ in rows[next(iter(METHODS))]])
    return pd.DataFrame([dict(method=m, gives=v[0][1].removeprefix("torch."), epochs=rounds, images=n, batch=bs, us_an_image=round(np.median(t := np.array([s for s, _ in v])), 1),
                              low=round(t.min(), 1), high=round(t.max(), 1), ours_is_faster=round(np.median(t)/np.median(ours), 1)) for m, v in rows.items()])

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--images", type=int, default=1024); parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7); parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for bench_feed.csv and .how.json")
    a = parser.parse_args()
    if a.worker: serve(worker(a.worker)); sys.exit()
    table = measure(a.images, a.batch, a.rounds, a.seed)
    keep(table, a.out, "bench_feed", a.seed)
    print(f"{table.ours_is_faster[2]:.0f} times fastai from 640x480 files, {table.ours_is_faster[3]:.0f} times from 224x224 files (20 wanted)")
