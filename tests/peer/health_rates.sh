#!/usr/bin/env bash
# Monthly rates of health records: what the years before lead to expect, against glm of R; a month that is missing, one that is there
# more than twice and a site that changes from ICD-9 to ICD-10 codes are found, and nothing else.
set -euo pipefail
command -v Rscript >/dev/null || { echo "Rscript is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP/omop"; cd "$SALUS_TMP"
/usr/bin/python3 - <<'EOS'
import csv
import datetime
import math
import random

random.seed(5)
sites = (11, 12, 13)
persons = {site: range(1000 * site, 1000 * site + 400) for site in sites}
with open("omop/person.csv", "w") as f:
    f.write("person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,care_site_id\n")
    for site in sites:
        for p in persons[site]:
            f.write(f"{p},{8507 + 25 * (p % 2)},1950,{p % 12 + 1},{p % 28 + 1},{site}\n")
with open("omop/condition_occurrence.csv", "w") as f:
    out = csv.writer(f)
    out.writerow(["condition_occurrence_id", "person_id", "condition_concept_id", "condition_start_date", "condition_source_value"])
    row = 0
    for month in range(108):  # 2009 to 2017
        for site in sites:
            visits = random.gauss(60 * math.exp(0.002 * month) * (1 + 0.2 * math.sin(month * math.pi / 6)), 6)
            if (site, month) == (11, 80):
                visits = 4
            if (site, month) == (13, 90):
                visits *= 3.5
            for _ in range(max(0, round(visits))):
                person, day = random.choice(persons[site]), random.randrange(1, 29)
                date = datetime.date(2009 + month // 12, month % 12 + 1, day).isoformat()
                for _ in range(random.choice((1, 2, 2, 3, 6))):
                    row += 1
                    old = site == 12 and month < 81 + (random.random() < 0.03)  # until September 2015
                    code = random.choice(("250.00", "4019", "E850.0", "V27.0")) if old else random.choice(("E11.9", "I10", "J45.909"))
                    out.writerow([row, person, 0, date, code])
    out.writerow([row + 1, persons[11][0], 0, "2017-12-31", "I10"])  # the last month is whole
EOS
for ranks in 1 2 3 4; do
    mpirun --oversubscribe -n "$ranks" "$SALUS" health_quality --omop omop --unit_bytes 300000 --shards 3 --output "ranks$ranks" >"$ranks.log" 2>&1 ||
        { tail -20 "$ranks.log"; exit 1; }
    cmp "ranks1/health_quality/health_quality.h5" "ranks$ranks/health_quality/health_quality.h5"
done
file=ranks1/health_quality/health_quality.h5
"$SALUS" export "$file" --table monthly_rates --output rates.tsv
"$SALUS" export "$file" --table monthly_codes --output codes.tsv
"$SALUS" export "$file" --table checks --output checks.tsv
Rscript "$SALUS_SOURCE/tests/peer/health_rates_compare.R" rates.tsv codes.tsv checks.tsv omop
got=0
"$SALUS" export "$file" --table monthly_codes --release 5 --output no.tsv >refused.log 2>&1 || got=$?
[[ $got == 7 ]] || { echo "monthly codes were released"; exit 1; }
"$SALUS" export "$file" --table monthly_rates --release 5 --output released.tsv
