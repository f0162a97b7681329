#!/usr/bin/python3
"""Type-1 error of single-variant tests on simulated traits without any effect of the variants.
calibration.py SALUS FOLDER [--quick] [--only SCENARIO ...] [--controls N ...] [--given WHAT ...]

Every cell is a number of people, a share of cases, a range of frequencies and a test. Printed: tests, rejections at 5e-4 and 5e-5
as a multiple of the level with the 95 %
interval of a correct test, and the tests without a result. Scenarios:
relatives   families of two parents and four children in two populations whose risk differs, polygenic traits, quantitative and
            binary; the null variants are on other chromosomes than the causal ones; with and without the whole-genome prediction
            and the result of kinship
interaction variant by environment in unrelated people: quantitative traits that spread more in the environment, and binary
            traits, with an environment of two values and with a quantitative one, by the column effective_samples
Binary traits and times to event of unrelated people, and relatives without predictions: association_calibration.cpp; gene
tests: gene_calibration.cpp. Needs numpy, scipy and h5py. Deterministic: seeds are fixed."""
import argparse, os, shutil, subprocess, sys
import h5py
import numpy as np
from scipy.stats import binom

LEVELS = (5e-4, 5e-5)


def write_bed(path, ids, variants, families=None):
    """variants: iterable of (chromosome, copies of ALT as int8 per sample)."""
    n = len(ids)
    with open(path + ".fam", "w") as f:
        f.writelines(f"{families[i] if families is not None else 0} {s} 0 0 {1 + i % 2} -9\n" for i, s in enumerate(ids))
    code = np.array([3, 2, 0], dtype=np.uint8)  # A1 = ALT: 0, 1, 2 copies
    with open(path + ".bed", "wb") as bed, open(path + ".bim", "w") as bim:
        bed.write(bytes([0x6C, 0x1B, 1]))
        for v, (chromosome, copies) in enumerate(variants):
            row = np.zeros((n + 3) // 4 * 4, dtype=np.uint8)
            row[:n] = code[copies]
            row = row.reshape(-1, 4)
            bed.write((row[:, 0] | row[:, 1] << 2 | row[:, 2] << 4 | row[:, 3] << 6).tobytes())
            bim.write(f"{chromosome}\tv{v}\t0\t{1000 + 50 * v}\tC\tA\n")


def run(salus, *words):
    done = subprocess.run([salus, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr[-3000:]}")


def write_table(path, ids, columns):
    with open(path, "w") as f:
        f.write(",".join(["sample_id", *columns]) + "\n")
        values = [c.tolist() for c in columns.values()]
        f.writelines(",".join([s, *(f"{v:g}" for v in row)]) + "\n" for s, row in zip(ids, zip(*values)))


def interval(tests, level):
    """95 % of the rejections of a correct test, over the level."""
    return [q / (tests * level) for q in binom.ppf((0.025, 0.975), tests, level)] if tests else [0, 0]


def report(scenario, cell, p, groups, names):
    for g, name in enumerate(names):
        values = p[:, groups == g]
        tested = values[~np.isnan(values)]
        line = f"{scenario:10} {cell:34} {name:>12} tests {len(tested):8d} untested {values.size - len(tested):7d}"
        for level in LEVELS:
            rejected = int((tested > -np.log10(level)).sum())
            low, high = interval(len(tested), level)
            ratio = rejected / max(1e-300, len(tested) * level)
            mark = "high" if ratio > high else "low" if ratio < low else "ok"
            line += f"  {level:g}: {ratio:6.2f} [{low:.2f}, {high:.2f}] {mark:4}"
        print(line, flush=True)


def collect(result, traits):
    with h5py.File(result) as f:
        return np.stack([f[f"traits/{t}"]["neg_log10_p"][:] for t in traits])


class Study:
    def __init__(self, salus, folder, ids, variants, families=None):
        self.salus, self.folder, self.ids = salus, folder, ids
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        write_bed(f"{folder}/sim", ids, variants, families)
        run(salus, "ingest_genomes", "--genotypes", f"{folder}/sim.bed", "--output", f"{folder}/genomes")
        self.store = f"{folder}/genomes/ingest_genomes/genotypes.store"

    def phenotypes(self, columns, covariates, *flags):
        write_table(f"{self.folder}/table.csv", self.ids, columns)
        for c in covariates:
            flags += ("--table_covariates", c)
        shutil.rmtree(f"{self.folder}/phenotypes", ignore_errors=True)
        run(self.salus, "phenotypes", "--genotypes", self.store, "--table", f"{self.folder}/table.csv", "--sex", "false", "--groups",
            "false", *flags, "--output", f"{self.folder}/phenotypes")
        self.table = f"{self.folder}/phenotypes/phenotypes/phenotypes.h5"

    def association(self, traits, *flags):
        output = f"{self.folder}/association"
        shutil.rmtree(output, ignore_errors=True)
        run(self.salus, "association", "--genotypes", self.store, "--phenotypes", self.table, "--minor_allele_count_min", "1", *flags,
            "--output", output)
        p = collect(f"{output}/association/association.h5", traits)
        with h5py.File(f"{output}/association/association.h5") as f:
            self.family_share = float(np.mean(f["trait_summary"]["family_share"][:]))
        shutil.rmtree(output)
        return p


CONTROLS = (None, 1, 10)  # per case of relatives; None: quantitative
GIVEN = ("nothing", "prediction", "relatives", "both")


def relatives(salus, folder, quick):
    families, causal, null, traits = (150, 200, 400, 8) if quick else (1000, 1000, 20000, 50)
    rng = np.random.default_rng(17)
    population = np.repeat(rng.integers(0, 2, families), 6)
    n = 6 * families

    def variant(low, high):
        ancestral = rng.uniform(low, high)
        shape = 0.99 / 0.01  # differentiation 0.01
        f = np.clip(rng.beta(ancestral * shape, (1 - ancestral) * shape, 2), 0.001, 0.999)[population[::6]]
        parents = rng.random((families, 2, 2)) < f[:, None, None]
        out = np.zeros((families, 6), dtype=np.int8)
        out[:, :2] = parents.sum(axis=2)
        for child in range(4):
            for parent in range(2):
                out[:, 2 + child] += parents[np.arange(families), parent, rng.integers(0, 2, families)]
        return out.reshape(-1)
    causal_rows = [variant(0.1, 0.5) for _ in range(causal)]
    bins = ((0.002, 0.01), (0.01, 0.05), (0.05, 0.5))
    null_groups = np.arange(null) % len(bins)

    def variants():
        for v, row in enumerate(causal_rows):
            yield 1 + 10 * v // causal, row
        for v in range(null):
            yield 11 + 10 * v // null, variant(*bins[null_groups[v]])
    study = Study(salus, folder, [f"s{i}" for i in range(n)], variants(), np.repeat(np.arange(families), 6))
    z = np.stack([(r - r.mean()) / max(r.std(), 1e-9) for r in causal_rows])
    covariates = {"population": population.astype(float)}
    groups = np.concatenate([np.full(causal, -1), null_groups])
    run(salus, "kinship", "--genotypes", study.store, "--output", f"{folder}/kinship")
    related = ("--relatives", f"{folder}/kinship/kinship/kinship.h5")
    for controls in CONTROLS:
        names, columns = [f"t{t}" for t in range(traits)], {}
        for t in names:
            genetic = rng.normal(size=causal) @ z
            liability = np.sqrt(0.5) * genetic / genetic.std() + np.sqrt(0.5) * rng.normal(size=n) + 0.3 * population
            columns[t] = (liability > np.quantile(liability, controls / (1 + controls))).astype(float) if controls else liability
        study.phenotypes({**columns, **covariates}, covariates)
        output = f"{folder}/null_model"
        shutil.rmtree(output, ignore_errors=True)
        if {"prediction", "both"} & set(GIVEN):
            run(salus, "null_model", "--genotypes", study.store, "--phenotypes", study.table, "--output", output)
        loco = ("--null_model", f"{output}/null_model/null_model.h5")
        for test in ("score", "score_saddlepoint", "score_firth") if controls else ("linear",):
            flags = ("--binary_test", test, "--exact_firth_p_max", "0") if controls else ()
            for name in GIVEN:
                more = {"nothing": (), "prediction": loco, "relatives": related, "both": loco + related}[name]
                p = study.association(names, *flags, *more)
                share = "" if np.isnan(study.family_share) else f", share {study.family_share:.3f}"
                report("relatives", f"N {n} {f'1:{controls} ' if controls else ''}{test} {name}{share}", p, groups,
                       [f"frequency {a:g}-{b:g}" for a, b in bins])


SCENARIOS = ("relatives", "interaction")
EFFECTIVE = (5, 10, 20, 40, 80, 160, 1e9)


def interaction(salus, folder, quick):
    n, variants, traits = (1500, 300, 4) if quick else (2000, 4000, 60)
    rng = np.random.default_rng(23)
    rows = [(1, rng.binomial(2, f, n).astype(np.int8)) for f in np.exp(rng.uniform(np.log(0.005), np.log(0.3), variants))]
    study = Study(salus, folder, [f"s{i}" for i in range(n)], rows)
    environments = {"exposed": (rng.random(n) < 0.1).astype(float), "dose": rng.normal(size=n)}
    for name, e in environments.items():
        columns = {}
        for t in range(traits):
            spread = 1 + e if name == "exposed" else np.exp(0.3 * e)
            columns[f"q{t}"] = 0.3 * e + spread * rng.normal(size=n)
            risk = 1 / (1 + np.exp(2.2 - 0.4 * e))
            columns[f"b{t}"] = (rng.random(n) < risk).astype(float)
        study.phenotypes({**columns, name: e}, [name])
        output = f"{folder}/interaction"
        shutil.rmtree(output, ignore_errors=True)
        run(salus, "interaction", "--genotypes", study.store, "--phenotypes", study.table, "--environment", name,
            "--minor_allele_count_min", "5", "--effective_samples_min", "5", "--effective_samples_min_binary", "5", "--output", output)
        for kind in "qb":
            with h5py.File(f"{output}/interaction/interaction.h5") as f:
                tables = [f[f"traits/{kind}{t}"] for t in range(traits)]
                p = np.concatenate([t["neg_log10_p"][:] for t in tables])
                joint = np.concatenate([t["neg_log10_p_joint"][:] for t in tables])
                effective = np.concatenate([t["effective_samples"][:] for t in tables])
            for low, high in zip(EFFECTIVE, EFFECTIVE[1:]):
                here = (effective >= low) & (effective < high)
                for what, values in (("interaction", p), ("joint", joint)):
                    report("interaction", f"{'quantitative' if kind == 'q' else 'binary 1:9'} x {name} {what}", values[None, here],
                           np.zeros(here.sum(), dtype=int), [f"{low:g}-{high:g}"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("salus")
    parser.add_argument("folder")
    parser.add_argument("--quick", action="store_true", help="few tests: whether the script works")
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, default=SCENARIOS)
    parser.add_argument("--given", nargs="+", choices=GIVEN, default=GIVEN, help="what association is given of relatives")
    parser.add_argument("--controls", nargs="+", type=int, help="per case, of relatives; without it quantitative traits too")
    arguments = parser.parse_args()
    GIVEN = arguments.given
    if arguments.controls:
        CONTROLS = [c for c in CONTROLS if c in arguments.controls]
    for name in arguments.only:
        globals()[name](arguments.salus, f"{arguments.folder}/{name}", arguments.quick)
