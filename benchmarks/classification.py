"""python benchmarks/classification.py [--out results] [--device cuda]: what an epoch of the classifier is made of, and what a frozen base saves.

bench_classification: images a second of our loader (uint8 from the cache, normalised on the device), of fastai's `ImageDataLoaders` over JPEG files of the same size, of the network alone
(forward, backward, Adam on one batch that stays), of a plain PyTorch loop over our loader, and of the same through fastai's `Learner` with the callbacks that every training has (seeds, history). All in one process, taking turns, after a
round that is not counted; medians. Wanted: the loader takes less than 3 % of an epoch, fastai reaches 0.95 of the plain loop.
bench_frozen: 15 epochs of a frozen base on synthetic images, the whole run with its test predictions, the long way and on features, in turn and from nothing. Wanted: ten times as fast."""
import argparse, shutil, tempfile, time
from pathlib import Path
import numpy as np
import pandas as pd
import torch
from common import keep, skin, write_jpeg


def loaders(folder: Path, n: int, side: int, bs: int, stats: tuple, device: torch.device) -> tuple:
    "Our training loader, fastai's, and a small one to validate on."
    from fastai.vision.augment import Resize
    from fastai.vision.data import ImageDataLoaders
    from melanoma_nb.core import build_cache
    from melanoma_nb.data import CacheLoader, model_input, shuffled
    (folder/"cache").mkdir(); (folder/"jpeg").mkdir(); ids = [f"{i}" for i in range(n)]; y = np.arange(n) % 2
    def fill(i):
        img = model_input(skin(int(i), 2*side, 2*side), "original", side); write_jpeg(folder/"jpeg"/f"{i}.jpg", img)
        return img
    cache = build_cache(folder/"cache", ids, (side, side, 3), fill)
    files = [folder/"jpeg"/f"{i}.jpg" for i in ids]
    fast = ImageDataLoaders.from_lists(folder, files, [str(v) for v in y], valid_pct=0, item_tfms=Resize(side), bs=bs, num_workers=0, device=device).train
    return CacheLoader(cache, ids, y, stats, bs, shuffled(n, 0), device), fast, CacheLoader(cache, ids[:bs], y[:bs], stats, bs, None, device)

def epoch_parts(folder: Path, arch: str, n: int, side: int, bs: int, rounds: int, device: torch.device) -> pd.DataFrame:
    "One row a method."
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.losses import CrossEntropyLossFlat
    from melanoma_nb.classification import class_accuracies, cls_items
    from melanoma_nb.networks import build_classifier, trainable_parameters
    from melanoma_nb.training import Footing, History, adam_as_printed, get_arch
    ours, theirs, valid = loaders(folder, n, side, bs, get_arch(arch).stats, device); loss = CrossEntropyLossFlat()
    def network(): torch.manual_seed(0); return build_classifier(arch, "none").to(device).train()
    def loop(batches):
        net = network(); opt = torch.optim.Adam(net.parameters(), 1e-3)
        def go():
            for x, y in batches(): opt.zero_grad(); loss(net(x), y).backward(); opt.step()
        return go
    def summarise(items, part): return class_accuracies(items["logit"], items["targ"])
    learn = Learner(DataLoaders(ours, valid, device=device), network(), loss, opt_func=adam_as_printed(), splitter=trainable_parameters)
    def fastai():
        with learn.no_bar(), learn.no_logging(): learn.fit(1, 1e-3, cbs=[Footing(0), History(cls_items, summarise)])
    def serve(dl):
        for x, _ in dl: pass
    one = next(iter(ours))
    def look():
        with torch.no_grad(): [loss(learn.model(x), y) for x, y in valid]
    todo = {"our loader": lambda: serve(ours), "fastai's loader": lambda: serve(theirs), "network alone": loop(lambda: [one]*len(ours)), "plain loop": loop(lambda: ours),
            "through fastai": fastai, "validation": look}
    took = {k: [] for k in todo}
    for r in range(rounds + 1):
        for k, f in todo.items():
            start = time.perf_counter(); f()
            if device.type == "cuda": torch.cuda.synchronize()
            if r: took[k].append(time.perf_counter() - start)
    took["through fastai"] = (np.array(took["through fastai"]) - took.pop("validation")).tolist()   # its epoch ends with one batch of validation
    seconds = {k: float(np.median(v)) for k, v in took.items()}
    return pd.DataFrame([dict(method=k, arch=arch, side=side, images=n, batch=bs, rounds=rounds, seconds=round(s, 3), low=round(min(took[k]), 3), high=round(max(took[k]), 3),
        images_a_second=round(n/s, 1), of_plain_loop=round(seconds["plain loop"]/s, 3)) for k, s in seconds.items()])

def frozen(rounds: int, epochs: int, n: int, side: int, device: str | None) -> pd.DataFrame:
    "One row a way: seconds of a whole run, features included."
    from melanoma_nb.classification import cls_run
    from melanoma_nb.core import get_profile, temp_runs
    from melanoma_nb.cropping import rung_cache
    from melanoma_nb.data import open_study
    from melanoma_nb.evaluation import read_predictions
    rows, logits = [], {}
    with temp_runs() as d:
        study = open_study(get_profile("demo", synthetic=(n, 24, 0), image_size=side, epochs=epochs, unfreeze="base_frozen", device=device)); rung_cache(study, "original")
        for r in range(rounds):
            for way, fast in (("the long way", False), ("on features", None)):
                for stage in ("classification", "features"): shutil.rmtree(d/stage, ignore_errors=True)
                start = time.perf_counter(); run = cls_run(study, "original", fast=fast); rows.append(dict(way=way, seconds=time.perf_counter() - start))
                logits[way] = read_predictions(run/"predictions.csv").logit.to_numpy()
    gap = float(np.abs(logits["the long way"] - logits["on features"]).max()); t = pd.DataFrame(rows).groupby("way", sort=False).seconds
    out = pd.DataFrame(dict(seconds=t.median().round(2), low=t.min().round(2), high=t.max().round(2))).reset_index()
    return out.assign(arch=study.profile.arch, side=side, images=n, epochs=epochs, rounds=rounds, times_as_fast=(t.median().iloc[0]/out.seconds).round(1), largest_difference_of_logits=gap)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="tf_efficientnet_lite0"); parser.add_argument("--side", type=int, default=96); parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--images", type=int, default=320); parser.add_argument("--rounds", type=int, default=5); parser.add_argument("--device")
    parser.add_argument("--frozen-rounds", type=int, default=3); parser.add_argument("--frozen-images", type=int, default=1000); parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--out", type=Path, help="folder for bench_classification.csv and bench_frozen.csv"); a = parser.parse_args()
    if a.images % a.batch or a.images < 2*a.batch: parser.error(f"--images {a.images} must be a multiple of --batch {a.batch}, and at least twice as many: fastai's loader drops the rest")
    from melanoma_nb.core import pick_device
    device = pick_device(a.device)
    with tempfile.TemporaryDirectory() as d: table = epoch_parts(Path(d), a.arch, a.images, a.side, a.batch, a.rounds, device)
    keep(table, a.out, "bench_classification", 0, threads=torch.get_num_threads()); t = table.set_index("method")
    print(f"the loader takes {100*t.seconds['our loader']/t.seconds['through fastai']:.2f} % of an epoch (3 allowed); fastai reaches {t.of_plain_loop['through fastai']:.3f} of the plain loop (0.95 wanted)")
    if a.frozen_rounds:
        table = frozen(a.frozen_rounds, a.epochs, a.frozen_images, a.side, a.device); keep(table, a.out, "bench_frozen", 0, threads=torch.get_num_threads())
        print(f"on features {table.times_as_fast.iloc[1]:.1f} times as fast (10 wanted)")
