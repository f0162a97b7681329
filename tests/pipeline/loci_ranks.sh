#!/usr/bin/env bash
# loci gives byte-identical results for 1, 2, 3 and 4 ranks and 1 or 2 threads, also where genotypes are not kept in memory;
# no significant test gives an empty result; inputs that do not belong together are refused with what, where and why.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log >&2; exit 1; }; }
compare=$SALUS_SOURCE/tests/peer/loci_compare.py

quiet "$SALUS" simulate --samples 400 --chromosomes chr1 --chromosomes chr6 --region_mb 2 --formats bed --output simulated --seed 4
bed=$(find simulated -name genotypes.bed)
/usr/bin/python3 "$compare" plant "$bed" table.csv
quiet "$SALUS" ingest_genomes --genotypes "$bed" --genome_build GRCh38 --output genomes
store=genomes/ingest_genomes/genotypes.store
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv --table_traits q --table_traits b --table_covariates age \
    --table_covariates pc --sex false --groups false --output phenotypes
phenotypes=phenotypes/phenotypes/phenotypes.h5
quiet "$SALUS" association --genotypes "$store" --phenotypes "$phenotypes" --output association
association=association/association/association.h5

run() { # ranks threads output p_max flags...
    local ranks=$1 threads=$2 output=$3 p_max=$4; shift 4
    OMP_NUM_THREADS=$threads quiet mpirun --oversubscribe -n "$ranks" "$SALUS" loci --genotypes "$store" --association "$association" \
        --phenotypes "$phenotypes" --threads "$threads" --locus_kb 100 --p_max "$p_max" --output "$output" "$@"
    sha256sum <"$output/loci/loci.h5"
}
expected=$(run 1 1 r1t1 1e-3)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    [[ $(run $layout "r${layout/ /t}" 1e-3) == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
run 1 1 streamed 1e-3 --fine_map_variants_max 2 >/dev/null
run 1 1 none 1e-300 >/dev/null
/usr/bin/python3 - <<'PYTHON'
import h5py, numpy as np
def columns(path, table):
    with h5py.File(path) as f:
        return {name: item[()] for name, item in f[table].items() if item.ndim == 1}
full, streamed = (columns(f'{name}/loci/loci.h5', 'signals') for name in ('r1t1', 'streamed'))
assert len(full['step']) > 2 and full['step'].max() > 1
for name, values in full.items():
    assert values.tobytes() == streamed[name].tobytes(), name
loci, small = (columns(f'{name}/loci/loci.h5', 'loci') for name in ('r1t1', 'streamed'))
assert set(small['fine_mapping_status']) == {1} and np.isnan(small['elbo']).all()
assert not loci['fine_mapping_status'].any() and loci['credible_sets'].sum() > 0
variants, again = (columns(f'{name}/loci/loci.h5', 'variants') for name in ('r1t1', 'streamed'))
assert variants['r2'].tobytes() == again['r2'].tobytes() and np.isnan(again['pip']).all()
assert ((variants['pip'] >= 0) & (variants['pip'] <= 1)).all()
with h5py.File('none/loci/loci.h5') as f:
    tables = ('loci', 'clumps', 'clump_members', 'signals', 'credible_sets', 'variants')
    assert all(len(f[t]['trait']) == 0 for t in tables)
    assert list(f['traits/name']) == [b'q', b'b'] and not f['traits/loci'][()].any()
PYTHON

refused() { # exit-code words... -- flags: the message names all words
    local code=$1 words=(); shift
    while [[ $1 != -- ]]; do words+=("$1"); shift; done; shift
    local got=0 word
    "$SALUS" loci --output refused.out "$@" >refused.log 2>&1 || got=$?
    [[ $got == "$code" ]] || { cat refused.log; echo "exit code $got instead of $code"; exit 1; }
    for word in "${words[@]}"; do
        grep -qF -- "$word" refused.log || { cat refused.log; echo "the message does not say: $word"; exit 1; }
    done
    rm -rf refused.out
}
whole=(--genotypes "$store" --association "$association" --phenotypes "$phenotypes")
# Variants deleted from the store since, or exchanged for others.
awk '$4 == 0 || NR > 1' "${bed%.bed}.bim" >fewer.bim
cp "${bed%.bed}.fam" fewer.fam
bytes=$((($(wc -l <fewer.fam) + 3) / 4))
{ head -c 3 "$bed"; tail -c +$((4 + bytes)) "$bed"; } >fewer.bed
refused 3 'association result has' 'run association on this genotype store' -- "${whole[@]/$store/fewer.bed}"
cp "$bed" other.bed; cp fewer.fam other.fam
awk 'BEGIN { OFS = "\t" } { $4 += 1; print }' "${bed%.bed}.bim" >other.bim
refused 3 'is another variant' association.h5 -- "${whole[@]/$store/other.bed}" --p_max 1e-3
# Traits that are not there, and traits in other samples.
refused 3 'there is no trait "ldl"' 'has: q, b' -- "${whole[@]}" --traits ldl
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv --table_traits b --table_covariates age --sex false --groups false --output less
refused 2 'there is no trait "q"' -- "${whole[@]/$phenotypes/less/phenotypes/phenotypes.h5}"
awk -F, 'BEGIN { OFS = "," } NR == 5 { $4 = "" } { print }' table.csv >gap.csv
quiet "$SALUS" phenotypes --genotypes "$store" --table gap.csv --table_traits q --table_traits b --table_covariates age \
    --table_covariates pc --sex false --groups false --output gap
refused 3 'samples here, but' 'the same phenotypes, quality, components and covariates' -- \
    "${whole[@]/$phenotypes/gap/phenotypes/phenotypes.h5}"
refused 3 'not an association result' -- "${whole[@]/$association/$phenotypes}"
