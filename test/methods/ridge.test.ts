import { describe, expect, it } from 'vitest'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { RunEvent } from '../../core/events.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { fold, train } from '../../core/run.ts'
import { haveShared, mulan, MULAN, reference } from './mulan.ts'
import type { MulanName } from './mulan.ts'

describe('ridge against scikit-learn on the given folds', () => {
  for (const name of Object.keys(MULAN) as MulanName[])
    it.skipIf(!haveShared)(
      `${name}: aRRMSE and per target to 1e-6${haveShared ? '' : ' (no ../shared data)'}`,
      async () => {
        const { testFolds, ridge } = reference(name)
        const set = mulan(name)
        const spec = ExperimentSpec.parse({
          data: { file: `${name}.arff` },
          methods: [{ id: 'ridge', params: { alpha: 1 } }],
          evaluation: { testFolds },
          metrics: ['arrmse'],
          twins: false,
        })
        const perFold: Record<string, number | null>[] = []
        for (const trial of expand(spec, set)) {
          if (trial.fold === 'all') continue
          const events: RunEvent[] = []
          for await (const { event } of train(trial, set, referenceRuntime())) events.push(event)
          const run = fold(events)
          expect(run.error).toBeNull()
          perFold.push(run.metrics.arrmse.perTask)
        }
        expect(perFold).toHaveLength(10)
        const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
        const perTarget = set.tasks.map((task) => mean(perFold.map((figures) => figures[task.id] as number)))
        perTarget.forEach((value, k) => expect(Math.abs(value - ridge.perTarget[k])).toBeLessThan(1e-6))
        expect(Math.abs(mean(perTarget) - ridge.arrmse)).toBeLessThan(1e-6)
      },
    )
})
