import { describe, expect, it } from 'vitest'
import { haveShared, unlessAbsent } from './engram.ts'
import { meanOf, saidOf } from './repeatedSplits.ts'
import { landmineFields, sarcosFifty, schoolShares } from './sharing.ts'

/** The tables of docs/reproductions.md on School, SARCOS and Landmine: 20 splits each, paired. */
const own = [{ id: 'mean-regularised' }, { id: 'pooled-ridge' }, { id: 'ridge' }]
const others = [
  { id: 'pooled-ridge-intercepts' },
  { id: 'graph-regularised' },
  { id: 'graph-regularised', label: 'complete', params: { graph: 'complete' } },
  { id: 'clustered', params: { clusters: 3 } },
  { id: 'hierarchical-linear', params: { random: 'intercepts' } },
]

const shown = (lines: string[]) => {
  process.stdout.write(`${lines.join('\n')}\n`)
  return lines
}

describe.skipIf(!haveShared)(`linear multi-task learning on published tables${unlessAbsent}`, () => {
  it('School: at 75 % deviations from the common line explain at least 37 %, and more than the line alone', async () => {
    const { found, differences } = await schoolShares(0.75, 20, [...own, ...others])
    expect(meanOf(found, 'mean-regularised')).toBeGreaterThan(37)
    expect(Math.abs(meanOf(found, 'pooled-ridge') - 33.9)).toBeLessThan(0.9)
    expect(differences.get('pooled-ridge')!.lab[1]).toBeLessThan(0)
    expect(differences.get('ridge')!.lab[1]).toBeLessThan(0)
    expect(shown(saidOf(found, 'rmse')).join(' ')).toMatch(/not enough: pooled-ridge is worse than mean-regularised/)
  })

  it('School: at 10 % schools alone collapse, and the verdict is to pool', async () => {
    const { found, differences } = await schoolShares(0.1, 20, [...own, ...others])
    expect(meanOf(found, 'ridge')).toBeLessThan(15)
    expect(differences.get('ridge')!.lab[1]).toBeLessThan(0)
    expect(differences.get('pooled-ridge')!.mean).toBeGreaterThan(0)
    for (const metric of ['rmse', 'arrmse'])
      expect(shown(saidOf(found, metric))[0]).toMatch(/^Pool: one model for all tasks, pooled-ridge/)
  })

  it('SARCOS: a low rank gives nothing over ridge, the same inputs for all torques do; all tuned on inner folds', async () => {
    const ids = ['ridge', 'trace-norm', 'robust', 'multi-task-lasso', 'graph-regularised']
    const { found, differences } = await sarcosFifty(
      20,
      ids.map((id) => ({ id })),
      { configurations: 12, innerFolds: 5 },
    )
    expect(meanOf(found, 'ridge')).toBeLessThan(0.245)
    expect(Math.abs(differences.get('trace-norm')!.mean)).toBeLessThan(0.01)
    expect(differences.get('multi-task-lasso')!.lab[1]).toBeLessThan(0)
  })

  it('Landmine: sharing against fields alone, tuned on inner folds', async () => {
    const methods = [
      { id: 'logistic' },
      { id: 'mean-regularised-logistic' },
      { id: 'pooled-logistic' },
      // One input per field makes it slow: not searched.
      { id: 'pooled-logistic-intercepts', params: { alpha: 1 } },
    ]
    const { differences } = await landmineFields(20, methods, { configurations: 10, innerFolds: 3 })
    expect(differences.get('mean-regularised-logistic')!.mean).toBeGreaterThan(0)
  })
})
