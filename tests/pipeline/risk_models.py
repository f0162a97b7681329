"""Looks at what tests/pipeline/risk_models.sh made."""
import json
import math

import h5py
import numpy as np


def table(path, name):
    with h5py.File(path) as f:
        return {k: (v[()].astype(str) if v.dtype.kind == 'S' else v[()]) for k, v in f[name].items() if v.ndim == 1}


fit, judged = 'fit_r1t1/risk_model/risk_model.h5', 'judge_r1t1/risk_validation/risk_validation.h5'
models = table(fit, 'models')
with h5py.File(fit) as f:
    horizons = f['horizons'].attrs
    assert horizons['units'].decode() in models['time_unit'] and horizons['long_name'], dict(horizons)
states = dict(zip(models['model'], models['state']))
assert all(s in ('converged', 'published') for s in states.values()), states
assert (models['outside_rules'] > 0).all()
n = dict(zip(models['model'], zip(models['people'], models['held_out'], models['events'])))
people, held, events = n['cox10']
assert 0.6 < people / (people + held) < 0.8 and events > 200

c = table(fit, 'coefficients')


def coefficient(model, term, cause='event'):
    at = (c['model'] == model) & (c['term'] == term) & (c['cause'] == cause)
    assert at.sum() == 1, (model, term)
    return c['estimate'][at][0], c['standard_error'][at][0], c['robust_standard_error'][at][0]


# Planted effects within 4 standard errors.
for model, term, truth in [('cox10', 'age', 0.05), ('cox10', 'pgs', 0.5), ('cox10', 'smoker', 0.3), ('cox10', 'bmi', 0.03),
                           ('cause', 'pgs', 0.5), ('lipid', 'pgs', 0.2), ('lipid', 'age', 0.02), ('t2d_firth', 'bmi', 0.1),
                           ('t2d_firth', 'pgs', 0.4), ('late', 'pgs', 0.5)]:
    b, se, robust = coefficient(model, term)
    assert abs(b - truth) < 4 * se, (model, term, b, se)
    assert robust > 0
b, se, _ = coefficient('cause', 'age', 'competing')
assert abs(b - 0.08) < 4 * se
assert [t for t in c['term'][c['model'] == 'strata']][1].startswith('basis(age, 2, ')
assert 'is(sex, 2)' in c['term'] and 'bmi:pgs' in c['term'] and 'log(crp)' in c['term']
path = table(fit, 'net_path')
assert path['chosen'].sum() == 1 and path['nonzero'][0] == 0

p = table(fit, 'predictions/cox10')
inside = p['part'] > 0
assert set(p['part']) == {0, 1, 2}
assert ((p['risk_1'][inside] > 0) & (p['risk_1'][inside] < p['risk_2'][inside]) & (p['risk_2'][inside] < 1)).all()
assert not np.allclose(p['risk_1'][inside], p['cross_risk_1'][inside], rtol=1e-6)
# Competing death takes away from the risk: cause-specific and Fine-Gray below Cox, and close to each other.
cause, sub = (table(fit, f'predictions/{m}')['risk_2'][inside] for m in ('cause', 'sub'))
assert cause.mean() < p['risk_2'][inside].mean()
assert abs(cause.mean() - sub.mean()) < 0.02

chart = table(fit, 'predictions/chart')
first = next(i for i in range(len(chart['sample_id'])) if chart['part'][i] == 2)
with h5py.File('phenotypes/phenotypes/phenotypes.h5') as f:
    age, smoker, sex = (f[k][first] for k in ('covariates/age', 'covariates/smoker', 'samples/sex'))
if sex == 1:
    expected = 1 - 0.9 ** math.exp(0.25 * (age - 55) / 5 + 0.4 * smoker)
else:
    raw = 1 - 0.92 ** math.exp(0.3 * (age - 55) / 5)
    expected = 1 - math.exp(-math.exp(0.1 + 0.9 * math.log(-math.log(1 - raw))))
assert abs(chart['risk_1'][first] - expected) < 1e-12
assert (chart['part'] != 1).all()

o = table(fit, 'optimism')
assert set(o['metric']) == {'concordance', 'auc', 'r2', 'brier', 'mse', 'calibration_slope'} and (o['replicates'] == 3).all()
for row in zip(o['model'], o['metric'], o['apparent']):
    if row[1] == 'calibration_slope' and row[0] in ('cox10', 'late', 't2d', 'lipid'):
        assert abs(row[2] - 1) < 1e-3, row  # in its own people
ph = table(fit, 'proportional_hazards')
assert set(ph['model']) == {'cox10', 'age_only', 'strata', 'late', 'cause'}
assert (ph['degrees_of_freedom'][(ph['model'] == 'cox10') & (ph['term'] == '(all)')] == 4).all()
assert (ph['neg_log10_p'][ph['model'] == 'cox10'] < 3).all()  # the simulated hazards are proportional
a = table(fit, 'absolute_risk')
everybody = (a['model'] == 'sub') & (a['tenth'] == 0) & (a['horizon'] == 10)
assert a['lower'][everybody][0] < a['predicted'][everybody][0] < a['upper'][everybody][0]
with open('fit_r1t1/risk_model/risk_model.json') as f:
    saved = {m['name']: m for m in json.load(f)['models']}
got = {t['term']: t['estimate'] for t in saved['cox10']['event']['coefficients']}
assert got['pgs'] == coefficient('cox10', 'pgs')[0]
assert 'S0' not in json.dumps(saved)

m = table(judged, 'measures')


def measure(model, metric, stratum='all', level='all', horizon=10.0, m=m):
    at = (m['model'] == model) & (m['metric'] == metric) & (m['stratum'] == stratum) & (m['level'] == level)
    if not np.isnan(m['horizon'][at]).all():
        at &= m['horizon'] == horizon
    assert at.sum() == 1, (model, metric, at.sum())
    return m['estimate'][at][0], m['lower'][at][0], m['upper'][at][0]


for metric in ('concordance_harrell', 'concordance_uno', 'auc_t', 'brier', 'ipa', 'ibs', 'oe_ratio', 'calibration_slope', 'ici', 'e50',
               'e90', 'hazard_ratio_per_sd', 'hazard_ratio_top_tenth', 'nri', 'nri_categories', 'idi', 'auc_t_difference',
               'brier_difference', 'concordance_difference'):
    estimate, lower, upper = measure('cox10', metric)
    assert lower <= estimate <= upper, (metric, lower, estimate, upper)
for metric in ('auc', 'auprc', 'brier', 'ipa', 'r2', 'nagelkerke_r2', 'odds_ratio_per_sd', 'calibration_slope', 'ici'):
    estimate, lower, upper = measure('t2d', metric)
    assert lower <= estimate <= upper, metric
assert measure('cox10', 'concordance_difference')[0] > 0.03  # the score adds to age
for model in ('cox10', 'sub', 'cause'):
    _, lower, upper = measure(model, 'calibration_slope')
    assert lower - 0.2 < 1 < upper + 0.2, (model, lower, upper)
measure('cox10', 'auc_t', 'sex', '1')
measure('cox10', 'auc_t', 'age', '50 to 60')
assert set(m['note'][(m['model'] == 'late') & (m['metric'] == 'not_estimated')]) == {'late_entry: measures at a horizon count from time 0'}
few = m['note'][(m['metric'] == 'not_estimated') & (m['model'] == 'cox10')]
assert all(s.startswith('suppressed') for s in few)
assert (m['people'][m['metric'] == 'not_estimated'] == 0).all()
groups, tests = table(judged, 'score_groups'), table(judged, 'group_tests')
at = (groups['model'] == 'cox10') & (groups['horizon'] == 10)
assert (groups['fifth'][at] == [1, 2, 3, 4, 5]).all()
assert groups['restricted_mean'][at][0] > groups['restricted_mean'][at][4] and (groups['upper'][at] < 10.1).all()
assert set(tests['test'][tests['model'] == 'sub']) == {'log_rank', 'gray'} and set(tests['test'][tests['model'] == 'cox10']) == {'log_rank'}
assert (tests['neg_log10_p'][tests['model'] == 'cox10'] > 5).all() and (tests['degrees_of_freedom'] == 4).all()
s = table('sites/risk_validation/risk_validation.h5', 'summaries')
at = (s['model'] == 'cox10') & (s['metric'] == 'concordance_harrell')
assert list(s['stratum'][at]) == ['site'] and s['levels'][at][0] == 4
each = table('sites/risk_validation/risk_validation.h5', 'measures')
at_site = (each['model'] == 'cox10') & (each['metric'] == 'concordance_harrell') & (each['stratum'] == 'site')
assert each['estimate'][at_site].min() < s['estimate'][at][0] < each['estimate'][at_site].max()
assert s['prediction_lower'][at][0] < s['lower'][at][0] < s['estimate'][at][0] < s['upper'][at][0] < s['prediction_upper'][at][0]
gaps = table(judged, 'gaps')
assert {'sex', 'age', 'site'} == set(gaps['stratum']) and (gaps['gap'] >= 0).all()
d = table(judged, 'distribution')
assert all(x == 0 or x >= 10 for x in d['people']) and all(x == 0 or x >= 10 for x in d['events'])
roc = table(judged, 'roc')
at = (roc['model'] == 'cox10') & (roc['horizon'] == 10)
area = np.trapz(roc['true_positive_rate'][at], roc['false_positive_rate'][at])
assert abs(area - measure('cox10', 'auc_t')[0]) < 0.01
with open('judge_r1t1/risk_validation/model_card.json') as f:
    text = f.read()
cards = {k['name']: k for k in json.loads(text)['models']}
assert cards['cox10']['purpose'] == 'test' and cards['cox10']['limits'] and cards['cox10']['measures']
assert len(cards['cox10']['score_groups']) == 10 and cards['cox10']['group_tests'] and cards['cox10']['summaries']
assert {t['term'] for t in cards['cox10']['proportional_hazards']} == {'age', 'pgs', 'smoker', 'bmi', '(all)'}
assert {t['test'] for t in cards['sub']['group_tests']} == {'log_rank', 'gray'} and 'imputations' not in cards['sub']
assert not any(s in text for s in table('phenotypes/phenotypes/phenotypes.h5', 'samples')['sample_id'])
crossed = table('crossed/risk_validation/risk_validation.h5', 'measures')
assert measure('cox10', 'auc_t', m=crossed)[0] > 0.6
external, everybody = (table(f'{k}/risk_validation/risk_validation.h5', 'measures') for k in ('external', 'everybody'))
for model, metric in [('cox10', 'auc_t'), ('sub', 'brier'), ('cause', 'oe_ratio'), ('strata', 'concordance_uno'), ('t2d', 'auc'),
                      ('lipid', 'calibration_slope'), ('chart', 'auc_t')]:
    a, b = measure(model, metric, m=external)[0], measure(model, metric, m=everybody)[0]
    assert abs(a - b) <= 1e-12 * abs(b), (model, metric, a, b)
with h5py.File('external/risk_validation/risk_validation.h5') as f:
    assert f.attrs['external'] in ('yes', b'yes')

# Imputation: complete people mislead about the score, imputed ones do not.
full, complete, imputed = (table(f'{k}/risk_model/risk_model.h5', 'coefficients') for k in ('complete', 'complete', 'imputed'))


def pick(t, model, term):
    at = (t['model'] == model) & (t['term'] == term)
    return {k: t[k][at][0] for k in ('estimate', 'standard_error', 'robust_standard_error', 'fraction_missing', 'degrees_of_freedom')}


truth, lost, found = pick(full, 'full', 'pgs'), pick(complete, 'mi', 'pgs'), pick(imputed, 'mi', 'pgs')
assert lost['estimate'] < truth['estimate'] - 0.2, (lost, truth)
assert abs(found['estimate'] - truth['estimate']) < 2 * truth['standard_error'], (found, truth)
assert pick(imputed, 'mi', 'age')['standard_error'] < pick(complete, 'mi', 'age')['standard_error']
assert 0.05 < pick(imputed, 'mi', 'bmi_part')['fraction_missing'] < 0.9
assert pick(complete, 'mi', 'bmi_part')['fraction_missing'] == 0 and np.isnan(pick(complete, 'mi', 'age')['degrees_of_freedom'])
m0, m1 = (table(f'{k}/risk_model/risk_model.h5', 'models') for k in ('complete', 'imputed'))
assert m1['imputations'][0] == 10 and m1['imputed'][0] > 500 and m1['people'][0] > m0['people'][0] + 500
assert m1['no_covariate'][0] < m0['no_covariate'][0] / 5  # held-out people who lack a column cannot be predicted
p = table('imputed/risk_model/risk_model.h5', 'predictions/mi')
assert np.isnan(p['risk_1'][p['part'] == 1]).sum() == m1['imputed'][0]
