#!/usr/bin/env bash
# association with relatives gives byte-identical results for 1, 2, 3 and 4 ranks and 1 or 2 threads: mixed linear models, and binary
# traits by the families of the carriers, exactly and by the saddle-point, with and without whole-genome predictions.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
quiet "$SALUS" simulate --samples 400 --chromosomes chr1 --chromosomes chr2 --region_mb 1 --common_per_mb 400 --rare_per_mb 300 \
    --family_share 0.9 --formats bed --output simulated --seed 12
quiet "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes
store=$(find genomes -type d -name genotypes.store)
quiet "$SALUS" kinship --genotypes "$store" --output kinship
kinship=$(find kinship -name kinship.h5)
# Traits that relatives share, without randomness but that of names.
/usr/bin/python3 - "$store" "$kinship" <<'EOS' >traits.csv
import glob
import hashlib
import sys

import h5py
with h5py.File(glob.glob(sys.argv[1] + "/*index*")[0]) as f:
    ids = [s.decode() for s in f["samples/sample_id"][:]]
family = {i: i for i in ids}
def head(i):
    while family[i] != i:
        i = family[i]
    return i
with h5py.File(sys.argv[2]) as f:
    pairs = f["pairs"]
    for a, b, k in zip(pairs["sample_1"][:], pairs["sample_2"][:], pairs["kinship"][:]):
        if k > 0.15:
            family[head(b.decode())] = head(a.decode())
def uniform(name):
    return [b / 255 for b in hashlib.sha256(name.encode()).digest()]
print("sample_id,tall,ill,age")
for i in ids:
    own, shared = uniform(i), uniform("family " + head(i))
    tall = sum(shared[:4]) + sum(own[:4]) - 4
    ill = sum(shared[4:8]) + sum(own[4:8]) - 4
    print(f"{i},{tall},{int(ill > 0.7)},{30 + 40 * own[9]}")
EOS
quiet "$SALUS" phenotypes --genotypes "$store" --table traits.csv --table_traits tall --table_traits ill --table_covariates age \
    --sex false --groups false --output phenotypes
table=phenotypes/phenotypes/phenotypes.h5
quiet "$SALUS" null_model --genotypes "$store" --phenotypes "$table" --block_size 60 --minor_allele_count_min 5 --output null
scan() { # output ranks threads options...
    local output=$1 ranks=$2 threads=$3; shift 3
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" association --genotypes "$store" --phenotypes "$table" --relatives "$kinship" \
        --relatives_kinship_min 0.15 --minor_allele_count_min 3 --threads "$threads" --output "$output" "$@"
    sha256sum <"$output/association/association.h5"
}
same() { # name options...
    local name=$1 expected layout; shift
    expected=$(scan "$name" 1 1 "$@")
    for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
        [[ $(scan "$name-${layout/ /t}" $layout "$@") == "$expected" ]] || { echo "$name: results differ on $layout (ranks threads)"; exit 1; }
    done
}
same firth --refit_p_max 0.5
same saddlepoint --binary_test score_saddlepoint --refit_p_max 0.5 --exact_copies_max 8
same predictions --null_model null/null_model/null_model.h5 --traits tall,ill --refit_p_max 0.5
/usr/bin/python3 - saddlepoint/association/association.h5 <<'EOS'
import sys

import h5py
import numpy as np
with h5py.File(sys.argv[1]) as f:
    share = dict(zip(f["trait_summary/trait"][:], f["trait_summary/family_share"][:]))
    assert min(share.values()) > 0.1, share
    tests = f["traits/ill/test"][:]
    for code in (2, 5, 8, 9):  # score, saddle-point, exact, by families
        assert (tests == code).sum() > 5, (code, np.bincount(tests))
    assert (f["traits/tall/test"][:] == 7).sum() > 500
EOS
