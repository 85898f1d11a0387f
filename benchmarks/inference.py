"""python benchmarks/inference.py [--out results]: how fast a bundle answers at the report's sizes, after loading, on the cores that the process may use.

DenseNet121 U-Net at 576×448 and DenseNet121 at 224, weights from nothing (a mask that is none: the crop is the whole frame, the largest there is), 1,000 reference photographs.
JPEGs as large as most of HAM10000's (600×450) and as the largest of ISIC 2020 (6000×4000). Where the time goes is timed part by part, on a batch."""
import argparse, os, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
import pandas as pd
from common import keep, skin, write_jpeg

def bundle_of_nothing(arch: str, seg_size: tuple[int, int], image_size: int, channels_last: bool, device: str):
    "A bundle whose networks are as they were initialised."
    import torch
    from melanoma_nb.core import pick_device, seeded
    from melanoma_nb.inference import Bundle, encoder_features
    from melanoma_nb.networks import build_classifier
    from melanoma_nb.segmentation import build_segmenter, seg_stats
    from melanoma_nb.training import get_arch
    (sm, ss), (cm, cs), d = seg_stats(arch), get_arch(arch).stats, pick_device(device)
    spec = dict(segmentation=dict(arch=arch, size=seg_size, mean=sm, std=ss, flips=False), scales=dict(features=1., colours=1.),
        classification=dict(arch=arch, image_size=image_size, mean=cm, std=cs, rung="masked_box", frame_size=(480, 640), mask_policy="fallback"))
    with seeded(0): nets = [build_segmenter(arch, "none").eval().to(d), build_classifier(arch, "none").eval().to(d)]
    if not channels_last: nets = [n.to(memory_format=torch.contiguous_format) for n in nets]
    with encoder_features(nets[0]) as found, torch.inference_mode(): nets[0](torch.zeros(1, 3, *seg_size, device=d))
    rng, width = np.random.default_rng(0), found[0].shape[1]
    ref = {k: v.astype(np.float32) for n, w in (("features", width), ("colours", 15)) for k, v in ((n, rng.normal(size=(1000, w))), (f"{n}_mean", np.zeros(w)), (f"{n}_std", np.ones(w)))}
    return Bundle(spec, *nets, ref, d)

def parts(bundle, paths: list[str], bs: int) -> dict[str, float]:
    "Milliseconds an image of each part of the work, one after the other."
    import torch
    from melanoma_nb.inference import colour_numbers, crop_photo, distances, load_photo, measure_batch, network_input
    from melanoma_nb.segmentation import predict_maps
    s, c, n, out = bundle.spec["segmentation"], bundle.spec["classification"], min(bs, len(paths)), {}
    def timed(name, f): start = time.perf_counter(); found = f(); out[name] = 1000*(time.perf_counter() - start)/n; return found
    photos = timed("decode", lambda: [load_photo(p, s["size"], c["frame_size"]) for p in paths[:n]])
    prob = timed("mask network", lambda: predict_maps(bundle.seg, torch.from_numpy(np.stack([p.small for p in photos])), (s["mean"], s["std"]), bundle.device))
    made = timed("mask, crop, blur", lambda: [crop_photo(p, q, c["rung"], c["image_size"]) for p, q in zip(photos, prob)]); timed("colours", lambda: [colour_numbers(p.frame) for p in photos])
    with torch.inference_mode(): timed("classifier", lambda: bundle.cls(network_input(np.stack([m[2] for m in made]), bundle.spec, bundle.device)).cpu())
    with ThreadPoolExecutor(1) as pool: measured = measure_batch(bundle, photos, pool)
    timed("distances", lambda: [distances(bundle, [m]) for m in measured])
    return out

def answered(bundle, paths: list[str], bs: int) -> float:
    "Seconds for measures and distances of all these files."
    from melanoma_nb.inference import measure, measured_table
    start = time.perf_counter()
    for m in measure(bundle, paths, bs): measured_table(bundle, [m])
    return time.perf_counter() - start

def measure_all(n: int, sizes: list[tuple[int, int]], batches: list[int], arch: str, seg_size: tuple[int, int], image_size: int, seed: int, device: str) -> pd.DataFrame:
    "A row a size of the photographs, batch and memory format."
    rows = []
    with tempfile.TemporaryDirectory() as d:
        for w, h in sizes:
            paths = [str(Path(d)/f"{w}-{k}.jpg") for k in range(n)]
            for k, p in enumerate(paths): write_jpeg(Path(p), skin(seed + k % 4, h, w))
            for last in (True, False):
                bundle = bundle_of_nothing(arch, seg_size, image_size, last, device); answered(bundle, paths[:2], 2)
                single = np.median([answered(bundle, paths[k:k+1], 1) for k in range(min(5, n))])
                for bs in batches:
                    took = answered(bundle, paths, bs); rows.append(dict(photographs=f"{w}x{h}", network=arch, mask=f"{seg_size[1]}x{seg_size[0]}", side=image_size, memory="channels_last" if last else "contiguous", batch=bs, n=n, images_per_s=n/took,
                        single_s=single, **{f"ms_{k.replace(', ', '_').replace(' ', '_')}": v for k, v in parts(bundle, paths, bs).items()}))
    return pd.DataFrame(rows).round(3)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=24, help="of each size"); parser.add_argument("--seed", type=int, default=0); parser.add_argument("--batches", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--arch", default="densenet121"); parser.add_argument("--seg-size", type=int, nargs=2, default=(448, 576), help="height and width"); parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--sizes", nargs="+", default=["600x450", "6000x4000"], help="of the photographs, WIDTHxHEIGHT"); parser.add_argument("--device", default="cpu"); parser.add_argument("--out", type=Path, help="folder for bench_inference.csv and .how.json")
    a = parser.parse_args()
    table = measure_all(a.images, [tuple(map(int, s.split("x"))) for s in a.sizes], a.batches, a.arch, tuple(a.seg_size), a.image_size, a.seed, a.device)
    import torch
    keep(table, a.out, "bench_inference", a.seed, threads=torch.get_num_threads(), cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
