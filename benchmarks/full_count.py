"""python benchmarks/full_count.py --metadata DIR [--limit N] [--out results]: a dry run at the real counts. 33,126 small JPEGs under the names of ISIC 2020 and 10,015 under those of HAM10000,
with the real tables from DIR (ISIC_2020_Training_GroundTruth_v2.csv, ISIC_2020_Training_Duplicates.csv, HAM10000_metadata.csv): every picture is another one, the listed duplicates
are re-encoded copies. Readers, audit, splits and a cache at 32 px are timed on half of the images and on all of them, each in a process of its own;
in a further process, the command that a user types, `melanoma_data audit DIR --out REPORT`, from the import of our modules to its end (the row "the whole command").
This is heavy: over ten minutes on two cores and 4.4 GB of memory, most of it the search of near duplicates, once among the steps and once in the command.
`--limit N` takes the first N rows of each table only, to try the script (`--limit 200`: half a minute); such a table is not kept."""
import argparse, json, os, shutil, subprocess, sys, tempfile, time
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
import cv2
import pandas as pd

STEPS = "read the tables, find the files|decode every image|exact duplicates|near duplicates|groups|splits (2)|the audit's table|cache at 32 px".split("|")
SIZE = 64   # pixels: side of the JPEGs


COMMAND = "the whole command: melanoma_data audit"


def write_images(data: Path, metadata: Path, share: float, limit: int | None) -> None:
    "The two data sets in their layouts, with the first `share` of the rows (or of the first `limit`) of each table; a listed pair is kept or left out as a whole."
    from melanoma_nb.duplicates import random_pictures
    isic, ham = pd.read_csv(metadata/"ISIC_2020_Training_GroundTruth_v2.csv"), pd.read_csv(metadata/"HAM10000_metadata.csv")
    pairs = pd.read_csv(metadata/"ISIC_2020_Training_Duplicates.csv")
    isic, ham = (t[:limit] for t in (isic, ham)); isic, ham = (t[:round(share*len(t))] for t in (isic, ham))
    both = pairs.image_name_1.isin(isic.image_name) & pairs.image_name_2.isin(isic.image_name); pairs = pairs[both]
    first = dict(zip(pairs.image_name_2, pairs.image_name_1))
    for folder, name, t in ((data/"isic2020", "ISIC_2020_Training_GroundTruth_v2.csv", isic), (data/"ham10000", "HAM10000_metadata.csv", ham)):
        (folder/"train").mkdir(parents=True); t.to_csv(folder/name, index=False)
    pairs.to_csv(data/"isic2020"/"ISIC_2020_Training_Duplicates.csv", index=False)
    names = [(data/"isic2020"/"train", n) for n in isic.image_name] + [(data/"ham10000"/"train", n) for n in ham.image_id]
    kept, originals = {}, set(first.values())
    for block in range(0, len(names), 4096):
        part = names[block:block+4096]
        for (folder, name), img in zip(part, random_pictures(len(part), SIZE, seed=block)):
            if name in originals: kept[name] = img
            if name not in first: put(folder, name, img, 92)
    for second, name in first.items(): put(data/"isic2020"/"train", second, kept[name], 60)


def put(folder: Path, name: str, img, quality: int) -> None:
    "A JPEG."
    cv2.imwrite(str(folder/f"{name}.jpg"), img[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])


def peak_mb() -> float:
    "Peak memory of this process alone (the rusage of a child may be its parent's)."
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))/1e3


def measure(data: Path, work: Path) -> dict:
    "Seconds of each step, and what came out."
    os.environ.update(MELANOMA_NB_DATA=str(data), MELANOMA_NB_RUNS=str(work), IN_TEST="1")   # no progress bars
    from melanoma_nb.core import get_profile
    from melanoma_nb.data import Study, audit_table, input_cache
    from melanoma_nb.photos import audit_files, copy_pairs, find_near, join_near, mark_copies
    from melanoma_nb.sources import read_sources
    from melanoma_nb.splits import split_manifest
    base, seconds, start = peak_mb(), [], time.perf_counter()
    def lap(x):
        nonlocal start
        seconds.append(time.perf_counter()-start); start = time.perf_counter()
        return x
    rows = lap(read_sources(["isic2020", "ham10000"], data))
    df, thumbs = lap(audit_files(rows, work/"thumbs"))
    df = lap(mark_copies(df)); pairs = lap(find_near(df, thumbs)); df = lap(join_near(df, pd.concat([pairs[["a", "b"]], copy_pairs(df)])))
    split = split_manifest(df, "random"); split = lap(split_manifest(df, folds=5)); table = lap(audit_table(df, pairs))
    p = replace(get_profile("paper", image_size=32), datasets=("isic2020", "ham10000"))
    study = Study(p, df[df.status == "ok"].reset_index(drop=True).assign(fold=split.fold, split=""), df, work, "", table)
    lap(input_cache(study, "original"))
    disk = sum(f.stat().st_size for f in work.rglob("*") if f.is_file())/1e6
    return dict(seconds=dict(zip(STEPS, seconds)), **counts(df), pairs=len(pairs), memory_mb=peak_mb(), base_mb=base, disk_mb=disk)


def counts(df: pd.DataFrame) -> dict:
    "What is known beforehand of a manifest."
    isic = df[df.dataset == "isic2020"]
    return dict(images=len(df), ok=int((isic.status == "ok").sum()), duplicate=int((isic.status == "duplicate").sum()), malignant=int(isic.target[isic.status == "ok"].sum()))


def measure_command(data: Path, work: Path) -> dict:
    "Seconds of the command, imports included, and what came out; it finds no run of `measure` to go on from."
    os.environ.update(MELANOMA_NB_RUNS=str(work/"command"), IN_TEST="1")
    start = time.perf_counter()
    from melanoma_nb.data import melanoma_data
    with redirect_stdout(StringIO()): status = melanoma_data(["audit", str(data), "--out", str(work/"report")])
    seconds = time.perf_counter()-start
    assert status == 0, f"melanoma_data audit ended with {status}"
    return dict(seconds=seconds, memory_mb=peak_mb(), **counts(pd.read_csv(work/"report"/"manifest.csv", keep_default_na=False)))


def in_child(what: str, metadata: Path, data: Path, work: Path) -> dict:
    "A measurement in a process of its own."
    cmd = [sys.executable, __file__, "--metadata", metadata, "--child", what, data, work]
    p = subprocess.run(cmd, stdout=subprocess.PIPE, text=True, check=True, stdin=subprocess.DEVNULL)
    return json.loads(p.stdout.splitlines()[-1])


def table(results: list[dict]) -> pd.DataFrame:
    "One row a step: seconds at n and 2n images, and their ratio; then memory and disk."
    half, full = results
    rows = [dict(step=s, half=half["seconds"][s], full=full["seconds"][s], unit="s") for s in (*STEPS, COMMAND)]
    rows += [dict(step=k, half=half[f], full=full[f], unit=u) for k, f, u in (
        ("peak memory", "memory_mb", "MB"), ("of it before the first step", "base_mb", "MB"), ("peak memory of the command", "command_mb", "MB"), ("disk", "disk_mb", "MB"), ("images", "images", ""),
        ("ISIC 2020: ok", "ok", ""), ("ISIC 2020: duplicate", "duplicate", ""), ("ISIC 2020: malignant among ok", "malignant", ""), ("near-duplicate pairs", "pairs", ""))]
    return pd.DataFrame(rows).assign(ratio=lambda t: (t.full/t.half).where(t.unit == "s"))[["step", "half", "full", "ratio", "unit"]].round(3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--metadata", type=Path, required=True); parser.add_argument("--out", type=Path)
    parser.add_argument("--limit", type=int, help="rows of each table, to try the script")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child: print(json.dumps(dict(steps=measure, command=measure_command)[args.child[0]](*map(Path, args.child[1:])))); return
    if args.limit and args.out: parser.error("--limit is for a trial: its table is not kept, leave --out away")
    results = []
    with tempfile.TemporaryDirectory() as d:
        for share in (.5, 1.):
            data, work = Path(d).resolve()/f"data-{share}", Path(d).resolve()/f"runs-{share}"; work.mkdir()
            print(f"writing {share:.0%} of the images", flush=True); write_images(data, args.metadata, share, args.limit)
            found, command = (in_child(what, args.metadata, data, work) for what in ("steps", "command")); shutil.rmtree(data); shutil.rmtree(work)
            differ = [k for k in ("images", "ok", "duplicate", "malignant") if found[k] != command[k]]
            assert not differ, f"the command and the single steps differ in {', '.join(differ)}"
            found["seconds"][COMMAND], found["command_mb"] = command["seconds"], command["memory_mb"]; results.append(found)
    t = table(results); print(t.to_string(index=False))
    if args.limit: return
    assert [results[1][k] for k in ("ok", "duplicate", "malignant")] == [32_701, 425, 581], "the counts of ISIC 2020 are not the published ones"
    slow = t[(t.unit == "s") & (t.ratio > 2.3) & (t.full > 1)]
    print("no step takes more than 2.3 times as long for twice the images" if not len(slow) else f"more than 2.3 times as long for twice the images: {', '.join(slow.step)}")
    if args.out:
        from melanoma_nb.core import provenance, write_json
        args.out.mkdir(parents=True, exist_ok=True); t.to_csv(args.out/"full_count.csv", index=False); p = provenance()
        write_json(args.out/"full_count.how.json", dict(command="python benchmarks/full_count.py --metadata DIR --out results", seed=0, commit=p["commit"], versions=p["versions"],
            hardware=dict(cores=p["cores"], machine=p["machine"], gpu=p["gpu"]), note=f"JPEGs of {SIZE}x{SIZE} px: the counts are real, the pictures are not"))


if __name__ == "__main__": main()
