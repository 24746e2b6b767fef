import { expect, it } from 'vitest'
import { haveShared, unlessAbsent } from '../proof/engram.ts'
import { estimated, lineOf, RUNS } from './estimates.ts'

it.skipIf(!haveShared)(`nine first runs of ten take what was said, within a factor of two${unlessAbsent}`, async () => {
  let right = 0
  for (const run of RUNS) {
    const found = await estimated(run)
    console.log(lineOf(found))
    // Below a second nobody waits: the window says "1 s".
    const ratio = Math.max(1, found.took) / Math.max(1, found.said)
    if (ratio >= 0.5 && ratio <= 2) right++
  }
  console.log(`${right} of ${RUNS.length}`)
  expect(right / RUNS.length).toBeGreaterThanOrEqual(0.9)
})
