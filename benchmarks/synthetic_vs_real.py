"""python benchmarks/synthetic_vs_real.py [--n 400] [--seed 0] [--sheet PNG]: lesions of synthetic images measured beside real ones.

Real: every image of `lesions-512` (centre squares with expert masks) in the folder of real samples. Synthetic: `make_demo`'s HAM10000 part with as many
melanomas as the real set holds, centre squares of 600x450, scaled to 512. Writes results/synthetic_vs_real.csv (aggregate numbers only) and its `.how.json`;
--sheet writes a contact sheet of both, left real and right synthetic, which must stay out of the repository: put it into runs/."""
import argparse, sys, tempfile
from pathlib import Path
import cv2
import numpy as np
import pandas as pd
from melanoma_nb.core import provenance, real_dir, thread_map, write_json, writing
from melanoma_nb.synthetic import VERSION, compare_quartiles, lesion_measures, make_demo, read_truth

PREVALENCE = .1945    # 389 of the 2,000 real lesions are melanomas


def square(path: Path, mask: Path, size: int = 512) -> tuple[np.ndarray, np.ndarray]:
    "Centre square of image and mask, `size` pixels a side."
    img, m = cv2.imread(str(path))[..., ::-1], cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    h, w = m.shape; s = min(h, w); y, x = (h-s)//2, (w-s)//2
    img, m = (np.ascontiguousarray(a[y:y+s, x:x+s]) for a in (img, m))
    if s != size: img, m = (cv2.resize(a, (size, size), interpolation=cv2.INTER_LINEAR) for a in (img, m))
    return img, m > 127


def pairs(folder: Path, images: str, masks: str) -> list[tuple[Path, Path]]:
    "Image and mask files of a set, in the order of their names."
    return [(f, folder/masks/f"{f.stem}_segmentation.png") for f in sorted(folder.glob(f"{images}/*.jpg"), key=lambda f: f.stem)]


def sheet(left: list, right: list, path: Path, rows: int = 5, side: int = 200) -> None:
    "A contact sheet: real images on the left, synthetic ones on the right."
    def half(files): return np.vstack([np.hstack([cv2.resize(square(*p)[0], (side, side), interpolation=cv2.INTER_AREA)
        for p in files[r*4:r*4+4]]) for r in range(rows)])
    cv2.imwrite(str(path), np.hstack([half(left), np.full((rows*side, 20, 3), 255, np.uint8), half(right)])[..., ::-1])


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--n", type=int, default=400); a.add_argument("--seed", type=int, default=0)
    a.add_argument("--sheet", type=Path); a.add_argument("--out", type=Path, help="folder for synthetic_vs_real.csv and .how.json"); a = a.parse_args()
    real = real_dir()
    if real is None: print("skipped: no real samples (set MELANOMA_NB_REAL to their folder)"); sys.exit()
    with tempfile.TemporaryDirectory() as d:
        made = make_demo(Path(d)/"set", n_isic=0, n_ham=a.n, n_duplicates=0, seed=a.seed, prevalence=PREVALENCE)/"ham10000"
        files = dict(real=pairs(real/"lesions-512", "images", "masks"),
            synthetic=pairs(made, "HAM10000_images_part_*", "HAM10000_segmentations_lesion_tschandl"))
        if a.sheet:
            pick = [np.random.default_rng(a.seed).choice(len(f), 20, replace=False) for f in files.values()]
            sheet(*([f[i] for i in p] for f, p in zip(files.values(), pick)), a.sheet)
        found = {k: pd.DataFrame(thread_map(lambda p: lesion_measures(*square(*p)), f, k)) for k, f in files.items()}
    table = compare_quartiles(found["real"], found["synthetic"])
    print(table.round(3).to_string(index=False))
    if not a.out: sys.exit()
    folder = a.out; folder.mkdir(parents=True, exist_ok=True)
    with writing(folder/"synthetic_vs_real.csv") as tmp: table.round(4).to_csv(tmp, index=False)
    p = provenance()
    write_json(folder/"synthetic_vs_real.how.json", dict(command=f"python benchmarks/synthetic_vs_real.py --n {a.n} --seed {a.seed} --out results", seed=a.seed,
        commit=p["commit"], versions=p["versions"], hardware={k: p[k] for k in ("machine", "cores", "gpu")}, synthetic_version=VERSION,
        note="Real: 2,000 images of ISIC 2018 Task 1 training, 512x512 centre squares; overlap: the interquartile ranges meet."))
