import { balance, firstState, learn, memoryOf } from '../balancers/balancer.ts'
import type { Balancer, State } from '../balancers/balancer.ts'
import { balancerOf } from '../balancers/balancers.ts'
import type { Balancing } from '../balancers/params.ts'
import type { TaskSetSummary } from '../method.ts'
import type { Runtime, Session, Tensor } from '../engine/runtime.ts'
import type { Rng } from '../rng.ts'
import { sharedCount, taskCount } from './balancedPrograms.ts'
import type { Part } from './balancedPrograms.ts'
import { looksOf } from './affinity.ts'
import { Conflict } from './conflict.ts'
import type { Plan } from './plan.ts'
import { trainerOf } from './programs.ts'
import { extrasOf } from './regularise.ts'
import type { Regularising } from './regularise.ts'

/** What a training carries from step to step; `memory` is the balancer's. */
export type Carried = { theta: Float32Array; m: Float32Array; v: Float32Array; step: number; memory: State }

/** Figures of a chunk of steps; task figures in the plan's order, column by column, head by head. */
export type Stepped = Carried & { loss: number }

/** Pairs of more tasks are not told apart. */
const MOST_WATCHED = 16

/**
 * Trains with a balancer: at every step the tasks are looked at, the balancer says in double precision how much each
 * counts, and Adam goes there. Null where there is nothing to balance: one task, nothing shared, or equal weights,
 * which are learned many steps to a call.
 */
export async function openBalanced(
  plan: Plan,
  given: Partial<Balancing & Regularising>,
  runtime: Runtime,
): Promise<BalancedTraining | null> {
  const b = balancerOf(given.balancer ?? 'equal')
  const tasks = taskCount(plan)
  if (plan.stacked || tasks < 2 || !sharedCount(plan) || b.needs === 'nothing') return null
  const open = (part: Part) => runtime.load(trainerOf(part, plan, extrasOf(given)))
  const cheap = b.needs === 'losses'
  return new BalancedTraining(plan, b, given as unknown as Record<string, number>, {
    look: await open(cheap ? 'losses' : 'gradients'),
    step: await open(cheap ? 'weightedStep' : b.needs === 'gradients' ? 'dropStep' : 'step'),
    after: b.after ? await open('losses') : null,
  })
}

type Sessions = { look: Session; step: Session; after: Session | null }

export class BalancedTraining {
  readonly tasks: number
  readonly memory: [string, number][]
  readonly conflict: Conflict | null
  /** [task] weights of the steps since they were last told, scaled to mean 1. */
  private weights: Float64Array
  private counted = 0
  readonly plan: Plan
  private b: Balancer
  private params: Record<string, number>
  private sessions: Sessions

  constructor(plan: Plan, b: Balancer, params: Record<string, number>, sessions: Sessions) {
    this.plan = plan
    this.b = b
    this.params = params
    this.sessions = sessions
    this.tasks = taskCount(plan)
    this.memory = memoryOf(b, this.tasks)
    this.conflict = b.needs === 'losses' || this.tasks > MOST_WATCHED ? null : new Conflict(this.tasks)
    this.weights = new Float64Array(this.tasks)
  }

  first = (): State => firstState(this.b, this.tasks)

  /** The steps of these batches [step, row]; `epochOf` says to which epoch each belongs. */
  async run(
    from: Carried,
    fixed: Record<string, Tensor>,
    batch: Tensor,
    rates: Record<string, Tensor>,
    epochOf: (step: number) => number,
    random: Rng,
  ): Promise<Stepped> {
    let { theta, m, v, step, memory } = from
    const { look, step: go, after } = this.sessions
    const seed = scalar(random.split('signs').int(2 ** 24))
    let loss = 0
    for (let s = 0; s < batch.shape[0]; s++) {
      const data = { ...batchFeeds(fixed, batch, s), ...rates, t: scalar(step) }
      const seen = await look.run({ ...data, theta: vector(theta) })
      const losses = doubles(seen.losses.data)
      const present = doubles(seen.shares.data).map((share) => Number(share > 0))
      const gram = seen.gram ? doubles(seen.gram.data) : new Float64Array(0)
      loss += doubles(seen.shares.data).reduce((sum, share, t) => sum + share * losses[t], 0)
      if (!Number.isFinite(loss)) break
      const given = { losses, gram, epoch: epochOf(s) }
      const said = balance(this.b, memory, given, present, this.params, random.split(step))
      this.count(said.weights)
      if (seen.gram) this.conflict?.add(gram)
      const out = await go.run({
        ...(seen.gradients ? { gradients: seen.gradients, rest: seen.rest, ...rates, t: scalar(step) } : data),
        theta: vector(theta),
        m: vector(m),
        v: vector(v),
        weights: { shape: [this.tasks], data: Float32Array.from(said.weights) },
        seed,
      })
      ;[theta, m, v] = [out.theta1, out.m1, out.v1].map(({ data }) => singles(data))
      memory = said.state
      if (after) {
        const then = await after.run({ ...data, theta: vector(theta) })
        memory = learn(this.b, memory, losses, doubles(then.losses.data), present, this.params)
      }
      step++
    }
    return { theta, m, v, step, memory, loss }
  }

  private count(weights: Float64Array): void {
    const total = weights.reduce((sum, w) => sum + w, 0)
    if (!(total > 0)) return
    weights.forEach((w, t) => (this.weights[t] += (w * this.tasks) / total))
    this.counted++
  }

  /** Mean weights since the last time, or null where there were none. */
  takeWeights(): Float64Array | null {
    if (!this.counted) return null
    const mean = this.weights.map((w) => w / this.counted)
    this.weights.fill(0)
    this.counted = 0
    return mean
  }
}

/**
 * What balancing adds to the work of a fit: a backward pass per task where gradients are asked for, and more calls;
 * and what watching adds: at every look a pass back and one forward per task.
 */
export function balancingWork(
  s: TaskSetSummary,
  p: Balancing & { hidden: number[]; epochs: number; batchSize: number },
): number {
  const { needs } = balancerOf(p.balancer)
  if (s.tasks < 2 || !p.hidden.length) return 0
  const widths = [s.features, ...p.hidden]
  const perRow = widths.slice(1).reduce((sum, out, l) => sum + widths[l] * out, 0)
  const watched = p.watchConflict ? looksOf(s.tasks) * (CALLS + s.tasks * (PER_TASK + 4 * LOOK_ROWS * perRow)) : 0
  if (needs === 'nothing') return watched
  const passes = needs === 'losses' ? 1 : 2 * s.tasks
  const steps = Math.ceil(s.rows / p.batchSize) * p.epochs
  return watched + p.epochs * s.rows * perRow * passes + steps * (CALLS + PER_TASK * (needs === 'losses' ? 0 : s.tasks))
}
/** Of a step, in multiply-adds: two calls of the runtime rather than a share of one, and a turn of the loop over tasks. */
const CALLS = 6e6
const PER_TASK = 1e5
/** Rows of a look, at most. */
const LOOK_ROWS = 2048

const vector = (data: Float32Array): Tensor => ({ shape: [data.length], data })
const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })
/** The reference runtime answers in double precision; parameters are kept in single everywhere. */
const singles = (data: ArrayLike<number> | BigInt64Array): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>)
const doubles = (data: ArrayLike<number> | BigInt64Array): Float64Array => Float64Array.from(data as ArrayLike<number>)

/** The lines of step `s` of these batches [step, row], out of each array [line, ...]. */
function batchFeeds(fixed: Record<string, Tensor>, batch: Tensor, s: number): Record<string, Tensor> {
  const rows = batch.shape[1]
  const lines = (batch.data as Float32Array).subarray(s * rows, (s + 1) * rows)
  return Object.fromEntries(
    Object.entries(fixed).map(([name, { shape, data }]) => {
      const from = data as Float32Array
      const out = new Float32Array(rows * shape[1])
      lines.forEach((line, i) => out.set(from.subarray(line * shape[1], (line + 1) * shape[1]), i * shape[1]))
      return [name, { shape: [rows, shape[1]], data: out }]
    }),
  )
}
