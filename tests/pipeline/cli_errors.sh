#!/usr/bin/env bash
# Every mistake in a configuration is told with file, line and remedy, all at once, with exit code 2, and
# nothing is written.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"
mkdir -p "$SALUS_TMP/jobs" "$SALUS_TMP/data"
cd "$SALUS_TMP"
touch data/a.vcf.gz
cat >pipeline.toml <<END
title = "Two stages"

[[stage]]
use = "ingest_genomes"
genotypes = "input.genotypes"
sample_sheet = "input.sheet"

[[stage]]
use = "quality"
genotypes = "ingest_genomes.genotypes"
END
good_job='pipeline = "../pipeline.toml"
output = "../out"

[inputs]
genotypes = ["../data/a.vcf.gz"]

[quality]
variant_call_rate_min = 0.9
'
# mistake SED-COMMAND TEXT...: the job with one change is refused, saying these texts.
mistake() {
    sed "$1" <<<"$good_job" >jobs/job.toml
    shift
    for command in check run plan; do
        expect 2 "$SALUS" $command jobs/job.toml
        says 'configuration error' 'exit code 2' "$@"
    done
    [[ ! -e out ]] || fail "an output folder was made"
}
mistake 's|data/a.vcf|data/b.vcf|' "there is no file or folder $SALUS_TMP/data/b.vcf.gz" 'jobs/job.toml, line 5, column 1' \
    "the path exists as far as $SALUS_TMP/data"
mistake 's|../pipeline.toml|../pipelin.toml|' "there is no file pipelin.toml" 'jobs/job.toml, line 1'
mistake 's|variant_call_rate_min|call_rate|' "no parameter 'call_rate' in stage 'quality'" 'jobs/job.toml, line 8, column 1' \
    "did you mean 'variant_call_rate_min'?"
mistake 's|= 0.9|= "high"|' "'variant_call_rate_min' must be a number, but found text \"high\"" 'line 8, column 1'
mistake 's|= 0.9|= 1.5|' "'variant_call_rate_min' = 1.5 is out of range" 'between 0 and 1' 'line 8'
mistake 's|\[quality\]|[qualty]|' "the pipeline has no stage 'qualty'" "did you mean 'quality'?" 'line 7'
mistake 's|^genotypes|genotyps|' "the pipeline takes no input 'genotyps'" "the job gives no input 'genotypes'" 'line 5'
mistake 's|^output|ouput|' "the job needs the parameter 'output'" "no key 'ouput' in the job" "did you mean 'output'?"
mistake 's|^output.*|output = |' 'the file is not valid TOML' 'line 2'
mistake 's|\.\./data/a|https://example.org/a|' 'is a network address'
mistake 's|"../data/a.vcf.gz"|"../data/a.vcf.gz", "../data/a.vcf.gz"|' 'is given twice'
mistake 's|"../data/a.vcf.gz"|"../data"|' 'is a folder, not a file'
mistake '$a seed = 3' "no parameter 'seed' in stage 'quality'"
mistake 's|= 0.9|= 0.9\nvariant_call_rate_min = 0.8|' 'the file is not valid TOML' 'line 9'
printf 'pipeline = "x\xe9"\n' >jobs/job.toml
expect 2 "$SALUS" check jobs/job.toml
says 'not UTF-8'

cat >jobs/job.toml <<END
pipeline = "../pipeline.toml"
output = 7
colour = "red"
[inputs]
genotypes = ["../data/none.vcf.gz"]
sheet = "../data/none.tsv"
[quality]
call_rate = 0.9
variant_call_rate_min = 90
END
expect 2 "$SALUS" run jobs/job.toml --set quality.hwe_p=1
says "'output' must be text" "no key 'colour'" 'none.vcf.gz' 'none.tsv' "'call_rate'" "'variant_call_rate_min' = 90" \
    "no parameter 'hwe_p'" '7 problems'

# Parameters that contradict each other, alone, beside other mistakes, and beside an input that is broken: the job comes first.
contradiction="s|^variant_call_rate_min.*|female_f_max = 0.8\nmale_f_min = 0.2|"
mistake "$contradiction" 'female_f_max (0.8) is not below male_f_min (0.2)'
mistake "$contradiction; s|data/a.vcf|data/b.vcf|" 'there is no file or folder' 'female_f_max (0.8) is not below male_f_min (0.2)' '2 problems'
expect 2 "$SALUS" quality --genotypes data/a.vcf.gz --female_f_max 0.8 --male_f_min 0.2 --output out
says 'female_f_max (0.8) is not below male_f_min (0.2)' 'data/a.vcf.gz' '2 problems'
expect 3 "$SALUS" quality --genotypes data/a.vcf.gz --output out
[[ ! -e out ]] || fail "an output folder was made"

printf '%s' "$good_job" >jobs/job.toml
cp pipeline.toml two.toml
printf '[[stage]]\nuse = "ingest_health"\nomop = "input.genotypes"\n' >pipeline.toml
expect 2 "$SALUS" check jobs/job.toml
says 'is not a folder' "input 'genotypes' takes: folder of OMOP"
sed 's|"in.*genotypes"$|"quality.quality"|' two.toml >pipeline.toml
expect 2 "$SALUS" check jobs/job.toml
says "there is no stage 'quality' above stage 'ingest_genomes'" "stage 'quality' reads its own output" 'pipeline.toml, line 5'

# Command lines.
expect 2 "$SALUS" chekc jobs/job.toml
says "there is no command or stage 'chekc'" "did you mean 'check'?"
expect 2 "$SALUS" quality --genotypes none.store --callrate 3
says "salus quality has no option '--callrate'" "did you mean '--variant_call_rate_min'?"
expect 2 "$SALUS" quality --variant-call-rate-min 3
says 'needs --genotypes' "'variant_call_rate_min' = 3 is out of range" 'the output folder has no name' '3 problems'
expect 2 "$SALUS" gene_tests --tests burdn --output out
says "'tests' has no choice \"burdn\"" "did you mean 'burden'?"
expect 2 "$SALUS" simulate --formats vcff --output out
says "did you mean 'vcf'?"
expect 2 "$SALUS" describe qualty
says "did you mean 'quality'?"
for command in status cancel; do
    expect 2 "$SALUS" $command "$SALUS_TMP"
    says 'not the output folder of a run'
    expect 2 "$SALUS" $command jobs/job.toml
    says 'nothing of this job was run or submitted yet'
done
expect 2 "$SALUS" show none.h5
says 'there is no file or folder of this name' 'none.h5'
expect 3 "$SALUS" show jobs/job.toml
says 'this is not an HDF5 file'
expect 2 "$SALUS" export none.h5 --table t --output nowhere/t.tsv
says 'there is no folder nowhere'
expect 2 "$SALUS" quality --genotypes none.store --output out --hwe_p_min nan
says "'hwe_p_min' = NaN is out of range"

# Mistakes of the command line as JSON where it asks for that, understood or not.
for format in '--log-format json' --log-format=json; do
    expect 2 "$SALUS" quality --callrate 3 $format
    python3 -c 'import json, sys; e = json.loads(sys.stdin.read()); assert e["exit_code"] == 2 and "--callrate" in e["problems"][0]["what"], e' \
        <"$SALUS_TMP/stderr" || fail "no JSON error: $(cat "$SALUS_TMP/stderr")"
done

# Whoever reads the log may go away: the work goes on to its end, and to its exit code, and run.log has all lines.
(sleep 0.2; got=0; "$SALUS" simulate --samples 60 --region_mb 0.1 --output piped || got=$?; echo $got >piped.code) 2>&1 | true
[[ $(cat piped.code) == 0 ]] || fail "exit code $(cat piped.code) without a reader of the log"
grep -q 'simulate done' piped/run.log && grep -q 'complete: results are in' piped/run.log || fail "run.log is not whole"
(sleep 0.2; got=0; "$SALUS" run jobs/none.toml || got=$?; echo $got >piped.code) 2>&1 | true
[[ $(cat piped.code) == 2 ]] || fail "exit code $(cat piped.code) of an error without a reader"

# The same through mpirun: told once, and the job ends.
if command -v mpirun >/dev/null; then
    expect 2 timeout 60 mpirun --oversubscribe -n 3 "$SALUS" run jobs/none.toml
    [[ $(grep -c 'there is no file' "$SALUS_TMP/stderr") == 1 ]] || fail 'the error was not told once'
fi

# Help and version need nothing.
[[ $("$SALUS" --version) =~ ^salus\ [0-9]+\.[0-9]+\.[0-9]+ ]] || fail 'version'
for stage in $("$SALUS" describe --format names); do
    "$SALUS" "$stage" --help >help.txt
    grep -q '^Parameters' help.txt || fail "help of $stage"
    "$SALUS" describe "$stage" --format json-schema >schema.json
    python3 -m json.tool schema.json >/dev/null || fail "JSON schema of $stage"
done
nothing_left "$SALUS_TMP"
