import { describe, expect, it } from 'vitest'
import golden from '../golden/stats/distributions.json' with { type: 'json' }
import * as d from '../../core/stats/distributions.ts'
import { friedman, holm, ranks, wilcoxon } from '../../core/stats/rankings.ts'

const close = (got: number, want: number, within: number) =>
  expect(Math.abs(got - want) / Math.max(1, Math.abs(want)), `${got} for ${want}`).toBeLessThan(within)

describe('distributions agree with scipy', () => {
  it('Student t', () => {
    // scipy's own quantile is off by 2e-9 at p = .01, df = 2, where (2p - 1) / sqrt(2p (1 - p)) is exact.
    for (const [p, df, want] of golden.t) close(d.tQuantile(p, df), want, 1e-8)
    close(d.tQuantile(0.01, 2), -0.98 / Math.sqrt(0.0198), 1e-14)
    for (const [t, df, want] of golden.tCdf) close(d.tCdf(t, df), want, 1e-12)
    expect(d.tQuantile(0.975, Infinity)).toBeCloseTo(1.959963984540054, 12)
  })
  it('normal', () => {
    for (const [p, want] of golden.normal) close(d.normalQuantile(p), want, 1e-11)
    for (const [z, want] of golden.normalCdf) close(d.normalCdf(z), want, 1e-14)
  })
  it('studentized range and chi squared', () => {
    for (const [k, want] of golden.range) close(d.rangeQuantile(0.95, k), want, 1e-5)
    for (const [x, df, want] of golden.chi) close(d.chiSquaredTail(x, df), want, 1e-12)
  })
})

describe('rankings agree with scipy', () => {
  it('Wilcoxon, exact and approximate, with ties and zeros', () => {
    expect(golden.wilcoxon.length).toBe(5)
    for (const { d: differences, p } of golden.wilcoxon) close(wilcoxon(differences) as number, p, 1e-10)
    expect(wilcoxon([0, 0])).toBe(null)
  })
  it('Friedman with Nemenyi', () => {
    const got = friedman(golden.friedman.table)
    close(got?.statistic as number, golden.friedman.statistic, 1e-10)
    close(got?.p as number, golden.friedman.p, 1e-10)
    got?.ranks.forEach((rank, i) => close(rank, golden.friedman.ranks[i], 1e-12))
    // Demsar 2006, table 5: q = 2.569 for four methods; 15 tasks.
    close(got?.criticalDifference as number, 2.569 * Math.sqrt(20 / 90), 1e-3)
  })
  it('Holm', () => {
    holm(golden.holm.p).forEach((p, i) => close(p, golden.holm.adjusted[i], 1e-14))
    expect(ranks([3, 1, 3])).toEqual([2.5, 1, 2.5])
  })
})
