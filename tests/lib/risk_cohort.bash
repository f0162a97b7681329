# Sourced by tests of risk models: risk_cohort [N] makes N (3,000) simulated samples with outcomes of known hazards in the current
# folder. Sets $phenotypes, $scores, $equations.
# cvd: hazard 0.02 exp(0.05 (age - 55) + 0.5 pgs + 0.3 smoker + 0.03 (bmi - 27)) a year, death: 0.015 exp(0.08 (age - 55)) a year,
# follow-up of 2 to 12 years in months; diabetes: logit -2 + 0.1 (bmi - 27) + 0.4 pgs; ldl: 3 + 0.02 (age - 55) + 0.2 pgs + noise.
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }

risk_cohort() {
    quiet "$SALUS" simulate --samples "${1:-3000}" --chromosomes chr22 --region_mb 1 --common_per_mb 20 --rare_per_mb 5 --formats bed \
        --output simulated --seed 3
    quiet "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes
    store=$(find genomes -type d -name genotypes.store)
    /usr/bin/python3 - "$store" <<'PYTHON'
import glob, hashlib, math, statistics, sys
import h5py
normal = statistics.NormalDist()
with h5py.File(glob.glob(sys.argv[1] + "/*index*")[0]) as f:
    ids = [s.decode() for s in f["samples/sample_id"][:]]
traits, scores = open("traits.csv", "w"), open("scores.tsv", "w")
print("sample_id,age,bmi,smoker,site,crp,cvd_event,cvd_years,death_event,death_years,late,diabetes,ldl", file=traits)
print("sample_id\tpgs", file=scores)
for i in ids:
    h = hashlib.sha512(i.encode()).digest()
    u = [(int.from_bytes(h[4 * k:4 * k + 4], "big") + 0.5) / 2**32 for k in range(16)]
    z = [normal.inv_cdf(x) for x in u]
    age, bmi, smoker, pgs = 40 + 30 * u[0], 27 + 4 * z[1], int(u[2] < 0.3), z[3]
    lp = 0.05 * (age - 55) + 0.5 * pgs + 0.3 * smoker + 0.03 * (bmi - 27)
    cvd = -math.log(u[4]) / (0.02 * math.exp(lp))
    death = -math.log(u[5]) / (0.015 * math.exp(0.08 * (age - 55)))
    end = 2 + 10 * u[6]
    months = lambda t: max(1, math.ceil(12 * t)) / 12
    stop = min(death, end)
    diabetes = int(u[7] < 1 / (1 + math.exp(2 - 0.1 * (bmi - 27) - 0.4 * pgs)))
    ldl = 3 + 0.02 * (age - 55) + 0.2 * pgs + 0.5 * z[8]
    late = 0 if u[9] < 0.5 else months(min(cvd, stop)) * 0.3 * u[10]
    print(f"{i},{age:.3f},{bmi:.3f},{smoker},{int(4 * u[11])},{math.exp(z[12]):.4f},{int(cvd <= stop)},{months(min(cvd, stop))},"
          f"{int(death <= end)},{months(stop)},{late},{diabetes},{ldl:.4f}", file=traits)
    print(f"{i}\t{pgs:.6f}", file=scores)
PYTHON
    quiet "$SALUS" phenotypes --genotypes "$store" --table traits.csv --table_traits diabetes --table_traits ldl \
        --time_to_event 'cvd = cvd_event : cvd_years' --time_to_event 'cvd_late = cvd_event : cvd_years : late' \
        --time_to_event 'death = death_event : death_years' \
        --table_covariates age --table_covariates bmi --table_covariates smoker --table_covariates site --table_covariates crp \
        --sex true --groups false --output phenotypes
    phenotypes=$PWD/phenotypes/phenotypes/phenotypes.h5
    scores=$PWD/scores.tsv
    equations=$PWD/equations.csv
    cat >"$equations" <<'CSV'
equation,people,term,value
chart,sex = 1,"scale(age, 55, 5)",0.25
chart,sex = 1,smoker,0.4
chart,sex = 1,(baseline_survival),0.9
chart,sex = 2,"scale(age, 55, 5)",0.3
chart,sex = 2,(baseline_survival),0.92
chart,sex = 2,(scale_intercept),0.1
chart,sex = 2,(scale_slope),0.9
CSV
}

# partial.tsv: bmi_part and smoker_part, missing for some; bmi more often where the event is and the score is high.
partial_table() {
    /usr/bin/python3 - <<'PYTHON'
import csv, hashlib
scores = {r['sample_id']: float(r['pgs']) for r in csv.DictReader(open('scores.tsv'), delimiter='\t')}
with open('partial.tsv', 'w') as out:
    print('sample_id\tbmi_part\tsmoker_part', file=out)
    for r in csv.DictReader(open('traits.csv')):
        u = [b / 256 for b in hashlib.sha512(b'missing' + r['sample_id'].encode()).digest()[:2]]
        risky = r['cvd_event'] == '1' and scores[r['sample_id']] > 0
        print(r['sample_id'], 'NA' if u[0] < (0.8 if risky else 0.1) else r['bmi'], 'NA' if u[1] < 0.2 else r['smoker'], sep='\t', file=out)
PYTHON
}
