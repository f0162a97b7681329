#!/usr/bin/env bash
# The job with whole-genome models on the sample cohort: the same bytes on 1 and 3 ranks; predictions enter the tests; planted
# loci are found in spite of relatives. (null_model, association and interaction on all numbers of ranks: *_ranks.sh.)
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
fail() { echo "FAILED: $*" >&2; exit 1; }
for ranks in 1 3; do
    mpirun --oversubscribe -n "$ranks" "$SALUS" run "$SALUS_SOURCE/jobs/whole_genome.toml" --threads 1 --output "r$ranks" \
        2>"r$ranks.log" || { cat "r$ranks.log"; exit 1; }
    (cd "r$ranks" && find null_model association ld_score_regression interaction loci report -type f -print0 | sort -z | xargs -0 sha256sum) >"r$ranks.sha256"
done
[[ $(wc -l <r1.sha256) -ge 6 ]] || fail "results are missing"
diff r1.sha256 r3.sha256 || fail "results differ on 3 ranks"
offsets=$("$SALUS" show r1/association/association.h5 trait_summary --rows 20 | grep -c ' loco  ') || true
[[ $offsets == 5 ]] || fail "$offsets of 5 traits were tested with predictions"
loci=$(grep -c ' loci r000 info: .* credible sets$' r1.log) || true
[[ $loci -ge 4 ]] || fail "only $loci traits have loci"
