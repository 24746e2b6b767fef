import {
  add,
  compile,
  concat,
  flatten,
  gather,
  grad,
  input,
  loop,
  matmul,
  mul,
  reshape,
  slice,
  stopGradient,
  sum,
  unflatten,
} from '../engine/index.ts'
import type { Expr, Program, Tensor } from '../engine/index.ts'
import { programOf } from '../engine/programCache.ts'
import type { Runtime } from '../engine/runtime.ts'
import type { Frame } from '../frame.ts'
import type { InnerLoop } from '../method.ts'
import { elementsOf, layerShapes, parameterCount } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import { asFloat32 } from '../nn/trainer.ts'
import { scalar, vector } from './adamState.ts'
import { diverged, repeated } from './adapt.ts'
import type { Learning } from './learner.ts'
import { lastInputs, shape } from './metaTrain.ts'
import { cellInputs, metaSize } from './programs.ts'
import { isFinite, putTask, slowDown, slower, supportLosses } from './slowDown.ts'
import type { Learned } from './slowDown.ts'
import type { Adapted, Cells, Strategy } from './strategy.ts'
import { rowsFed, someTasks, stackedFor, supportOf, unseen } from './support.ts'
import type { Support } from './support.ts'
import { losses, meanOfMeans, meanOverTasks, sumOfMeans } from './taskNetworks.ts'

/**
 * What the inner loop of a trained learner does from its start, for looking at: the networks of some tasks after so
 * many steps with the loss of their query rows L_t; the two meta-gradients of the start theta after n steps theta_t,
 *   exact: grad_theta mean_t L_t(theta_t(theta)),   first order: mean_t grad L_t at theta_t  (Finn et al. 2017);
 * and the mean loss of other starts near it, before any step and after n. A task that runs away is followed at a lower
 * rate (`slowDown.ts`), from the first time on that it did. Where a task begins from something else than a network (a
 * context, a prior), or from one that was never learned, there are no meta-gradients of the start.
 */
export async function innerLoopOf(
  plan: Plan,
  { strategy, adapt: { rate, who, descends } }: Pick<Learning, 'strategy' | 'adapt'>,
  theta: Float32Array,
  start: Float32Array,
  { support, query }: { support: Frame; query: Frame },
  runtime: Runtime,
): Promise<InnerLoop> {
  const stacked = stackedFor(plan, support)
  const [given, asked] = [supportOf(stacked, support), supportOf(stackedFor(plan, query), query)]
  const few = given.shots <= lastInputs(plan)
  const own = learnsItsStart(plan, strategy)
  const width = plan.inputs.length
  const all = { given, asked }
  type Sets = { given: Support; asked: Support }
  const feeds = (steps: number, { given, asked }: Sets = all, factor = 1): Record<string, Tensor> => ({
    theta: vector(slower(plan, strategy, theta, factor)),
    ...rowsFed('support', steps > 0 ? given : unseen(given), width),
    ...rowsFed('query', asked, width),
    rate: scalar(rate * factor),
    count: { shape: [], data: Int32Array.of(factor && steps) },
  })
  const run = async (what: keyof typeof PROGRAMS, more: Record<string, Tensor>) => {
    const session = await runtime.load(
      programOf(['inner loop', what, shape(plan), strategy.key, few, own], () => PROGRAMS[what](plan, strategy, few)),
    )
    const out = await session.run(more)
    return (name: string) => asFloat32(out[name].data)
  }
  const size = parameterCount(plan)
  const names = support.outputs.map(({ task }) => task)
  const factors = new Map<number, number>()
  /** Numbers of steps within which every task was followed at these rates. */
  const followed = new Set<number>()
  /** Losses of the support rows at the start, which every number of steps is held against. */
  let before: number[] | null = null
  type After = Learned & { asked: Float32Array }
  const afterOf = async (steps: number, sets: Sets, factor: number): Promise<After> => {
    const out = await run('after', feeds(steps, sets, factor))
    const pieces = layerShapes(plan).map((_, k) => out(`piece${k}`))
    return { pieces, asked: out('loss'), losses: await supportLosses(plan, pieces, sets.given, runtime) }
  }
  const some = (tasks: number[]): Sets => ({ given: someTasks(given, tasks), asked: someTasks(asked, tasks) })
  async function learnedAfter(steps: number): Promise<After> {
    const learned = await afterOf(steps, all, 1)
    if (!descends || steps === 0) return learned
    const also = (task: number, from: After, place: number) => void (learned.asked[task] = from.asked[place])
    for (const [task, factor] of factors) {
      const again = await afterOf(steps, some([task]), factor)
      putTask(learned, task, again, 0)
      also(task, again, 0)
    }
    before ??= await supportLosses(plan, repeated(plan, start, given.tasks), given, runtime)
    const learn = (tasks: number[], factor: number) => afterOf(steps, some(tasks), factor)
    const slowed = await slowDown({ learned, before, learn, also })
    if (slowed.size) followed.clear()
    for (const [task, factor] of slowed) factors.set(task, factor)
    followed.add(steps)
    return learned
  }
  /** Means over all tasks of what a program says of some: those that were slowed are asked at their own rates. */
  async function meanOver(
    what: 'gradients' | 'around',
    outputs: string[],
    steps: number,
    more: Record<string, Tensor> = {},
  ): Promise<Float32Array[]> {
    if (descends && !followed.has(steps)) await learnedAfter(steps)
    const factorOf = (task: number) => factors.get(task) ?? 1
    const parts: Float32Array[][] = []
    for (const factor of new Set(Array.from(names.keys(), factorOf))) {
      const tasks = [...names.keys()].filter((task) => factorOf(task) === factor)
      const out = await run(what, { ...feeds(steps, some(tasks), factor), ...more })
      parts.push(outputs.map((name) => out(name).map((value) => (value * tasks.length) / names.length)))
    }
    return parts.reduce((sums, part) => sums.map((sum, k) => sum.map((value, i) => value + part[k][i])))
  }
  return {
    tasks: names,
    start,
    get slowed() {
      return [...factors].map(([task, factor]) => ({ task: names[task], factor }))
    },
    async after(steps) {
      const learned = await learnedAfter(steps)
      if (!names.every((_, task) => isFinite(learned, task))) throw diverged(who, rate, steps)
      const networks = names.map(() => new Float32Array(size))
      let at = 0
      layerShapes(plan).forEach((layer, k) => {
        const each = elementsOf(layer.shape)
        networks.forEach((network, task) => network.set(learned.pieces[k].subarray(task * each, (task + 1) * each), at))
        at += each
      })
      return { networks, losses: Array.from(learned.asked) }
    },
    async metaGradients(steps) {
      if (!own || !strategy.outer) return null
      const [exact, firstOrder] = await meanOver('gradients', ['exact', 'firstOrder'], steps)
      return [...exact, ...firstOrder].every(Number.isFinite) ? { exact, firstOrder } : null
    },
    async lossesAround(basis, at, steps) {
      const both = new Float32Array(2 * size)
      basis.forEach((direction, k) => both.set(direction, k * size))
      const places = {
        start: vector(start),
        basis: { shape: [2, size], data: both },
        at: { shape: [at.length, 2], data: Float32Array.from(at.flat()) },
      }
      const [before, after] = await meanOver('around', own ? ['before', 'after'] : ['before'], steps, places)
      return { before: Array.from(before), after: after ? Array.from(after) : null }
    },
  }
}

/** Whether the first meta-parameters are the network that every task begins from. */
function learnsItsStart(plan: Plan, strategy: Strategy): boolean {
  const shapes = strategy.shapes(plan)
  return layerShapes(plan).every((layer, k) => JSON.stringify(layer.shape) === JSON.stringify(shapes[k]))
}

const PROGRAMS = { after: afterProgram, gradients: gradientProgram, around: aroundProgram }

type Inputs = { learned(meta: Expr[]): Adapted; query: Cells; theta: Expr }

/** in: theta, the rows of both sets with weights, rate, count */
function inputsOf(plan: Plan, strategy: Strategy, few: boolean): Inputs {
  const fed = cellInputs(plan)
  const [support, query] = [
    { x: fed.supportX, y: fed.supportY, weight: fed.supportWeight, rows: 'shots' },
    { x: fed.queryX, y: fed.queryY, weight: fed.queryWeight, rows: 'queries' },
  ]
  const [rate, count] = [input('rate', []), input('count', [], 'int64')]
  const learned = (meta: Expr[]) => strategy.adapt({ plan, meta, support, rate, count, few })
  return { learned, query, theta: input('theta', [metaSize(plan, strategy)]) }
}

/** out: piece0, piece1, ... [task, ...]; loss [task] */
function afterProgram(plan: Plan, strategy: Strategy, few: boolean): Program {
  const { learned, query, theta } = inputsOf(plan, strategy, few)
  const { pieces } = learned(unflatten(theta, strategy.shapes(plan)))
  const loss = sum(mul(losses(plan, pieces, query), query.weight as Expr), [1, 2])
  return compile({ loss, ...Object.fromEntries(pieces.map((piece, k) => [`piece${k}`, piece])) })
}

/** out: exact [weight], firstOrder [weight] */
function gradientProgram(plan: Plan, strategy: Strategy, few: boolean): Program {
  const { learned, query, theta } = inputsOf(plan, strategy, few)
  const start = unflatten(theta, strategy.shapes(plan))
  const { pieces } = learned(start)
  const exact = grad(meanOfMeans(losses(plan, pieces, query), query), start.slice(0, pieces.length))
  const reached = pieces.map(stopGradient)
  const slopes = grad(sumOfMeans(losses(plan, reached, query), query), reached)
  return compile({ exact: flatten(exact), firstOrder: flatten(meanOverTasks(plan, slopes)) })
}

/**
 * in: also start [weight], basis [2, weight], at [point, 2]
 * out: before [point], the mean query loss of the start moved along the basis; after [point], that of what is learned
 *     from there
 */
function aroundProgram(plan: Plan, strategy: Strategy, few: boolean): Program {
  const { learned, query, theta } = inputsOf(plan, strategy, few)
  const [weights, all] = [parameterCount(plan), metaSize(plan, strategy)]
  const own = learnsItsStart(plan, strategy)
  const [start, basis, at] = [input('start', [weights]), input('basis', [2, weights]), input('at', ['points', 2])]
  const meanLoss = (pieces: Expr[]) => meanOfMeans(losses(plan, pieces, query), query)
  const { scan } = loop({
    count: 'points',
    state: [mul(sum(start), 0)],
    body(i, [nothing]) {
      const move = reshape(matmul(reshape(gather(at, i), [1, 2]), basis), [weights])
      const moved = add(start, move)
      const shapes = layerShapes(plan).map((layer) => layer.shape)
      const before = meanLoss(unflatten(moved, shapes))
      if (!own) return { state: [nothing], scan: [before] }
      const meta = all > weights ? concat([moved, slice(theta, 0, weights, all)], 0) : moved
      return { state: [nothing], scan: [before, meanLoss(learned(unflatten(meta, strategy.shapes(plan))).pieces)] }
    },
  })
  return compile({ before: scan[0], ...(own ? { after: scan[1] } : {}) })
}
