import type { Balancing } from '../balancers/params.ts'
import type { State } from '../balancers/balancer.ts'
import type { Runtime, Session, Tensor } from '../engine/runtime.ts'
import { pack } from '../pack.ts'
import type { Rng } from '../rng.ts'
import { sharedCount, taskCount } from './balancedPrograms.ts'
import { Conflict } from './conflict.ts'
import type { Plan } from './plan.ts'
import type { Lines } from './problem.ts'
import { trainerOf } from './programs.ts'
import { NO_EXTRAS } from './regularise.ts'

/**
 * Watches how the tasks' gradients relate while they learn together: the cheap estimate of which tasks help which. Now
 * and then, on rows drawn so that every task has some, and without touching the training:
 *   cosine [i, j]  the angle between the gradients of tasks i and j with respect to what all share
 *   gain [i, j]    1 - L_j(after a small step along -g_i) / L_j: how far a step for task i alone helps task j
 * Both are averaged over the training (Fifty et al. 2021, "Efficiently identifying task groupings for multi-task
 * learning", inter-task affinity; a step here is a tenth of the length of one of Adam's, so that tasks with long
 * gradients are not thought more helpful for it).
 */
export class Affinity {
  readonly conflict: Conflict
  private readonly tasks: number
  private readonly session: Session
  private readonly lines: Lines
  private readonly inputs: number
  private readonly length: number

  constructor(plan: Plan, session: Session, lines: Lines, learningRate: number) {
    this.tasks = taskCount(plan)
    this.session = session
    this.lines = lines
    this.inputs = plan.inputs.length
    this.length = 0.1 * learningRate * Math.sqrt(sharedCount(plan))
    this.conflict = new Conflict(this.tasks)
  }

  /** Names and lengths of what `memory` holds between looks: sums over looks, and how many looks each pair had. */
  get memory(): [string, number][] {
    return ['cosine', 'gain', 'looks'].map((name) => [name, this.tasks * this.tasks])
  }

  first = (): State => Object.fromEntries(this.memory.map(([name, length]) => [name, new Float64Array(length)]))

  /** The memory with one more look. */
  async look(memory: State, theta: Float32Array, random: Rng): Promise<State> {
    const n = this.tasks
    const out = await this.session.run({
      ...this.draw(random),
      theta: { shape: [theta.length], data: theta },
      step: { shape: [], data: Float32Array.of(this.length) },
    })
    const [losses, shares, gram, after] = ['losses', 'shares', 'gram', 'after'].map((name) =>
      Float64Array.from(out[name].data as Float32Array),
    )
    this.conflict.add(gram)
    const next = Object.fromEntries(Object.entries(memory).map(([name, sums]) => [name, sums.slice()]))
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const at = i * n + j
        const length = Math.sqrt(gram[i * n + i] * gram[j * n + j])
        const gain = 1 - after[at] / losses[j]
        if (!(length > 0 && shares[i] > 0 && shares[j] > 0 && Number.isFinite(gain))) continue
        next.cosine[at] += gram[at] / length
        next.gain[at] += gain
        next.looks[at]++
      }
    return next
  }

  /** What was seen, for keeping: means over looks, NaN for pairs that were never seen together. */
  trace(memory: State, tasks: string[]): Uint8Array {
    const mean = (name: string) => memory[name].map((sum, at) => sum / memory.looks[at])
    const looks = memory.looks.reduce((most, n) => Math.max(most, n), 0)
    return pack({ kind: 'affinity', tasks, looks }, { cosine: mean('cosine'), gain: mean('gain') })
  }

  /** Rows of which every task has up to `perTask` measured; what one task has drawn counts for the others. */
  private draw(random: Rng): Record<string, Tensor> {
    const { cells, x, y, weight, owner } = this.lines
    const perTask = Math.max(8, Math.min(64, Math.floor(2048 / this.tasks)))
    const chosen = new Set<number>()
    cells.forEach(({ lines }, k) => {
      const own = random.split(k)
      let have = 0
      for (const line of lines) have += Number(chosen.has(line))
      for (let tries = 0; have < Math.min(perTask, lines.length) && tries < 4 * perTask; tries++) {
        const line = lines[own.int(lines.length)]
        if (chosen.has(line)) continue
        chosen.add(line)
        have++
      }
    })
    const rows = Int32Array.from(chosen).sort()
    const part = (from: Float32Array): Tensor => {
      const width = from.length / this.lines.lines
      const data = new Float32Array(rows.length * width)
      rows.forEach((row, i) => data.set(from.subarray(row * width, (row + 1) * width), i * width))
      return { shape: [rows.length, width], data }
    }
    return { x: this.inputs ? part(x) : { shape: [rows.length, 0], data: x }, y: part(y), weight: part(weight), owner: part(owner) } // prettier-ignore
  }
}

/** Null where nobody asked, or where no gradients meet: one task, or nothing shared. */
export async function openAffinity(
  plan: Plan,
  training: Partial<Balancing> & { learningRate: number },
  lines: Lines,
  runtime: Runtime,
): Promise<Affinity | null> {
  if (!training.watchConflict || plan.stacked || taskCount(plan) < 2 || !sharedCount(plan)) return null
  return new Affinity(plan, await runtime.load(trainerOf('affinity', plan, NO_EXTRAS)), lines, training.learningRate)
}

/** Looks over a training at most, where there are many tasks; with few, every chunk is looked at. */
const LOOKS = { few: 100, many: 25, fewTasks: 16 }
export const looksOf = (tasks: number): number => (tasks <= LOOKS.fewTasks ? LOOKS.few : LOOKS.many)
