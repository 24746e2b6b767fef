import { z } from 'zod'
import type { Output } from '../frame.ts'
import { Design } from './design.ts'

/**
 * What a multilayer perceptron for several tasks looks like: one description from which shapes, programs, saved models
 * and the brain view all follow.
 *
 * Shared (`stacked` false): one trunk; the last layer holds, column after column, `heads x width` units.
 * Stacked: one whole network per column, computed side by side along a leading axis; they share nothing.
 * A `design` says what is added to either; `architectureOf` reads it.
 */
export const Plan = z.object({
  /** Names of the encoded inputs. */
  inputs: z.array(z.string()),
  /** Units of the hidden layers. */
  hidden: z.array(z.int().min(1)),
  activation: z.enum(['relu', 'tanh']),
  stacked: z.boolean(),
  columns: z.array(
    z.object({
      target: z.string(),
      kind: z.enum(['regression', 'binary', 'multiclass']),
      /** Units of one head. */
      width: z.int().min(1),
      classes: z.array(z.string()).nullable(),
      /** The tasks that have a head of their own here, in order; null: one head for every task of the target. */
      tasks: z.array(z.string()).nullable(),
      /** Targets of numbers are learned as (y - mean) / sd. */
      mean: z.number(),
      sd: z.number(),
    }),
  ),
  design: Design.optional(),
})
export type Plan = z.infer<typeof Plan>
export type PlanColumn = Plan['columns'][number]

export const headsOf = (column: PlanColumn): number => column.tasks?.length ?? 1
/** Number of tasks, counted column by column, head by head. */
export const tasksOf = (plan: Plan): number => plan.columns.reduce((sum, column) => sum + headsOf(column), 0)
/** Units of the last layer, of one network where they are stacked. */
export const outputUnits = (plan: Plan): number =>
  plan.stacked
    ? Math.max(...plan.columns.map((column) => column.width))
    : plan.columns.reduce((sum, column) => sum + headsOf(column) * column.width, 0)
/** Units per row once each row's own head is chosen. */
export const chosenUnits = (plan: Plan): number => plan.columns.reduce((sum, column) => sum + column.width, 0)

export type LayerShape = { shape: number[]; bias: boolean; from: number }

/** Of a plan without a design: parameter blocks in the order of the flat vector: weights [in, out] and bias [out], with a leading [net] where stacked. */
export function layerShapes(plan: Plan): LayerShape[] {
  const widths = [plan.inputs.length, ...plan.hidden, outputUnits(plan)]
  const lead = plan.stacked ? [plan.columns.length] : []
  return widths.slice(1).flatMap((out, l) => [
    { shape: [...lead, widths[l], out], bias: false, from: widths[l] },
    { shape: [...lead, ...(plan.stacked ? [1] : []), out], bias: true, from: widths[l] },
  ])
}

export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1)
/** Of a plan without a design; `sizeOf` an architecture counts any. */
export const parameterCount = (plan: Plan): number =>
  layerShapes(plan).reduce((sum, { shape }) => sum + elementsOf(shape), 0)

const KIND_ORDER = { regression: 0, binary: 1, multiclass: 2 }

/** One column per target; `heads` says whether each task of a target has its own head. */
export function columnsByTarget(outputs: Output[], heads: boolean): PlanColumn[] {
  const targets = [...new Set(outputs.map((output) => output.target))]
  return targets
    .map((target) => {
      const own = outputs.filter((output) => output.target === target)
      return { ...about(own), tasks: heads ? own.map((output) => output.task) : null }
    })
    .sort((a, b) => KIND_ORDER[a.kind] - KIND_ORDER[b.kind])
}

/** One column, and so one network, per task. */
export const columnsByTask = (outputs: Output[]): PlanColumn[] =>
  outputs.map((output) => ({ ...about([output]), tasks: [output.task] }))

/** Scale over all cells of these tasks: sd^2 = E[sd_k^2] + Var[mean_k]. */
function about(outputs: Output[]): Omit<PlanColumn, 'tasks'> {
  const { target, kind, width, classes } = outputs[0]
  const cells = outputs.reduce((sum, output) => sum + output.cells, 0)
  const average = (value: (output: Output) => number) =>
    outputs.reduce((sum, output) => sum + (output.cells * value(output)) / cells, 0)
  const mean = average((output) => output.mean)
  const within = average((output) => output.sd ** 2)
  const sd = kind === 'regression' ? Math.sqrt(within + average((output) => (output.mean - mean) ** 2)) || 1 : 1
  return { target, kind, width, classes, mean, sd }
}
