"""python benchmarks/cropping.py [--out results]: crops of every rung from stored masks, on one core. Wanted: 300 images a second at 640×480, decoded.

What is timed is what `crop_set` does to an image that is already in memory: the mask unpacked from the mask set's file, its flags, lesion and box, the cut, the resize to 224×224. Masks and frames
are synthetic photographs' own, repeated; every third mask is given two pieces and holes. Time is the process's
own (one thread), not the clock's, so that other work on the machine does not count; the rungs take turns."""
import argparse, sys, tempfile, time
from pathlib import Path
import numpy as np
import pandas as pd
from common import Worker, keep, serve

FRAME, SIDE, WANTED = (480, 640), 224, 300


def photographs(folder: Path, n: int, seed: int) -> list[str]:
    "Frames (frames.npy) and a mask set as `masks.mask_set` stores it; the images' ids."
    import cv2
    from melanoma_nb.synthetic import make_demo, read_bits
    made = make_demo(folder/"made", n_isic=0, n_ham=n, n_duplicates=0, prevalence=.3, seed=seed, ham_size=FRAME[::-1], workers=1)
    files = sorted(made.rglob("*.jpg")); ids = [f.stem for f in files]; rng = np.random.default_rng(seed)
    np.save(folder/"frames.npy", np.stack([cv2.imread(str(f))[..., ::-1] for f in files])); packed = []
    for k, i in enumerate(ids):
        m = read_bits(made, i) & 1 > 0
        if k % 3 == 0:
            m[tuple(rng.integers(0, s, 400) for s in FRAME)] ^= True; m[10:14, 20:90] = True
        packed.append(np.packbits(m).tobytes())
    (folder/"masks.bin").write_bytes(b"".join(packed))
    pd.DataFrame(dict(image_id=ids, network="0", role="external", area=.1, components=1, border=0., confidence=.99, frame_w=FRAME[1], frame_h=FRAME[0])).to_csv(folder/"masks.csv", index=False)
    return ids

def worker(_: str):
    "The function that cuts all images on one rung."
    loaded = {}
    def answer(folder, rung):
        from melanoma_nb.cropping import UNMASKED, crop
        from melanoma_nb.masks import MaskSet
        if not loaded: loaded.update(frames=np.load(Path(folder)/"frames.npy"), masks=MaskSet(Path(folder)))
        frames, masks = loaded["frames"], loaded["masks"]; ids = masks.table.image_id.tolist()
        start, fallbacks = time.process_time(), 0
        for i, f in zip(ids, frames):
            img, info = crop(f, None if rung in UNMASKED else masks[i], rung, SIDE, confidence=.99); fallbacks += info["fallback"]
        return dict(seconds=time.process_time() - start, seen=len(ids), fallbacks=fallbacks, shape=list(img.shape))
    return answer

def measure(n: int, rounds: int, seed: int) -> pd.DataFrame:
    "One row a rung."
    from melanoma_nb.cropping import RUNGS, TONED
    with tempfile.TemporaryDirectory() as d:
        ids = photographs(Path(d), n, seed); rates, fallbacks = {r: [] for r in RUNGS if r not in TONED}, {}
        with Worker(__file__, "crop") as w:
            for k in range(rounds + 1):
                for rung in rates:
                    a = w.ask(folder=d, rung=rung)
                    if a["seen"] != len(ids) or a["shape"] != [SIDE, SIDE, 3]: raise AssertionError(f"{rung} gave {a}, {len(ids)} crops of {SIDE}x{SIDE} were wanted")
                    fallbacks[rung] = a["fallbacks"]
                    if k: rates[rung].append(len(ids)/a["seconds"])   # the first round warms up
    return pd.DataFrame([dict(rung=r, images=len(ids), rounds=rounds, images_a_second=round(np.median(v)), low=round(min(v)), high=round(max(v)), fallbacks=fallbacks[r]) for r, v in rates.items()])

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--images", type=int, default=120); parser.add_argument("--rounds", type=int, default=9); parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for bench_cropping.csv and .how.json")
    a = parser.parse_args()
    if a.worker: serve(worker(a.worker)); sys.exit()
    table = measure(a.images, a.rounds, a.seed)
    keep(table, a.out, "bench_cropping", a.seed, frame=f"{FRAME[1]}x{FRAME[0]}", side=SIDE, wanted=WANTED)
    slowest = table.loc[table.images_a_second.idxmin()]
    print(f"slowest rung: {slowest.rung}, {slowest.images_a_second} images a second on one core ({WANTED} wanted)")
