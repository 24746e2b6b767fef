import { z } from 'zod'
import type { Descent } from './descent.ts'
import { adaptByDescent, ownStart, queryLossAfter } from './descent.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { innerParams, metaParams } from './params.ts'
import type { Strategy } from './strategy.ts'
import { descend, perTask } from './taskNetworks.ts'

/**
 * Almost no inner loop (Raghu, Raghu, Bengio and Vinyals 2020): MAML whose inner loop changes the last layer alone,
 *   head_t = head - innerLr grad_head L_t^support(trunk, head),
 * while trunk and head both learn in the outer loop.
 */
const Params = z.strictObject({ ...metaParams, ...innerParams })

const headOnly: Descent = {
  start: (meta) => perTask(meta.slice(-2)),
  network: (head, meta) => [...meta.slice(0, -2), ...head],
  step: (head, slopes, { rate }) => descend(head, slopes, rate),
}

export const anilStrategy = (steps: number): Strategy => ({
  ...ownStart,
  key: ['anil', steps],
  outer: queryLossAfter(() => headOnly, steps),
  adapt: (given) => adaptByDescent(headOnly, given),
})

export const anil = metaMethod<z.infer<typeof Params>>({
  id: 'anil',
  name: 'ANIL',
  about: 'Learns features that all tasks use as they are, and a last layer that a few steps fit to a new task.',
  cite: 'Raghu, Raghu, Bengio and Vinyals 2020, Rapid Learning or Feature Reuse?',
  params: Params,
  twins: ['maml', 'from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * ROWS * (4 + p.innerSteps),
  learning: (p) => bySteps(p, anilStrategy(p.innerSteps)),
})
