import { describe, expect, it } from 'vitest'
import golden from '../golden/stats/metrics.json' with { type: 'json' }
import { METRICS, METRIC_IDS, defaultMetric, metricOf, metricsFor, type Cells } from '../../core/stats/metrics.ts'

const KINDS = ['regression', 'binary', 'multiclass'] as const

function cells(kind: (typeof KINDS)[number], weighted: boolean): Cells {
  const own = golden[kind]
  return {
    kind,
    truth: Float64Array.from(own.truth),
    prediction: Float64Array.from(own.prediction),
    width: kind === 'multiclass' ? 3 : 1,
    weight: weighted ? Float64Array.from(golden.weight) : null,
    plain: Float64Array.from(own.plain),
  }
}

describe('metrics', () => {
  for (const kind of KINDS) {
    for (const weighted of [false, true]) {
      it(`agree with scikit-learn: ${kind}${weighted ? ', weighted' : ''}`, () => {
        const expected = golden[kind][weighted ? 'weighted' : 'plainFigures'] as Record<string, number>
        expect(Object.keys(expected).length).toBeGreaterThan(5)
        for (const [id, value] of Object.entries(expected)) {
          expect(metricOf(id)?.compute(cells(kind, weighted)), id).toBeCloseTo(value, 11)
        }
      })
    }
  }

  it('cover every kind and have ids equal to their keys', () => {
    for (const id of METRIC_IDS) expect(METRICS[id as keyof typeof METRICS].id).toBe(id)
    for (const kind of KINDS) expect(metricOf(defaultMetric([kind]))?.kinds).toContain(kind)
    expect(defaultMetric(['regression', 'regression'])).toBe('arrmse')
    expect(defaultMetric(['regression', 'binary'])).toBe('skill')
    expect(metricsFor(['binary'])).not.toContain('rmse')
    expect(metricOf('toString')).toBe(null)
  })

  it('are null, never NaN, where they are undefined', () => {
    const one = (own: Partial<Cells>): Cells => ({
      kind: 'regression',
      truth: Float64Array.of(2, 2),
      prediction: Float64Array.of(1, 3),
      width: 1,
      weight: null,
      plain: Float64Array.of(2),
      ...own,
    })
    expect(METRICS.r2.compute(one({}))).toBe(null) // constant truth
    expect(METRICS.rrmse.compute(one({}))).toBe(null) // plain baseline without error
    expect(METRICS.rmse.compute(one({}))).toBe(1)
    expect(METRICS.rmse.compute(one({ prediction: Float64Array.of(1, NaN) }))).toBe(null)
    expect(METRICS.rmse.compute(one({ prediction: Float64Array.of(1, Infinity) }))).toBe(null)
    const binary = { kind: 'binary' as const, truth: Float64Array.of(1, 1), plain: Float64Array.of(0.5, 0.5) }
    expect(METRICS.auc.compute(one({ ...binary, prediction: Float64Array.of(0.2, 0.9) }))).toBe(null)
    expect(METRICS['balanced-accuracy'].compute(one({ ...binary, prediction: Float64Array.of(0.2, 0.9) }))).toBe(null)
    expect(METRICS.accuracy.compute(one({ ...binary, prediction: Float64Array.of(0.2, NaN) }))).toBe(null)
    expect(METRICS['log-loss'].compute(one({ ...binary, prediction: Float64Array.of(0, 1) }))).toBeCloseTo(18.02, 2)
    const empty = { truth: new Float64Array(0), prediction: new Float64Array(0) }
    for (const id of METRIC_IDS) expect(metricOf(id)?.compute(one({ ...empty })), id).toBe(null)
  })
})
