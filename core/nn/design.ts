import { z } from 'zod'

/**
 * A trunk in branches: for each hidden layer the parent of each branch in the layer before (the first reads the
 * inputs), and the branch of the last layer that each task reads.
 */
export const Tree = z.object({
  parents: z.array(z.array(z.int().min(0)).min(1)),
  tasks: z.record(z.string(), z.int().min(0)),
})
export type Tree = z.infer<typeof Tree>

/**
 * What a network has beyond one trunk with a linear head per task, or beyond one whole network per task. Saved with the
 * model; `architectureOf` makes blocks, forward pass and view of it.
 */
export const Design = z.discriminatedUnion('kind', [
  /** A head of several layers for every task. */
  z.object({ kind: z.literal('deep-heads'), headHidden: z.array(z.int().min(1)).min(1) }),
  /** A network per task, tied by a penalty; the plan is stacked. */
  z.object({ kind: z.literal('tied-towers'), tie: z.enum(['l2', 'trace-norm']), strength: z.number().min(0) }),
  /** A trunk whose units an embedding of the task scales and shifts. */
  z.object({ kind: z.literal('film'), embedding: z.int().min(1) }),
  /** A trunk whose layers every task corrects by a product of low rank. */
  z.object({ kind: z.literal('adapters'), rank: z.int().min(1) }),
  /** Towers whose layers are mixed by learned matrices. */
  z.object({ kind: z.literal('cross-stitch'), towers: z.int().min(1) }),
  /** Experts, mixed by a gate per task. */
  z.object({ kind: z.literal('mmoe'), experts: z.int().min(1) }),
  /** Shared experts and one of each task's own, mixed by gates, level after level. */
  z.object({
    kind: z.literal('ple'),
    levels: z.int().min(1),
    experts: z.int().min(1),
    units: z.int().min(1),
  }),
  /** A trunk in so many branches at every layer, among which the tasks still choose. */
  z.object({ kind: z.literal('tree-search'), branches: z.int().min(1) }),
  /** A trunk in branches. */
  z.object({ kind: z.literal('tree'), ...Tree.shape }),
  /** A trunk of which every task sees what its masks let through. */
  z.object({ kind: z.literal('attention'), units: z.int().min(1) }),
])
export type Design = z.infer<typeof Design>
