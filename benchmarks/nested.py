"""python benchmarks/nested.py KEPT [--fold 0] [--out results/NAME] (with MELANOMA_NB_DATA=DIR): what it is worth that training crops come from networks which have seen the test images' expert masks.

A mask is always drawn by a network that never saw its image. But the network that draws a *training* image's mask has trained on other images with experts' masks, those of the classifier's test part among them.
Here the masks of all training and validation images are drawn anew by networks that saw neither the image's own fold nor the test fold, row 4 is trained on crops by them, and compared with row 4 as it is (the logits in KEPT, for instance
results/real_folds/fold-0): the same test images, the same masks of these, the same recipe and seed. A twentieth of the groups of the remaining folds chooses the epoch of a mask network, so that it trains on about as many images as before."""
import argparse
from dataclasses import replace
from pathlib import Path
import cv2
import numpy as np
import pandas as pd
from common import keep


def spared(study, j: int, seed: int = 0):
    "A study in which a mask network trains without the test fold, and without fold j, which is its test part."
    df = study.images; df = df[(df.split != "test") & (df.mask_path != "") & df.dataset.isin(study.profile.seg_datasets)]
    groups = np.array(sorted(df.group_id[df.fold != j].unique())); few = np.random.default_rng([seed, j]).permutation(groups)[:len(groups)//20]
    return replace(study, profile=replace(study.profile, folds=3, fold=0), images=df.assign(fold=np.select([df.fold == j, df.group_id.isin(few)], [0, 1], 2)))


def draw(study, networks: dict, folder: Path) -> pd.Series:
    "A PNG of the frame's size for every image, by the network of its fold: image_id -> path."
    from melanoma_nb.photos import frame_shape
    from melanoma_nb.segmentation import build_segmenter, enlarge, stream_masks
    from melanoma_nb.training import MODEL, load_model
    p, df, found = study.profile, study.rows(study.profile.datasets), {}
    for fold, run in networks.items():
        part = df[df.fold == fold]; size = [frame_shape(h, w, p.frame_size) for h, w in zip(part.height, part.width)]; model = load_model(build_segmenter(p.seg_arch, "none"), run/MODEL)
        def write(i, prob): f = folder/f"{part.image_id.iloc[i]}.png"; cv2.imwrite(str(f), np.uint8(255)*(enlarge(prob, size[i]) >= .5)); return str(f)
        found |= dict(stream_masks(model, part, p, write, desc=f"masks, fold {fold}"))
    return pd.Series(found)


def agreement(study, folder: Path, before) -> pd.DataFrame:
    "Dice with the expert's mask, as before and anew, of the images that have one and are not tested."
    from melanoma_nb.data import read_mask
    rows = []
    for r in study.rows(study.profile.datasets).query("split != 'test'").itertuples():
        new, old = cv2.imread(str(folder/f"{r.image_id}.png"), 0) > 0, before[r.image_id]
        if r.mask_path: t = read_mask(r.mask_path, new.shape)
        def dice(a, b): return 2*(a & b).sum()/max(1, a.sum() + b.sum())
        rows.append(dict(image_id=r.image_id, dataset=r.dataset, split=r.split, both=dice(new, old), **(dict(before=dice(old, t), nested=dice(new, t)) if r.mask_path else {})))
    t = pd.DataFrame(rows)
    return t.groupby(["dataset", "split"])[["both", "before", "nested"]].agg(["mean", "count"]).pipe(lambda d: d.set_axis([f"{a}_{b}" for a, b in d.columns], axis=1)).reset_index()


def main() -> None:
    from melanoma_nb.ablation import kept_tables
    from melanoma_nb.classification import cls_run
    from melanoma_nb.core import get_profile, runs_dir
    from melanoma_nb.data import open_study
    from melanoma_nb.evaluation import read_predictions
    from melanoma_nb.findings import Question, ask
    from melanoma_nb.masks import mask_set
    from melanoma_nb.rows import row_study
    from melanoma_nb.segmentation import seg_run
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0]); p.add_argument("kept", type=Path); p.add_argument("--profile", default="laptop"); p.add_argument("--epochs", type=int, default=5)
    p.add_argument("--fold", type=int, default=0); p.add_argument("--out", type=Path, help="folder for nested.csv and nested_masks.csv"); args = p.parse_args()
    study = open_study(get_profile(args.profile, fold=args.fold, epochs=args.epochs)); others = [f for f in range(study.profile.folds) if f != args.fold]
    networks = {f: seg_run(spared(study, f)) for f in others} | {args.fold: seg_run(study, args.fold)}
    folder = runs_dir()/"nested"/f"fold-{args.fold}"; folder.mkdir(parents=True, exist_ok=True)
    paths = draw(study, networks, folder); before = mask_set(study); masks = agreement(study, folder, before)
    images = study.images.assign(mask_path=study.images.image_id.map(paths).fillna(study.images.mask_path)); tested = images[images.split == "test"].image_id
    for i in tested[:200]: assert np.array_equal(cv2.imread(paths[i], 0) > 0, before[i]), f"{i}: the test masks are not those of before"
    anew = replace(study, images=images, profile=replace(study.profile, mask_source="expert"))   # the drawn masks take the place of experts'
    nested = read_predictions(cls_run(row_study(anew, "4", dict(epochs=args.epochs)), "masked_box")/"predictions.csv").query("split == 'test'")
    tables = kept_tables(args.kept.resolve(), study); tables = {"3": tables["3"], "4": tables["4"], "4 nested": nested}
    found = ask(tables, [Question("nested against simple", ("4",), ("4 nested",)), Question("row 4 against row 3", ("3",), ("4",)), Question("row 4 nested against row 3", ("3",), ("4 nested",))])
    for name, t in (("nested", found), ("nested_masks", masks)): keep(t, args.out, name, seed=0, fold=args.fold, epochs=args.epochs)


if __name__ == "__main__": main()
