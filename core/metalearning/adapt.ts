import { concatFloats } from '../concat.ts'
import { programOf } from '../engine/programCache.ts'
import type { Runtime } from '../engine/runtime.ts'
import { UserError } from '../errors.ts'
import type { Frame } from '../frame.ts'
import { elementsOf, layerShapes, parameterCount } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import { asFloat32 } from '../nn/trainer.ts'
import type { Learning } from './learner.ts'
import { scalar, vector } from './adamState.ts'
import { lastInputs, shape } from './metaTrain.ts'
import { adaptProgram } from './programs.ts'
import { copyTask, isFinite, slowDown, slower, supportLosses } from './slowDown.ts'
import type { Learned, Slowed } from './slowDown.ts'
import type { Strategy } from './strategy.ts'
import { rowsFed, someTasks, stackedFor, supportOf, unseen } from './support.ts'
import type { Support } from './support.ts'

type Extra = Record<string, Float32Array>
type Networks = { pieces: Float32Array[]; extra: Extra }

/**
 * One network per task of the frame, each learned from the same meta-parameters: a stacked perceptron. `slowed` are the
 * tasks on which gradient steps ran away at the usual rate. `start` is the network before any row was seen.
 */
export async function adaptedNetworks(
  plan: Plan,
  { strategy, adapt: { rate, steps: usual, who, descends } }: Pick<Learning, 'strategy' | 'adapt'>,
  { theta, start }: { theta: Float32Array; start: Float32Array },
  frame: Frame,
  steps: number = usual,
  runtime: Runtime,
): Promise<{ stacked: Plan; pieces: Float32Array; extra: Extra; slowed: Slowed[] }> {
  const stacked = stackedFor(plan, frame)
  const support = supportOf(stacked, frame)
  const losses = async (own: Networks, rows: Support): Promise<Networks & Learned> => ({
    ...own,
    losses: await supportLosses(plan, own.pieces, rows, runtime),
  })
  const learned = await losses(await learn(plan, strategy, theta, support, rate, steps, runtime), support)
  let slowed = new Map<number, number>()
  if (descends && steps > 0) {
    const before = await supportLosses(plan, repeated(plan, start, support.tasks), support, runtime)
    slowed = await slowDown({
      learned,
      before,
      async learn(tasks, factor) {
        const some = someTasks(support, tasks)
        const slow = slower(plan, strategy, theta, factor)
        const own = await learn(plan, strategy, slow, some, rate * factor, factor && steps, runtime)
        return losses(own, some)
      },
      also(task, from, place) {
        for (const [name, values] of Object.entries(learned.extra))
          copyTask(values, task, from.extra[name], place, support.tasks)
      },
    })
  }
  const { pieces, extra } = learned
  if (!frame.outputs.every((_, task) => slowed.has(task) || isFinite(learned, task))) throw diverged(who, rate, steps)
  return {
    stacked,
    pieces: concatFloats(pieces),
    extra,
    slowed: [...slowed].map(([task, factor]) => ({ task: frame.outputs[task].task, factor })),
  }
}

/** One network as that of every task, piece by piece. */
export function repeated(plan: Plan, network: Float32Array, tasks: number): Float32Array[] {
  let at = 0
  return layerShapes(plan).map((layer) => {
    const own = network.subarray(at, (at += elementsOf(layer.shape)))
    const all = new Float32Array(tasks * own.length)
    for (let task = 0; task < tasks; task++) all.set(own, task * own.length)
    return all
  })
}

/** The network that the meta-parameters stand for before any row was seen. */
export async function startNetwork(
  plan: Plan,
  strategy: Strategy,
  theta: Float32Array,
  runtime: Runtime,
): Promise<Float32Array> {
  const nothing = {
    tasks: 1,
    shots: 1,
    x: new Float32Array(plan.inputs.length),
    y: new Float32Array(1),
    weight: new Float32Array(1),
  }
  const pieces = concatFloats((await learn(plan, strategy, theta, nothing, 1, 0, runtime)).pieces)
  if (pieces.length !== parameterCount(plan)) throw new Error('internal: a start of another size than its network')
  return pieces
}

async function learn(
  plan: Plan,
  strategy: Strategy,
  theta: Float32Array,
  support: Support,
  rate: number,
  steps: number,
  runtime: Runtime,
): Promise<Networks> {
  const few = support.shots <= lastInputs(plan)
  const session = await runtime.load(
    programOf(['adapt', shape(plan), strategy.key, few], () => adaptProgram(plan, strategy, few)),
  )
  const out = await session.run({
    theta: vector(theta),
    // Those who learn at once take no steps that could be left out.
    ...rowsFed('support', steps > 0 ? support : unseen(support), plan.inputs.length),
    rate: scalar(rate),
    count: { shape: [], data: Int32Array.of(steps) },
  })
  const pieces: Float32Array[] = []
  for (let k = 0; out[`piece${k}`]; k++) pieces.push(asFloat32(out[`piece${k}`].data))
  const extra = Object.fromEntries(
    Object.entries(out).flatMap(([name, { data }]) =>
      name.startsWith('extra_') ? [[name.slice('extra_'.length), asFloat32(data)]] : [],
    ),
  )
  return { pieces, extra }
}

export function diverged(who: string, rate: number, steps: number): UserError {
  return new UserError({
    code: 'adaptation-diverged',
    who,
    rule: 'must be small enough that learning a task stays within finite numbers.',
    got: `${rate}, no longer finite within ${steps} steps`,
    remedy: `Try ${rate / 10}.`,
  })
}
