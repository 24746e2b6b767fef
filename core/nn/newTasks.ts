import type { View } from '../data/taskSet.ts'
import {
  add,
  cast,
  compile,
  constant,
  div,
  flatten,
  grad,
  input,
  loop,
  mul,
  size,
  slice,
  square,
  sum,
  unflatten,
} from '../engine/index.ts'
import type { Program } from '../engine/index.ts'
import { programOf } from '../engine/programCache.ts'
import type { Runtime, Tensor } from '../engine/runtime.ts'
import { describeView, fillIn, newTasksOf } from '../frame.ts'
import type { Frame } from '../frame.ts'
import type { Model } from '../method.ts'
import { adam } from './adam.ts'
import { architectureOf, sizeOf } from './architecture.ts'
import { piecesOf } from './blocks.ts'
import type { Block } from './blocks.ts'
import { chooseByOwner } from './choice.ts'
import { silenced } from './lesions.ts'
import { sharedLoss } from './losses.ts'
import { perceptronModel } from './perceptron.ts'
import type { Perceptron } from './perceptron.ts'
import { columnsByTarget, headsOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { linesOf } from './problem.ts'
import { recipeOf } from './programs.ts'
import { keptAlive } from './sketch.ts'
import { asFloat32 } from './trainer.ts'

/**
 * Tasks that a network with parameters per task never saw. As they come, they get the mean of the trained tasks', p0.
 * From labelled rows they learn their own, all else stays as it is:
 *   p = p0 + s u,  u = argmin sum loss(p) + |u|^2 / 2
 * s^2 being the variance of the trained tasks' around p0, block by block: the shrinkage of a random-effects model, by
 * Adam on u. Squared errors of standardised numbers stand for a noise of variance 1/2.
 */
const STEPS = 200
const RATE = 0.05
/** Standard deviation where only one task was trained, and the least that is taken for it. */
const ALONE = 0.7
const LEAST = 1e-3

/** Answers known tasks, new ones by the mean of the known, and learns new ones. */
export function sharedModel(net: Perceptron, runtime: Runtime): Model {
  const own = perceptronModel(net, runtime)
  const general = generalNet(net)
  const others = perceptronModel(general.net, runtime)
  return {
    ...own,
    predict: answering(own, net, others),
    adapt: async (support) => sharedModel(await learnTasks(general, support, runtime), runtime),
    silence: (units) => sharedModel(silenced(net, units), runtime),
  }
}

/** What `own` says of the tasks it was trained on, and `others` of new ones. */
export const answering =
  (own: Model, { outputs }: Perceptron, others: Model): Model['predict'] =>
  async (view) => {
    const said = await own.predict(view)
    const fresh = newTasksOf(view, outputs)
    if (fresh.tasks.length) fillIn(said, await others.predict(fresh))
    return said
  }

type General = { net: Perceptron; spread: Map<string, number> }

/** One task per column, the mean of those it stands for; and how far they lie around it, block by block. */
function generalNet(net: Perceptron): General {
  const { plan, theta, alive } = net
  const next: Plan = { ...plan, columns: plan.columns.map((column) => ({ ...column, tasks: null })) }
  const from = architectureOf(plan)
  const to = architectureOf(next)
  const pieces = piecesOf(from.blocks, theta)
  const mean = new Float32Array(sizeOf(to))
  const means = piecesOf(to.blocks, mean)
  const spread = new Map<string, number>()
  for (const block of from.blocks) {
    const own = pieces.get(block.name) as Float32Array
    const into = means.get(block.name) as Float32Array
    if (block.columns) spread.set(block.name, averageInto(into, own, plan, block))
    else into.set(own)
  }
  return {
    net: { ...net, plan: next, theta: mean, alive: alive && keptAlive(from.layers ?? [], alive, to.layers ?? []) },
    spread,
  }
}

/** into [column, each], own [task, each] -> sd of the tasks around their column's mean, over all numbers. */
function averageInto(into: Float32Array, own: Float32Array, plan: Plan, { columns, shape }: Block): number {
  const [from, to] = columns as [number, number]
  const each = own.length / shape[0]
  let squares = 0
  let free = 0
  let task = 0
  plan.columns.slice(from, to).forEach((column, c) => {
    const heads = headsOf(column)
    for (let i = 0; i < each; i++) {
      let sum = 0
      for (let head = 0; head < heads; head++) sum += own[(task + head) * each + i]
      const mean = sum / heads
      into[c * each + i] = mean
      for (let head = 0; head < heads; head++) squares += (own[(task + head) * each + i] - mean) ** 2
      free += heads - 1
    }
    task += heads
  })
  return free > 0 ? Math.max(LEAST, Math.sqrt(squares / free)) : ALONE
}

async function learnTasks({ net, spread }: General, support: View, runtime: Runtime): Promise<Perceptron> {
  const { plan, theta, alive, encoder } = net
  const described = describeView(support)
  const known = new Set(plan.columns.map((column) => column.target))
  const keep = described.outputs.map((output) => known.has(output.target))
  const outputs = described.outputs.filter((_, k) => keep[k])
  const asked = new Map(columnsByTarget(outputs, true).map((column) => [column.target, column.tasks]))
  const next: Plan = {
    ...plan,
    columns: plan.columns.map((column) => ({ ...column, tasks: asked.get(column.target) ?? null })),
  }
  const from = architectureOf(plan)
  const to = architectureOf(next)
  const learned = new Float32Array(sizeOf(to))
  const [pieces, into] = [piecesOf(from.blocks, theta), piecesOf(to.blocks, learned)]
  for (const block of to.blocks) copyTasks(into.get(block.name)!, pieces.get(block.name)!, next, block)
  const done = { ...net, plan: next, theta: learned, outputs }
  if (alive) done.alive = keptAlive(from.layers ?? [], alive, to.layers ?? [])
  if (!outputs.length) return done
  const frame: Frame = {
    view: support,
    encoder,
    x: encoder.encode(support.set, support.rows),
    outputs,
    cells: described.cells.filter((_, k) => keep[k]),
  }
  const sd = Float32Array.from(to.blocks.flatMap(({ name, columns }) => (columns ? [spread.get(name) ?? ALONE] : [])))
  const session = await runtime.load(programOf(recipeOf('new tasks', next), () => learningProgram(next)))
  const out = await session.run({
    ...feedsOf(next, frame),
    theta: vector(learned),
    sd: vector(sd),
    zeros: vector(new Float32Array(sizeOf({ blocks: to.blocks.filter(({ columns }) => columns) }))),
  })
  const step = asFloat32(out.u.data)
  let at = 0
  let k = 0
  for (const { name, columns } of to.blocks) {
    if (!columns) continue
    const own = into.get(name) as Float32Array
    for (let i = 0; i < own.length; i++) own[i] += sd[k] * step[at++]
    k++
  }
  return done
}

/** own [column, each] -> into [task, each] */
function copyTasks(into: Float32Array, own: Float32Array, plan: Plan, { columns }: Block): void {
  if (!columns) {
    into.set(own)
    return
  }
  const each = own.length / (columns[1] - columns[0])
  let task = 0
  plan.columns.slice(...columns).forEach((column, c) => {
    for (let head = 0; head < headsOf(column); head++, task++)
      into.set(own.subarray(c * each, (c + 1) * each), task * each)
  })
}

const vector = (data: Float32Array): Tensor => ({ shape: [data.length], data })

/** Every measured cell with its true weight, so that the loss is a sum over cells. */
function feedsOf(plan: Plan, frame: Frame): Record<string, Tensor> {
  const lines = linesOf(plan, frame, 'none')
  const columns = plan.columns.length
  const weight = new Float32Array(lines.weight.length)
  for (const { column, lines: own, weight: given } of lines.cells)
    own.forEach((line, i) => (weight[line * columns + column] = given ? given[i] : 1))
  return {
    x: { shape: [lines.lines, plan.inputs.length], data: lines.x },
    y: { shape: [lines.lines, columns], data: lines.y },
    weight: { shape: [lines.lines, columns], data: weight },
    owner: { shape: [lines.lines, columns], data: lines.owner },
  }
}

/**
 * in: theta [param], sd [block with tasks], zeros [own parameter]; x [row, input]; y, weight, owner [row, column].
 * out: u [own parameter], the blocks with tasks in their order
 */
function learningProgram(plan: Plan): Program {
  const architecture = architectureOf(plan)
  const { blocks } = architecture
  const own = blocks.filter(({ columns }) => columns)
  const shapes = own.map(({ shape }) => shape)
  const first = unflatten(
    input('theta', [sizeOf(architecture)]),
    blocks.map(({ shape }) => shape),
  )
  const sd = input('sd', [own.length])
  const x = input('x', ['rows', plan.inputs.length])
  const [y, weight, owner] = ['y', 'weight', 'owner'].map((name) => input(name, ['rows', plan.columns.length]))
  const zeros = input('zeros', [sizeOf({ blocks: own })])
  const { state } = loop({
    count: STEPS,
    state: [zeros, zeros, zeros],
    body(i, [u, m, v]) {
      const steps = unflatten(u, shapes)
      const pieces = blocks.map((block, b) => {
        const k = own.indexOf(block)
        return k < 0 ? first[b] : add(first[b], mul(steps[k], slice(sd, 0, k, k + 1)))
      })
      const z = architecture.forward(pieces, x, chooseByOwner(plan, owner))
      const cells = mul(sharedLoss(plan, z, y, weight, size('rows')), size('rows'))
      const pull = div(steps.map((step) => sum(square(step))).reduce(add), 2)
      const slope = flatten(grad(add(cells, pull), steps))
      const next = adam({ theta: u, m, v }, slope, add(cast(i, 'float'), 1), constant(RATE), null)
      return { state: [next.theta, next.m, next.v] }
    },
  })
  return compile({ u: state[0] })
}
