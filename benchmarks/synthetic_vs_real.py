"""python benchmarks/synthetic_vs_real.py [--n 400] [--seed 0] [--sheet PNG] [--unet]: lesions of synthetic images measured beside real ones.

Real: every image of `lesions-512` (centre squares with expert masks) in the folder of real samples. Synthetic: `make_demo`'s HAM10000 part with as many
melanomas as the real set holds, centre squares of 600x450, scaled to 512. Writes results/synthetic_vs_real.csv (aggregate numbers only) and its `.how.json`;
--sheet writes a contact sheet of both, left real and right synthetic, which must stay out of the repository: put it into runs/.

--unet asks instead what the synthetic images teach: a U-Net (tf_efficientnet_lite0 from ImageNet's weights) trains on `--n` synthetic centre squares alone, and its Dice on the
real images is compared, image by image, with that of two constant masks: one made from the synthetic masks it saw, one from the very masks of the test. It writes
results/synthetic_to_real.csv and its `.how.json`. The same is asserted in a slow test of 02_segmentation. To see whether it starts:
--unet --n 20 --size 64 --epochs 1 --images 8 (a table of fewer than all real images is not kept)."""
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


def train_on_synthetic(folder: Path, n: int, size: int, epochs: int, seed: int) -> tuple:
    "A U-Net that has seen `n` synthetic squares of `size` pixels alone (a tenth of them chose its epoch), and the masks that it was trained on, (m,size,size) bool."
    from melanoma_nb.core import build_cache, pick_device, seeded
    from melanoma_nb.data import CacheLoader, shuffled
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from melanoma_nb.segmentation import build_segmenter, seg_items, seg_loss, seg_stats, summarise_seg
    from melanoma_nb.training import adam_as_printed, fit
    made = make_demo(folder/"made", seed=seed, n_isic=0, n_ham=n, n_duplicates=0, prevalence=.2, ham_size=(2*size*4//3, 2*size))/"ham10000"
    files = {image.stem: (image, mask) for image, mask in pairs(made, "HAM10000_images_part_*", "HAM10000_segmentations_lesion_tschandl")}
    ids, cut_at, arch = sorted(files), round(.9*n), "tf_efficientnet_lite0"
    def centre(a):
        x = (a.shape[1]-a.shape[0])//2
        return cv2.resize(np.ascontiguousarray(a[:, x:x+a.shape[0]]), (size, size), interpolation=cv2.INTER_AREA)
    def image(i): return centre(cv2.imread(str(files[i][0]))[..., ::-1])
    def mask(i): return (centre(cv2.imread(str(files[i][1]), cv2.IMREAD_GRAYSCALE)) > 127)[..., None]*np.uint8(255)
    for d in ("x", "y", "fit"): (folder/d).mkdir()
    x, y = build_cache(folder/"x", ids, (size, size, 3), image), build_cache(folder/"y", ids, (size, size, 1), mask)
    train = CacheLoader(x, ids[:cut_at], y, seg_stats(arch), 16, shuffled(cut_at, seed), pick_device())
    valid = CacheLoader(x, ids[cut_at:], y, seg_stats(arch), 32, None, pick_device())
    with seeded(seed): net = build_segmenter(arch, "imagenet")
    learn = Learner(DataLoaders(train, valid, device=pick_device()), net, seg_loss("dice"), opt_func=adam_as_printed())
    fit(learn, epochs, 1e-3, folder/"fit", seg_items, summarise_seg, "valid_dice", seed)
    return learn.model, y[ids[:cut_at]][..., 0] > 127


def score_on_real(model, masks: np.ndarray, lesions: Path, size: int, images: int | None) -> pd.DataFrame:
    "A row an image of `lesions-512`: image_id, lesion, and the Dice of the network and of the two constant masks."
    from melanoma_nb.core import get_profile
    from melanoma_nb.data import read_mask
    from melanoma_nb.masks import stream_masks
    from melanoma_nb.segmentation import constant_mask, cut, mask_counts, mask_scores
    files = pairs(lesions, "images", "masks")[:images]
    df = pd.DataFrame(dict(image_id=[f.stem for f, _ in files], path=[str(f) for f, _ in files]))
    truth = {f.stem: read_mask(m) for f, m in files}
    small = np.stack([cv2.resize(m.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA) >= .5 for m in truth.values()])
    lesion = pd.read_csv(lesions/"ISIC_2019_Training_Metadata.csv").set_index("image").lesion_id
    out = df[["image_id"]].assign(lesion=lesion.reindex(df.image_id).fillna(pd.Series(df.image_id.values, df.image_id)).to_numpy())
    row = df[["image_id"]].assign(dataset="real", group_id=df.image_id, fold=0, split="test", seed=0)
    def dice(cuts): return mask_scores(row.join(pd.DataFrame([mask_counts(c, truth[i]) for i, c in cuts]))).dice.to_numpy()
    profile = get_profile("tiny", seg_size=(size, size))
    out["network"] = dice((i, cut(prob, truth[i].shape)) for i, prob in stream_masks(model, df, profile, lambda i, prob: prob))
    for name, m in {"constant, synthetic masks": constant_mask(masks), "constant, real masks": constant_mask(small)}.items():
        out[name] = dice((i, cut(m.astype(np.float32), t.shape)) for i, t in truth.items())
    return out


def gains(scores: pd.DataFrame, n_boot: int = 2_000) -> pd.DataFrame:
    "A row a mask: its Dice; what the network gains on it, image by image, with an interval from resampling lesions (an image without a known lesion is one of its own)."
    from melanoma_nb.evaluation import mean_interval
    rows = []
    for name in list(scores)[2:]:
        gain = mean_interval(scores.network-scores[name], scores.lesion, n_boot=n_boot) if name != "network" else {}
        rows.append(dict(mask=name, images=len(scores), lesions=scores.lesion.nunique(), dice=scores[name].mean())
                    | {f"gain_{k}": gain.get(e, np.nan) for k, e in (("mean", "value"), ("low", "low"), ("high", "high"))})
    return pd.DataFrame(rows)


def unet(a: argparse.Namespace, real: Path) -> None:
    "Train, measure, print and keep."
    with tempfile.TemporaryDirectory() as d:
        scores = score_on_real(*train_on_synthetic(Path(d), a.n, a.size, a.epochs, a.seed), real/"lesions-512", a.size, a.images)
    table = gains(scores); print(table.round(3).to_string(index=False))
    if a.out and a.images: print("not kept: --images leaves real images out")
    elif a.out:
        keep(table, a.out, "synthetic_to_real", f"--unet --n {a.n} --size {a.size} --epochs {a.epochs}", a.seed, arch="tf_efficientnet_lite0", weights="imagenet",
             note="Trained and its epoch chosen on synthetic centre squares alone; judged on 2,000 images of ISIC 2018 Task 1 training, 512x512 centre squares. "
                  "gain: the network's Dice less the mask's, paired by image, 95 % interval from resampling lesions.")


def keep(table: pd.DataFrame, folder: Path, name: str, options: str, seed: int, **more) -> None:
    "A table into `folder`, and beside it how it was made."
    folder.mkdir(parents=True, exist_ok=True); p = provenance()
    with writing(folder/f"{name}.csv") as tmp: table.round(4).to_csv(tmp, index=False)
    write_json(folder/f"{name}.how.json", dict(command=f"python benchmarks/synthetic_vs_real.py {options} --seed {seed} --out results", seed=seed,
        commit=p["commit"], versions=p["versions"], hardware={k: p[k] for k in ("machine", "cores", "gpu")}, synthetic_version=VERSION, **more))


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--n", type=int, default=400); a.add_argument("--seed", type=int, default=0)
    a.add_argument("--sheet", type=Path); a.add_argument("--out", type=Path, help="folder for the table and its .how.json")
    a.add_argument("--unet", action="store_true", help="train a U-Net on synthetic images, judge it on real ones")
    a.add_argument("--size", type=int, default=128, help="--unet: pixels a side"); a.add_argument("--epochs", type=int, default=6, help="--unet")
    a.add_argument("--images", type=int, help="--unet: only the first of the real images, to try it"); a = a.parse_args()
    real = real_dir()
    if real is None: print("skipped: no real samples (set MELANOMA_NB_REAL to their folder)"); sys.exit()
    if a.unet: unet(a, real); sys.exit()
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
    if a.out:
        keep(table, a.out, "synthetic_vs_real", f"--n {a.n}", a.seed,
             note="Real: 2,000 images of ISIC 2018 Task 1 training, 512x512 centre squares; overlap: the interquartile ranges meet.")
