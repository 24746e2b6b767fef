import { CALIBRATION } from './calibration.ts'
import { WAYS, type Probe, type Way } from './probe.ts'

/**
 * From the probe to a chance that the best meta-learner beats the best baseline on new tasks by 2 % of its error or
 * more: a logistic line over a few figures of the probe, fitted on sets of tasks whose outcome was measured.
 */
export type Advice = {
  chance: number
  /** The best way that needs no meta-learning. */
  rival: Exclude<Way, 'curves'>
  probe: Probe
}

/** What counts as better: less is not worth the training. */
export const WORTH = 0.02

/** What the chance is made of: [gain of shared curves, the same by its error, number of tasks, rows by shots]. */
export const signs = ({ gain, se, tasks, rows, shots }: Probe): number[] => [
  gain,
  Math.max(-4, Math.min(4, gain / (se + 0.02))) / 4,
  Math.log2(tasks / 16) / 4,
  Math.log2(rows / shots / 4) / 4,
]

export const chanceOf = (probe: Probe, weights: readonly number[] = CALIBRATION.weights): number => {
  const [level, ...slopes] = weights
  return 1 / (1 + Math.exp(-signs(probe).reduce((sum, value, k) => sum + slopes[k] * value, level)))
}

export function advise(probe: Probe): Advice {
  const rivals = WAYS.filter((way): way is Advice['rival'] => way !== 'curves')
  const rival = rivals.reduce((a, b) => (probe.errors[b] < probe.errors[a] ? b : a))
  return { chance: chanceOf(probe), rival, probe }
}
