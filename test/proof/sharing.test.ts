import { describe, expect, it } from 'vitest'
import { haveShared, unlessAbsent } from './engram.ts'
import { meanOf } from './repeatedSplits.ts'
import { landmineFields, sarcosFifty, schoolShares } from './sharing.ts'

/** The short form of sharing.slow.ts: a few splits, parameters as they are. */
describe.skipIf(!haveShared)(`linear multi-task learning on published tables${unlessAbsent}`, () => {
  it('School: deviations are best with many pupils, the common line with few', async () => {
    const methods = [{ id: 'mean-regularised' }, { id: 'pooled-ridge' }, { id: 'ridge' }]
    const many = await schoolShares(0.75, 2, methods)
    expect(meanOf(many.found, 'mean-regularised')).toBeGreaterThan(36)
    expect(many.differences.get('pooled-ridge')!.mean).toBeLessThan(-2)
    const few = await schoolShares(0.1, 2, methods)
    expect(few.differences.get('pooled-ridge')!.mean).toBeGreaterThan(0)
    expect(few.differences.get('ridge')!.mean).toBeLessThan(-10)
  })

  it('SARCOS: both methods are near their published figures', async () => {
    const { found } = await sarcosFifty(3, [{ id: 'ridge' }, { id: 'trace-norm' }])
    for (const key of found.evidence.keys()) expect(Math.abs(meanOf(found, key) - 0.235)).toBeLessThan(0.05)
  })

  it('Landmine: fields that share are better than fields alone', async () => {
    const { differences } = await landmineFields(2, [{ id: 'logistic' }, { id: 'mean-regularised-logistic' }])
    expect(differences.get('mean-regularised-logistic')!.mean).toBeGreaterThan(0)
  })
})
