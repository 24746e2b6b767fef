import type { Probe } from '../../core/enough/probe.ts'

/** A line of table.json: what the check saw of the training tasks, and what came of it on new tasks. */
export type Row = {
  name: string
  heldOut: boolean
  metric: string
  meta: string
  baseline: string
  /** Mean over tested tasks. */
  errors: Record<string, number>
  tested: number
  /** How much lower the error of the best meta-learner is, as a share of that of the best baseline; paired by task. */
  gain: number
  se: number
  probe: Probe | null
}
