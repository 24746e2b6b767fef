import type { Balancing } from '../balancers/params.ts'
import type { TaskSetSummary } from '../method.ts'
import { architectureOf, sizeOf } from './architecture.ts'
import { balancingWork } from './balanced.ts'
import type { Design } from './design.ts'
import type { PerceptronParams } from './params.ts'
import type { Plan } from './plan.ts'

/**
 * How long a training takes, in multiply-adds, before it is begun:
 *   steps x (nodes + networks x (3 x lines x products + passes of the optimizer + passes of the activations))
 * steps = epochs x batches, and epochs are those at which early stopping usually ends. What a node, a parameter and a
 * unit cost was measured beside products on one core.
 */
const PER_BLOCK = 2.5e5
const PER_PARAMETER = 125
const PER_UNIT = 100
/** A unit that may fall out: its random number. */
const PER_NUMBER = 60
/** An expert's unit in the mixture of one task, and the gates and sums of a level, in blocks. */
const PER_MIXED = 60
const GATES = 5
/** Of the rows of a fold, the rest judges when to stop. */
const TRAINED = 0.8
/** Tasks are of unequal size, and the longest says how many steps all make. */
const LONGEST = 2
/** Of a large stack, what is computed on average while its networks stop one by one. */
const STILL_TRAINING = 0.6

/** In epochs. Where many rows make an epoch long, as many epochs as elsewhere would be far more learning. */
export const patienceOf = (
  { patience, patienceSteps }: { patience: number; patienceSteps?: number },
  perEpoch: number,
): number =>
  patience && patienceSteps ? Math.min(patience, Math.max(1, Math.ceil(patienceSteps / perEpoch))) : patience

/**
 * Epochs until nothing gets better: about 40, fewer where an epoch is many steps, and many more where the targets
 * hardly hold noise (measured on Mulan's sets, school and sleepstudy: best after 10 to 60, on enb never).
 */
function usualEpochs(s: TaskSetSummary, p: PerceptronParams, perEpoch: number): number {
  const patience = patienceOf(p, perEpoch)
  if (!patience) return p.epochs
  const clear = Math.min(1, Math.max(0, (0.42 - (s.unexplained ?? 0.7)) / 0.08))
  const best = (40 + 190 * clear) * Math.min(1, Math.max(0.1, 120 / perEpoch))
  return Math.min(p.epochs, patience + best)
}

export type Layout = { stacked: boolean; heads: boolean; design?: Design }

export function trainingWork(
  s: TaskSetSummary,
  p: PerceptronParams & Partial<Balancing>,
  { stacked, heads, design }: Layout,
): number {
  const perTarget = s.taskColumn ? Math.max(1, Math.round(s.tasks / s.targets)) : 1
  const architecture = architectureOf(planOf(s, p, stacked, heads ? perTarget : 1, design))
  const { nets, blocks } = architecture
  const own = (TRAINED * s.rows) / (stacked && perTarget > 1 ? perTarget / LONGEST : 1)
  const rows = Math.max(1, Math.min(p.batchSize, own))
  const perEpoch = Math.max(1, Math.ceil(own / rows))
  const epochs = usualEpochs(s, p, perEpoch)
  const hidden = (architecture.layers ?? [])
    .filter(({ kind }) => kind !== 'input' && kind !== 'head')
    .reduce((sum, { units, ids, tasks }) => sum + units * (tasks ? s.targets : ids.length), 0)
  const units = architecture.layers ? hidden : p.hidden.reduce((sum, n) => sum + n, 0)
  const perUnit = PER_UNIT + (p.dropout > 0 ? PER_NUMBER / nets : 0)
  const each = 3 * rows * architecture.perLine + rows * units * perUnit
  const parameters = PER_PARAMETER * sizeOf(architecture)
  const still = nets >= 8 && p.patience && !design ? STILL_TRAINING : 1
  const nodes = PER_BLOCK * (blocks.length + (p.dropout > 0 ? 5 * p.hidden.length : 0))
  const balancing = p.balancer ? balancingWork(s, { ...p, balancer: p.balancer, watchConflict: false, epochs }) : 0
  const { mixed, levels } = mixing(design, p.hidden)
  const mixtures = GATES * PER_BLOCK * levels + PER_MIXED * rows * s.targets * mixed
  return perEpoch * epochs * (nodes + mixtures + still * (nets * each + parameters)) + balancing
}

/** Units that each task mixes from its experts, in so many levels. */
function mixing(design: Design | undefined, hidden: readonly number[]): { mixed: number; levels: number } {
  if (design?.kind === 'mmoe') return { mixed: design.experts * (hidden.at(-1) ?? 0), levels: 1 }
  if (design?.kind !== 'ple') return { mixed: 0, levels: 0 }
  const { levels, experts, units } = design
  return { mixed: levels * (experts + 1) * units, levels }
}

function planOf(s: TaskSetSummary, p: PerceptronParams, stacked: boolean, perTarget: number, design?: Design): Plan {
  const names = (n: number) => Array.from({ length: Math.max(1, Math.round(n)) }, (_, i) => String(i))
  const kind = s.kinds[0] ?? 'regression'
  const about = { kind, width: kind === 'multiclass' ? 3 : 1, classes: null, mean: 0, sd: 1 }
  return {
    inputs: names(s.features),
    hidden: p.hidden,
    activation: p.activation,
    stacked,
    columns: names(stacked ? s.tasks : s.targets).map((target) => ({
      ...about,
      target,
      tasks: stacked ? [target] : perTarget > 1 ? names(perTarget) : null,
    })),
    ...(design ? { design } : {}),
  }
}
