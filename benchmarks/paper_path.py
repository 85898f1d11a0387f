"""python benchmarks/paper_path.py --metadata DIR [--work DIR] [--limit N] [--out results]: the profile `paper` at the report's counts, once through, small. Small JPEGs under the names of ISIC 2020 (33,126) and HAM10000 (10,015, with masks),
with the published tables from DIR (as full_count.py); a small segmentation network, DenseNet121 at 32 px, one epoch, rows 1, 3, 4 and 11, then Table 2 and the comparisons. No weights: nothing is learnt that is worth a number; what is
shown is that every stage passes at these counts, the process's peak of memory in it (which keeps what it has freed, so that later stages show what earlier ones needed) and its disk (`paper_path.csv`; the seconds depend on what else the machine did). --work keeps data and runs there, so that a broken dry run goes on; else a temporary folder.
With a GPU: --rows 1-11 --image-size 224 --epochs 2 --networks paper, the report's eleven rows with its own networks at its own sizes; the table (`paper_path_224px_2epochs_paper.csv`) then has images a second, the GPU's peak memory, and the hours that all epochs would take, with their sum. (Not run by us: we had no GPU.)
python benchmarks/paper_path.py --projection [--out results]: rates of the profile's own networks at their own sizes, measured now on this machine (nothing else should run), and from them hours and gigabytes of the whole profile (`paper_projection.csv`)."""
import argparse, json, os, shutil, subprocess, sys, tempfile, time
from pathlib import Path
import cv2
import pandas as pd
from common import keep

ROWS, RUNGS_CACHED = ("1", "3", "4", "11"), ("original", "masked_box")
COUNTS = dict(isic=32_701, malignant=581, ham=10_015, photographs=33_126)   # the report's: images after duplicates, melanomas, HAM10000, files
DECODE_MS = 47   # of a 6000x4000 photograph at its largest, results/bench_decode.csv


class Peak:
    "Peak memory of this process (MB) and seconds since the last lap, of a stage each; a lap that was kept before is read, so that a dry run that was broken off has the numbers of the attempt that did the work."
    def __init__(self, kept: Path): self.kept = kept; self.rows = json.loads(kept.read_text()) if kept.exists() else []; self.reset()
    def reset(self): Path("/proc/self/clear_refs").write_text("5"); self.start = time.perf_counter()
    def lap(self, stage: str, **more) -> None:
        if all(r["stage"] != stage for r in self.rows):
            import torch
            gpu = {}
            if torch.cuda.is_available(): gpu = dict(gpu_peak_mb=round(torch.cuda.max_memory_allocated()/1e6)); torch.cuda.reset_peak_memory_stats()
            self.rows.append(dict(stage=stage, seconds=round(time.perf_counter() - self.start, 1), peak_mb=round(status_mb("VmHWM")), **more, **gpu)); self.kept.write_text(json.dumps(self.rows))
        print(next(r for r in self.rows if r["stage"] == stage), flush=True); self.reset()


def status_mb(key: str) -> float:
    "VmHWM (peak) or VmRSS of this process, MB."
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(key))/1e3


def write_masks(folder: Path) -> int:
    "For every JPEG of the folder the mask of its dark part, as HAM10000 has them; how many."
    files = sorted(folder.rglob("*.jpg")); (folder/"masks").mkdir(exist_ok=True)
    for f in files:
        grey = cv2.GaussianBlur(cv2.imread(str(f), cv2.IMREAD_GRAYSCALE), (0, 0), 2)
        cv2.imwrite(str(folder/"masks"/f"{f.stem}_segmentation.png"), cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[1])
    return len(files)


def size_mb(folder: Path) -> float: return round(sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())/1e6, 1)


def dry_run(metadata: Path, work: Path, limit: int | None, names: str, side: int, epochs: int, own: bool) -> pd.DataFrame:
    "Every stage once, rows `names` for some epochs at `side` px, with the profile's own networks or small ones; seconds, peak memory and disk of each."
    from full_count import write_images
    work = work/f"paper-{limit or 'all'}-{side}px{'-own'*own}"     # the data of a trial are not those of the whole
    data, runs = work/"data", work/"runs"; os.environ.update(MELANOMA_NB_DATA=str(data), MELANOMA_NB_RUNS=str(runs)); runs.mkdir(parents=True, exist_ok=True)
    if not (work/"written").exists():
        shutil.rmtree(data, ignore_errors=True); print("writing the images", flush=True); write_images(data, metadata, 1., limit); print(write_masks(data/"ham10000"), "masks"); (work/"written").touch()
    from melanoma_nb.core import get_profile
    from melanoma_nb.cropping import crop_set
    from melanoma_nb.data import input_cache, open_study
    from melanoma_nb.masks import mask_set
    from melanoma_nb.rows import check_rows, parse_rows, row_profile, run_rows, test_tables
    from melanoma_nb.segmentation import seg_run
    p = Peak(work/"laps.json")
    small = {} if own else dict(seg_arch="unet+resnet18", seg_size="64,64", seg_batch_size=16)
    rows, profile = parse_rows(names), get_profile("paper", image_size=side, epochs=epochs, seg_epochs=1, weights="none", allow_random_base=True, **small)
    study = open_study(profile); check_rows(study, rows); n = len(study.rows(profile.datasets)); p.lap("manifest, audit, duplicates, split", images=len(study.images), disk_mb=size_mb(runs))
    if not limit: assert (n, int(study.rows(profile.datasets).target.sum())) == (COUNTS["isic"], COUNTS["malignant"]), "the counts of ISIC 2020 are not the report's"
    def stage(name, make, images):
        before = size_mb(runs); make(); p.lap(name, images=images, disk_mb=round(size_mb(runs) - before, 1))
    stage("segmentation network, 1 epoch", lambda: seg_run(study), len(study.images) - n)
    stage("masks", lambda: mask_set(study), n)
    stage("inputs: original", lambda: input_cache(study, "original"), n); stage("inputs: masked_box", lambda: crop_set(study, "masked_box"), n)
    runs_of = {}
    for r in rows:
        def one():
            done, failed = run_rows(study, (r,)); runs_of.update(done)
            if len(failed): raise SystemExit(f"row {r} failed:\n{Path(failed.log[0]).read_text()}")
        stage(f"row {r}, {epochs} epoch{'s'*(epochs > 1)}", one, n)
    from melanoma_nb.findings import comparisons, table2
    tables = test_tables(runs_of); made = table2(tables, profile.n_boot); p.lap("Table 2, 10,000 resamples", images=int(made.n.iloc[0]), disk_mb=0.)
    found = comparisons(tables, profile.n_boot); p.lap(f"{len(found)} comparisons, 10,000 resamples", images=int(made.n.iloc[0]), disk_mb=0.)
    assert set(made.row) == set(rows) and len(found), "a table is not whole"
    t = pd.DataFrame(p.rows)
    return with_hours(t, study, rows) if epochs > 1 else t


def with_hours(t: pd.DataFrame, study, rows: tuple[str, ...]) -> pd.DataFrame:
    "With training images a second, the hours that all epochs of the profile would take, and a line for the whole."
    from melanoma_nb.classification import can_be_fast
    from melanoma_nb.core import get_profile
    from melanoma_nb.rows import row_profile
    paper, p = get_profile("paper"), study.profile; train = study.rows(p.datasets).query("split == 'train'"); epoch = 2*max((train.target == 0).sum(), (train.target == 1).sum())
    t = t.assign(images_a_second=float("nan"), hours_of_all_epochs=t.seconds/3600)
    for r in rows:
        k, ran = t.stage.str.startswith(f"row {r},"), row_profile(p, r)
        if can_be_fast(ran): continue                                             # features once, and rows on the same input share them
        t.loc[k, "images_a_second"] = (epoch*ran.epochs/t.seconds[k]).round(1)    # validation and predictions are in the seconds
        t.loc[k, "hours_of_all_epochs"] *= row_profile(paper, r).epochs/ran.epochs
    t.loc[t.stage.str.startswith("segmentation"), "hours_of_all_epochs"] *= paper.seg_epochs/p.seg_epochs
    total = dict(stage="all", seconds=t.seconds.sum().round(1), hours_of_all_epochs=t.hours_of_all_epochs.sum(), disk_mb=t.disk_mb.sum())
    return pd.concat([t, pd.DataFrame([total])], ignore_index=True).round(dict(hours_of_all_epochs=2))


def forward_rate(net, size: tuple[int, int], bs: int, batches: int = 3) -> float:
    "Images a second without gradients."
    import torch
    x = torch.rand(bs, 3, *size).to(memory_format=torch.channels_last); net.eval()
    with torch.inference_mode():
        net(x); start = time.perf_counter()
        for _ in range(batches): net(x)
    return bs*batches/(time.perf_counter() - start)


def step_memory(what: str) -> float:
    "GB that a training step of the profile's `classifier` or `segmentation` network adds to a process, float32: weights, Adam's state, activations, gradients; in a process of its own, since freed memory is kept."
    return float(subprocess.run([sys.executable, __file__, "--step", what], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def print_step_memory(what: str) -> None:
    "The child's side of `step_memory`."
    import torch
    from melanoma_nb.core import get_profile
    from melanoma_nb.networks import build_classifier
    from melanoma_nb.segmentation import build_segmenter
    from melanoma_nb.training import training_rate
    p = get_profile("paper", device="cpu"); before = status_mb("VmRSS"); net, size, bs = (build_classifier(p.arch, "none"), (p.image_size,)*2, p.batch_size) if what == "classifier" else (build_segmenter(p.seg_arch, "none"), p.seg_size, p.seg_batch_size)
    training_rate(net, size, bs, torch.device("cpu"), batches=2); print(round((status_mb("VmHWM") - before)/1e3, 2))


def projection() -> pd.DataFrame:
    "Hours and gigabytes of the whole profile on this processor, from rates measured now."
    from melanoma_nb.core import get_profile
    from melanoma_nb.networks import build_classifier
    from melanoma_nb.classification import can_be_fast
    from melanoma_nb.rows import REPORT_ROWS, measured_rates, row_profile
    from melanoma_nb.segmentation import build_segmenter
    from melanoma_nb.training import keep_memory
    keep_memory(); paper = get_profile("paper", device="cpu"); side, (h, w) = paper.image_size, paper.seg_size; out = []
    def add(step, images, rate=None, hours=None, gb=0., note=""): out.append(dict(step=step, images=images, images_a_second=rate and round(rate, 2), hours=round(hours if hours is not None else images/rate/3600, 2), gigabytes=round(gb, 2), note=note))
    net, seg = build_classifier(paper.arch, "none"), build_segmenter(paper.seg_arch, "none")
    forward, masks = forward_rate(net, (side, side), 32), forward_rate(seg, (h, w), paper.seg_batch_size)
    rows = [*REPORT_ROWS, "7x50"]; rates = measured_rates([row_profile(paper, r) for r in rows])
    n, mel = COUNTS["isic"], COUNTS["malignant"]; train = round(.7*n), round(.7*(n - mel)); epoch, rest = 2*train[1], n - train[0]
    reads, ham = 2 + len(RUNGS_CACHED), COUNTS["ham"]   # audit, masks, inputs; HAM10000's small JPEGs do not count
    add("reading photographs", COUNTS["photographs"]*reads, 1000/DECODE_MS*(os.cpu_count() or 1), note=f"{reads} passes, if all were 6000x4000, a thread a core; results/bench_decode.csv")
    seen_again = round(.15*ham)*paper.seg_epochs + ham   # validation after every epoch, and all masks counted once
    add(f"segmentation network, {paper.seg_epochs} epochs", round(.7*ham)*paper.seg_epochs, rates[("segmentation",)], gb=ham*h*w*4/1e9,
        hours=(round(.7*ham)*paper.seg_epochs/rates[("segmentation",)] + seen_again/masks)/3600, note="with its inputs, validation and counts")
    add("masks", n, masks, gb=n*paper.frame_size[0]*paper.frame_size[1]/8/1e9, note="one bit a pixel")
    add("inputs: original and masked_box", 2*n, hours=0., gb=2*n*side*side*3/1e9, note="time: see reading photographs")
    seen = set()
    for r in rows:
        p = row_profile(paper, r); fast = can_be_fast(p); rung = "original" if r in ("1", "3") else "masked_box"
        if fast: add(f"row {r}", 0 if rung in seen else n, forward, gb=0 if rung in seen else n*1024*4/1e9, note="features once, shared by rows on the same input"); seen.add(rung); continue
        key = (p.arch, p.unfreeze, p.image_size); look = rest//2*p.epochs + n + rest
        add(f"row {r}", epoch*p.epochs, rates[key], hours=epoch*p.epochs/rates[key]/3600 + look/forward/3600, gb=.03, note=f"{p.epochs} epochs of {epoch:,} images, validation and predictions included")
    t = pd.DataFrame(out); total = dict(step="all", images=int(t.images.sum()), images_a_second=None, hours=round(t.hours.sum(), 1), gigabytes=round(t.gigabytes.sum(), 1), note="one seed, without the photographs themselves (23 and 3 GB)")
    need = [dict(step=f"memory of a training step, {k}", images=bs, images_a_second=None, hours=None, gigabytes=step_memory(k), note="float32; on a GPU with mixed precision less (not measured), and 5 GB more if it holds the inputs")
        for k, bs in dict(classifier=paper.batch_size, segmentation=paper.seg_batch_size).items()]
    return pd.concat([t, pd.DataFrame([total, *need])], ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--metadata", type=Path); parser.add_argument("--work", type=Path); parser.add_argument("--out", type=Path)
    parser.add_argument("--rows", default=",".join(ROWS)); parser.add_argument("--image-size", type=int, default=32); parser.add_argument("--epochs", type=int, default=1); parser.add_argument("--networks", choices=["small", "paper"], default="small")
    parser.add_argument("--limit", type=int, help="rows of each table, to try the script"); parser.add_argument("--projection", action="store_true"); parser.add_argument("--step", choices=["classifier", "segmentation"], help="used by --projection for its own child processes")
    args = parser.parse_args()
    if args.step: print_step_memory(args.step); return
    if args.projection: keep(projection(), args.out, "paper_projection", 0); return
    if args.metadata is None: parser.error("--metadata DIR: the folder of the published tables")
    if args.limit and args.out: parser.error("--limit is for a trial: its table is not kept, leave --out away")
    with tempfile.TemporaryDirectory() as d:
        work = (args.work or Path(d)).resolve(); work.mkdir(parents=True, exist_ok=True)
        t = dry_run(args.metadata, work, args.limit, args.rows, args.image_size, args.epochs, args.networks == "paper")
        for k in ("--metadata", "--work"):
            if k in sys.argv: sys.argv[sys.argv.index(k) + 1] = "DIR"     # no path of this machine in the record
        usual = (args.rows, args.image_size, args.epochs, args.networks) == (",".join(ROWS), 32, 1, "small")
        name = "paper_path" if usual else f"paper_path_{args.image_size}px_{args.epochs}epochs_{args.networks}"
        keep(t, args.out, name, 0, note=f"JPEGs of 64x64 px at {args.image_size} px, random base weights: the counts are real, the pictures are not, and masks of 64x64 px take 512 bytes where those of 640x480 take 38,400")


if __name__ == "__main__": main()
