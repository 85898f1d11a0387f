"""python benchmarks/inference.py [--out results]: how fast a bundle answers at the report's sizes, after loading, on the cores that the process may use.

DenseNet121 U-Net at 576×448 and DenseNet121 at 224, weights from nothing (a mask that is none: the crop is the whole frame, the largest there is), 1,000 reference photographs.
The mask network is run by torch and, where it is installed, by OpenVINO (`engine`). All variants are in memory at once, so `peak_mb` is of all together; `load_s` is the time to build both networks, conversion included.
`bench_mask_network` is the mask network alone on a batch: plain torch (network and images channels first, as PyTorch has them), torch as we call it (channels last), and OpenVINO, with the largest difference of a logit from plain torch.
JPEGs as large as most of HAM10000's (600×450) and as the largest of ISIC 2020 (6000×4000). Where the time goes is timed part by part, on a batch."""
import argparse, importlib.metadata, importlib.util, os, resource, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
import pandas as pd
from common import keep, skin, write_jpeg

def bundle_of_nothing(arch: str, seg_size: tuple[int, int], image_size: int, device: str, engine: str = "torch"):
    "A bundle whose networks are as they were initialised."
    import torch
    from melanoma_nb.core import pick_device, seeded
    from melanoma_nb.inference import Bundle, Converted, encoder_features
    from melanoma_nb.networks import build_classifier
    from melanoma_nb.segmentation import build_segmenter, seg_stats
    from melanoma_nb.training import get_arch
    (sm, ss), (cm, cs), d = seg_stats(arch), get_arch(arch).stats, pick_device(device)
    spec = dict(segmentation=dict(arch=arch, size=seg_size, mean=sm, std=ss, flips=False), scales=dict(features=1., colours=1.),
        classification=dict(arch=arch, image_size=image_size, mean=cm, std=cs, rung="masked_box", frame_size=(480, 640), mask_policy="fallback"))
    with seeded(0): nets = [build_segmenter(arch, "none").eval().to(d), build_classifier(arch, "none").eval().to(d)]
    with encoder_features(nets[0]) as found, torch.inference_mode(): nets[0](torch.zeros(1, 3, *seg_size, device=d))
    rng, width = np.random.default_rng(0), found[0].shape[1]
    ref = {k: v.astype(np.float32) for n, w in (("features", width), ("colours", 15)) for k, v in ((n, rng.normal(size=(1000, w))), (f"{n}_mean", np.zeros(w)), (f"{n}_std", np.ones(w)))}
    return Bundle(spec, *nets, ref, d, faster=Converted(nets[0], seg_size) if engine == "openvino" else None)

def parts(bundle, paths: list[str], bs: int) -> dict[str, float]:
    "Milliseconds an image of each part of the work, one after the other."
    import torch
    from melanoma_nb.inference import colour_numbers, crop_photo, distances, load_photo, measure_batch, network_input
    from melanoma_nb.segmentation import predict_maps
    s, c, n, out = bundle.spec["segmentation"], bundle.spec["classification"], min(bs, len(paths)), {}
    def timed(name, f): start = time.perf_counter(); found = f(); out[name] = 1000*(time.perf_counter() - start)/n; return found
    photos = timed("decode", lambda: [load_photo(p, s["size"], c["frame_size"]) for p in paths[:n]])
    prob = timed("mask network", lambda: predict_maps(bundle.faster or bundle.seg, torch.from_numpy(np.stack([p.small for p in photos])), (s["mean"], s["std"]), bundle.device))
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

def mask_network(arch: str, seg_size: tuple[int, int], batches: list[int], engines: list[str], rounds: int, seed: int) -> pd.DataFrame:
    "A row a batch and way of calling the mask network; the ways take turns, and the shortest time of all rounds counts."
    import torch
    from melanoma_nb.core import seeded
    from melanoma_nb.inference import Converted
    from melanoma_nb.segmentation import build_segmenter
    with seeded(0): ours = build_segmenter(arch, "none").eval()
    with seeded(0): plain = build_segmenter(arch, "none").eval().to(memory_format=torch.contiguous_format)
    ways = dict(plain=plain, torch=ours) | (dict(openvino=Converted(ours, seg_size)) if "openvino" in engines else {}); rows = []
    for bs in batches:
        first = torch.randn(bs, 3, *seg_size, generator=torch.Generator().manual_seed(seed)); x = dict.fromkeys(ways, first.contiguous(memory_format=torch.channels_last)) | dict(plain=first)
        took, out = {k: [] for k in ways}, {}
        for _ in range(rounds):
            for k, net in ways.items():
                with torch.inference_mode(): start = time.perf_counter(); out[k] = net(x[k]); took[k].append(time.perf_counter() - start)
        for k in ways:
            ms = 1000*min(took[k])/bs
            rows.append(dict(network=arch, mask=f"{seg_size[1]}x{seg_size[0]}", batch=bs, way=k, rounds=rounds, ms_image=ms, times_plain=1000*min(took["plain"])/bs/ms, logit_gap=float((out[k] - out["plain"]).abs().max()), largest_logit=float(out["plain"].abs().max())))
    return pd.DataFrame(rows).round(dict(ms_image=1, times_plain=3))

def measure_all(n: int, sizes: list[tuple[int, int]], batches: list[int], engines: list[str], rounds: int, arch: str, seg_size: tuple[int, int], image_size: int, seed: int, device: str) -> pd.DataFrame:
    "A row a size of the photographs, batch and engine; the engines take turns, and the shortest time of all rounds counts."
    rows, bundles, started = [], {}, {}
    for e in engines: start = time.perf_counter(); bundles[e] = bundle_of_nothing(arch, seg_size, image_size, device, e); started[e] = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as d:
        for w, h in sizes:
            paths = [str(Path(d)/f"{w}-{k}.jpg") for k in range(n)]
            for k, p in enumerate(paths): write_jpeg(Path(p), skin(seed + k % 4, h, w))
            for bundle in bundles.values(): answered(bundle, paths[:2], 2)
            single = {k: np.median([answered(bundle, paths[i:i+1], 1) for i in range(min(5, n))]) for k, bundle in bundles.items()}
            for bs in batches:
                took, each = ({k: [] for k in bundles} for _ in range(2))
                for _ in range(rounds):
                    for k, bundle in bundles.items(): took[k].append(answered(bundle, paths, bs)); each[k].append(parts(bundle, paths, bs))
                for e in bundles:
                    rows.append(dict(photographs=f"{w}x{h}", network=arch, mask=f"{seg_size[1]}x{seg_size[0]}", side=image_size, engine=e, batch=bs, n=n, images_per_s=n/min(took[e]),
                        single_s=single[e], load_s=started[e], peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024, **{f"ms_{k.replace(', ', '_').replace(' ', '_')}": min(p[k] for p in each[e]) for k in each[e][0]}))
    return pd.DataFrame(rows).round(3)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=12, help="of each size"); parser.add_argument("--seed", type=int, default=0); parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8]); parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="+", choices=["torch", "openvino"], help="default: torch, and openvino where it is installed and the device is the processor")
    parser.add_argument("--arch", default="densenet121"); parser.add_argument("--seg-size", type=int, nargs=2, default=(448, 576), help="height and width"); parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--sizes", nargs="+", default=["600x450", "6000x4000"], help="of the photographs, WIDTHxHEIGHT"); parser.add_argument("--device", default="cpu"); parser.add_argument("--out", type=Path, help="folder for bench_inference.csv, bench_mask_network.csv and their .how.json")
    a = parser.parse_args()
    engines = a.engines or ["torch", *["openvino"]*(a.device == "cpu" and importlib.util.find_spec("openvino") is not None)]
    size, tables = tuple(a.seg_size), {}
    if a.device == "cpu": tables["bench_mask_network"] = mask_network(a.arch, size, a.batches, engines, 2*a.rounds, a.seed)
    tables["bench_inference"] = measure_all(a.images, [tuple(map(int, s.split("x"))) for s in a.sizes], a.batches, engines, a.rounds, a.arch, size, a.image_size, a.seed, a.device)
    import torch
    for name, table in tables.items():
        keep(table, a.out, name, a.seed, openvino=importlib.metadata.version("openvino") if "openvino" in engines else None, threads=torch.get_num_threads(), cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
