import { z } from 'zod'
import type { Memory, State } from './balancer.ts'
import { search } from '../search.ts'

/** For balancers that learn a number per task by Adam (Kingma and Ba 2015) beside the network. */
export const weightRate = z
  .number()
  .gt(0)
  .max(10)
  .default(0.025)
  .describe('Size of a step of Adam for the task weights themselves.')
  .meta(search({ log: [0.0025, 0.25] }))

/** What Adam remembers of a learned array [task]; steps are counted per task, since batches may lack some. */
export const learnedMemory = (name: string, start: number): Record<string, Memory> => ({
  [name]: { per: 'task', start },
  [`${name}M`]: { per: 'task', start: 0 },
  [`${name}V`]: { per: 'task', start: 0 },
  [`${name}T`]: { per: 'task', start: 0 },
})

/** One step of Adam on `name` along `gradient` [task], with L2 decay as part of the gradient. */
export function learnStep(state: State, name: string, gradient: ArrayLike<number>, rate: number, decay = 0): State {
  const [x, m, v, t] = ['', 'M', 'V', 'T'].map((part) => state[name + part].slice())
  for (let i = 0; i < x.length; i++) {
    const g = gradient[i] + decay * x[i]
    t[i]++
    m[i] = 0.9 * m[i] + 0.1 * g
    v[i] = 0.999 * v[i] + 0.001 * g * g
    x[i] -= (rate * (m[i] / (1 - 0.9 ** t[i]))) / (Math.sqrt(v[i] / (1 - 0.999 ** t[i])) + 1e-8)
  }
  return { ...state, [name]: x, [`${name}M`]: m, [`${name}V`]: v, [`${name}T`]: t }
}
