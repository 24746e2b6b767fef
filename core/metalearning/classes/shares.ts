import { concatFloats } from '../../concat.ts'
import { programOf } from '../../engine/programCache.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { vector } from '../adamState.ts'
import { slowDown } from '../slowDown.ts'
import { mamlFitProgram } from './mamlProgram.ts'
import type { Classifier } from './mamlProgram.ts'
import { batchesOf } from './support.ts'
import type { SupportSet } from './support.ts'

/**
 * How fast each task can be learned: the share of the rate at which gradient steps on its labelled rows do not run away,
 * by the rule of `slowDown.ts`. Batch norm takes its statistics from these rows, so that query rows change nothing here.
 */
type Inner = { classifier: Classifier; theta: Float32Array; rate: number; steps: number }

/** [task] 1, or less; 0: the task keeps the start. */
export async function sharesOf(inner: Inner, support: readonly SupportSet[], runtime: Runtime): Promise<number[]> {
  const shares = support.map(() => 1)
  for (const which of batchesOf(support.map(({ y }, k) => ({ k, rows: y.length, like: y.length })))) {
    const some = which.map((k) => support[k])
    const losses = await lossesOf(inner, some, runtime)
    const usual = which.map(() => 1)
    const { before, after } = await losses(usual)
    const slowed = await slowDown({
      learned: { pieces: [], losses: after },
      before,
      async learn(tasks, factor) {
        const again = await losses(usual.map((one, task) => (tasks.includes(task) ? factor : one)))
        return { pieces: [], losses: tasks.map((task) => again.after[task]) }
      },
    })
    for (const [task, factor] of slowed) shares[which[task]] = factor
  }
  return shares
}

/** Losses of the labelled rows of tasks of equal shape, at shares of the rate. */
async function lossesOf({ classifier, theta, rate, steps }: Inner, support: SupportSet[], runtime: Runtime) {
  const [tasks, shots] = [support.length, support[0].y.length]
  const program = programOf(['maml fit', classifier, tasks, shots, steps], () =>
    mamlFitProgram(classifier, { tasks, shots }, steps),
  )
  const session = await runtime.load(program)
  const width = support[0].x.length / shots
  const feeds = {
    theta: vector(theta),
    supportX: { shape: [tasks, shots, width], data: concatFloats(support.map(({ x }) => x)) },
    supportY: { shape: [tasks, shots], data: concatFloats(support.map(({ y }) => y)) },
  }
  return async (shares: number[]) => {
    const out = await session.run({ ...feeds, rates: vector(Float32Array.from(shares, (share) => rate * share)) })
    const [before, after] = [out.before, out.after].map(({ data }) => Array.from(data as Float32Array))
    return { before, after }
  }
}
